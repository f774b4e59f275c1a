package federation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"time"

	"kapok/crypto/pki"
	"kapok/gateway"
)

// List is who is a member, at one version.
type List struct {
	Federation string    `json:"federation"`
	Version    int64     `json:"version"` // from 1; it only rises
	Issued     time.Time `json:"issued"`
	Expires    time.Time `json:"expires"` // at most [MaxLife] after it was issued
	Members    []Member  `json:"members"`
}

// Member is one Kapok.
type Member struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Division string   `json:"division"` // 行政区划代码, GB/T 2260
	URL      string   `json:"url"`      // its public address, without a slash at its end
	Roots    [][]byte `json:"roots"`    // DER of the roots that its operational certificates chain to

	roots []*pki.Certificate
}

// MaxLife is how long a list may last: whoever left is gone by then everywhere.
const MaxLife = 400 * 24 * time.Hour

const maxMembers = 4096 // there are some 2,850 districts and counties

var (
	memberID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	division = regexp.MustCompile(`^[0-9]{6}$`)
)

// Parse reads a list strictly: members that nobody knows, ids or addresses that stand
// twice, and certificates that cannot be read refuse the whole. It does not ask who signed.
func Parse(document []byte) (List, error) {
	var l List
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return List{}, fmt.Errorf("federation: the list is not the JSON object that it should be: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return List{}, errors.New("federation: something follows the list")
	}
	for _, rule := range listRules {
		if !rule.holds(l) {
			return List{}, errors.New("federation: " + rule.says)
		}
	}
	for i := range l.Members {
		if err := l.Members[i].check(l.Members[:i]); err != nil {
			return List{}, fmt.Errorf("federation: member %d: %w", i+1, err)
		}
	}
	return l, nil
}

var listRules = []struct {
	says  string
	holds func(List) bool
}{
	{"the list names its federation", func(l List) bool { return memberID.MatchString(l.Federation) }},
	{"versions begin at 1", func(l List) bool { return l.Version >= 1 }},
	{"a list ends after it was issued, within 400 days", func(l List) bool {
		return !l.Issued.IsZero() && l.Expires.After(l.Issued) && l.Expires.Sub(l.Issued) <= MaxLife
	}},
	{"a list has 1 to 4096 members", func(l List) bool { return len(l.Members) >= 1 && len(l.Members) <= maxMembers }},
}

func (m *Member) check(before []Member) error {
	switch {
	case !memberID.MatchString(m.ID):
		return errors.New("an id is small letters, digits and -, at most 64")
	case m.Name == "" || len(m.Name) > 256:
		return errors.New("a name is needed, of at most 256 bytes")
	case !division.MatchString(m.Division):
		return errors.New("division is six digits (GB/T 2260)")
	case !isBase(m.URL):
		return errors.New("url is an http or https address without credentials, path or query")
	case slices.ContainsFunc(before, func(other Member) bool { return other.ID == m.ID || other.URL == m.URL }):
		return errors.New("another member has its id or its url")
	case len(m.Roots) == 0:
		return errors.New("at least one root is needed")
	}
	for _, der := range m.Roots {
		root, err := pki.Parse(der)
		if err != nil {
			return fmt.Errorf("a root cannot be read: %w", err)
		}
		m.roots = append(m.roots, root)
	}
	return nil
}

func isBase(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == ""
}

// Member finds a member while the list lasts. The error is a *gateway.Error:
// peer-list-missing (also of the nil list), peer-list-ended or peer-unknown.
func (l *List) Member(id string, now time.Time) (Member, error) {
	if l == nil {
		return Member{}, gateway.Fail(gateway.Unauthenticated, "peer-list-missing", "This Kapok has no list of members of a federation.")
	}
	if now.Before(l.Issued) || !now.Before(l.Expires) {
		return Member{}, gateway.Fail(gateway.Unauthenticated, "peer-list-ended", "The list of the federation's members is not in force now; a newer one is to be published.")
	}
	at := slices.IndexFunc(l.Members, func(m Member) bool { return m.ID == id })
	if at < 0 {
		return Member{}, gateway.Fail(gateway.Unauthenticated, "peer-unknown", "The list of the federation's members in force names no such member.")
	}
	return l.Members[at], nil
}

// Holds reports whether the list has the member, whenever it is in force.
func (l *List) Holds(id string) bool {
	return l != nil && slices.ContainsFunc(l.Members, func(m Member) bool { return m.ID == id })
}
