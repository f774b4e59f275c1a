package federation

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
)

var issued = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func newKey(t *testing.T) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func root(t *testing.T, key *sm.PrivateKey) []byte {
	t.Helper()
	der, err := pki.NewRoot(t.Context(), key, "test root", issued, issued.AddDate(10, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// members is a good list of two.
func members(t *testing.T) List {
	t.Helper()
	return List{Federation: "guangzhou", Version: 3, Issued: issued, Expires: issued.AddDate(1, 0, 0), Members: []Member{
		{ID: "tianhe", Name: "天河", Division: "440106", URL: "https://tianhe.test", Roots: [][]byte{root(t, newKey(t))}},
		{ID: "yuexiu", Name: "越秀", Division: "440104", URL: "https://yuexiu.test", Roots: [][]byte{root(t, newKey(t))}},
	}}
}

func written(t *testing.T, l List) []byte {
	t.Helper()
	document, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestListRules(t *testing.T) {
	for name, spoil := range map[string]func(*List){
		"no federation":        func(l *List) { l.Federation = "" },
		"version 0":            func(l *List) { l.Version = 0 },
		"an end before":        func(l *List) { l.Expires = l.Issued },
		"two years":            func(l *List) { l.Expires = l.Issued.AddDate(2, 0, 0) },
		"nobody":               func(l *List) { l.Members = nil },
		"an id in capitals":    func(l *List) { l.Members[0].ID = "Tianhe" },
		"no name":              func(l *List) { l.Members[0].Name = "" },
		"a division of five":   func(l *List) { l.Members[0].Division = "44010" },
		"an address with path": func(l *List) { l.Members[0].URL = "https://tianhe.test/" },
		"an address with user": func(l *List) { l.Members[0].URL = "https://u:p@tianhe.test" },
		"an id twice":          func(l *List) { l.Members[1].ID = "tianhe" },
		"an address twice":     func(l *List) { l.Members[1].URL = l.Members[0].URL },
		"no root":              func(l *List) { l.Members[1].Roots = nil },
		"a root that is none":  func(l *List) { l.Members[1].Roots = [][]byte{{1, 2}} },
	} {
		l := members(t)
		spoil(&l)
		if _, err := Parse(written(t, l)); err == nil {
			t.Errorf("%s: it is taken", name)
		}
		if _, err := Sign(t.Context(), written(t, l), newKey(t)); err == nil {
			t.Errorf("%s: it is signed", name)
		}
	}
	good := string(written(t, members(t)))
	for name, text := range map[string]string{
		"an unknown member": strings.Replace(good, `{"federation"`, `{"typo":1,"federation"`, 1), "something behind": good + "{}", "half": good[:len(good)/2], "nothing": "",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

func TestOnlyTheKeeperSigns(t *testing.T) {
	keeper, stranger, v := newKey(t), newKey(t), sm.NewVerifier(sm.VerifierOptions{})
	document := written(t, members(t))
	signature, err := Sign(t.Context(), document, keeper)
	if err != nil {
		t.Fatal(err)
	}
	pinned := []Keeper{{stranger.Public()}, {keeper.Public()}}
	if list, err := Open([]byte("\n"+string(document)+"\n"), signature, pinned, v); err != nil || !list.Holds("yuexiu") || list.Holds("liwan") {
		t.Errorf("the keeper's: %v", err)
	}
	strangers, err := Sign(t.Context(), document, stranger)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		document, signature string
		keepers             []Keeper
	}{
		"a stranger's":      {string(document), strangers, pinned[1:]},
		"changed":           {strings.Replace(string(document), "yuexiu.test", "evil.test", 1), signature, pinned},
		"nobody is pinned":  {string(document), signature, nil},
		"no signature":      {string(document), "", pinned},
		"half a signature":  {string(document), signature[:len(signature)-4], pinned},
		"with its own text": {string(document), strings.Replace(signature, "..", ".e30.", 1), pinned},
	} {
		if _, err := Open([]byte(c.document), c.signature, c.keepers, v); err == nil {
			t.Errorf("%s: it is believed", name)
		}
	}
}

func TestMemberWhileTheListLasts(t *testing.T) {
	l := members(t)
	for _, c := range []struct {
		list *List
		id   string
		at   time.Time
		code string
	}{
		{&l, "yuexiu", issued, ""},
		{&l, "yuexiu", l.Expires.Add(-time.Second), ""},
		{&l, "yuexiu", l.Expires, "peer-list-ended"},
		{&l, "yuexiu", issued.Add(-time.Second), "peer-list-ended"},
		{&l, "liwan", issued, "peer-unknown"},
		{nil, "yuexiu", issued, "peer-list-missing"},
	} {
		found, err := c.list.Member(c.id, c.at)
		if code := codeOf(err); code != c.code || (code == "") != (found.ID == c.id) {
			t.Errorf("%s at %v: %q", c.id, c.at, code)
		}
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Code
}

func TestFollows(t *testing.T) {
	before := members(t)
	changed := func(change func(*List)) *List {
		l := before
		l.Members = append([]Member(nil), before.Members...)
		change(&l)
		return &l
	}
	for name, c := range map[string]struct {
		after *List
		may   bool
	}{
		"the same":              {changed(func(*List) {}), true},
		"the next":              {changed(func(l *List) { l.Version++; l.Members = l.Members[:1] }), true},
		"the one before":        {changed(func(l *List) { l.Version-- }), false},
		"another of its number": {changed(func(l *List) { l.Members = l.Members[:1] }), false},
		"another federation's":  {changed(func(l *List) { l.Federation = "foshan"; l.Version = 9 }), false},
		"none":                  {nil, true},
	} {
		if err := c.after.Follows(&before); (err == nil) != c.may {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := before.Follows(nil); err != nil {
		t.Error(err)
	}
}

func TestChainOnTheWire(t *testing.T) {
	chain := [][]byte{{1, 2, 3}, {4}}
	back, err := ReadChain(WriteChain(chain))
	if err != nil || len(back) != 2 || string(back[0]) != "\x01\x02\x03" {
		t.Errorf("%v %v", back, err)
	}
	for _, header := range []string{"", ":AQI=", "AQI=", ":AQI=:, x", ":A?:", WriteChain([][]byte{{1}, {2}, {3}, {4}, {5}}), strings.Repeat("A", maxChainHeader+1)} {
		if _, err := ReadChain(header); err == nil {
			t.Errorf("%.20q is taken", header)
		}
	}
}

// TestOperationalOfTheMember: only certificates that chain to the member's own roots prove
// its keys.
func TestOperationalOfTheMember(t *testing.T) {
	ctx := context.Background()
	rootKey, operational, v := newKey(t), newKey(t), sm.NewVerifier(sm.VerifierOptions{})
	rootDER := root(t, rootKey)
	ca, err := pki.Parse(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	now := issued.Add(24 * time.Hour)
	leaf, err := pki.Issue(ctx, ca, rootKey, pki.Request{Name: "node", Public: operational.Public(), Usage: pki.Operational, From: now.Add(-time.Minute), To: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	l := members(t)
	l.Members[0].Roots = [][]byte{rootDER}
	list, err := Parse(written(t, l))
	if err != nil {
		t.Fatal(err)
	}
	chain := [][]byte{leaf, rootDER}
	if proven, err := list.Members[0].Operational(v, chain, now); err != nil || !proven.Key.Equal(operational.Public()) {
		t.Errorf("the member's own: %v", err)
	}
	if _, err := list.Members[1].Operational(v, chain, now); err == nil {
		t.Error("it proves a key of another member")
	}
	if _, err := list.Members[0].Operational(v, chain, now.Add(2*time.Hour)); err == nil {
		t.Error("it proves a key after its end")
	}
}
