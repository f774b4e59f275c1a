package federation

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"time"

	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// Certificates is the header with the certificates of the key that signed a message: a list
// (RFC 9651) of byte sequences, the key's own first, the root last.
const Certificates = "Kapok-Certificates"

// MemberHeader names the member that sends a message.
const MemberHeader = "Kapok-Member"

const (
	maxChain       = 4
	maxChainHeader = 16 << 10 // bytes
)

// WriteChain writes certificates, DER, as the header has them.
func WriteChain(chain [][]byte) string {
	texts := make([]string, len(chain))
	for i, der := range chain {
		texts[i] = ":" + base64.StdEncoding.EncodeToString(der) + ":"
	}
	return strings.Join(texts, ", ")
}

// ReadChain reads what WriteChain wrote.
func ReadChain(header string) ([][]byte, error) {
	if len(header) > maxChainHeader {
		return nil, errors.New("federation: the certificates are too long")
	}
	var chain [][]byte
	for text := range strings.SplitSeq(header, ",") {
		inner, opened := strings.CutPrefix(strings.TrimSpace(text), ":")
		inner, closed := strings.CutSuffix(inner, ":")
		der, err := base64.StdEncoding.Strict().DecodeString(inner)
		if err != nil || !opened || !closed || len(chain) == maxChain {
			return nil, errors.New("federation: the certificates are not a list of at most four byte sequences")
		}
		chain = append(chain, der)
	}
	return chain, nil
}

// Operational is a member's key in force with what it stands on.
type Operational struct {
	Key   *sm.PublicKey
	ID    string // thumbprint of the key
	Until time.Time
}

// Operational verifies that certificates are those of an operational key of the member.
func (m Member) Operational(v *sm.Verifier, chain [][]byte, now time.Time) (Operational, error) {
	key, err := pki.VerifyOperational(v, "member:"+m.ID, chain, m.roots, now)
	if err != nil {
		return Operational{}, err
	}
	leaf, err := pki.Parse(chain[0])
	if err != nil {
		return Operational{}, err
	}
	return Operational{Key: key, ID: jose.NewJWK("", key).Thumbprint(), Until: leaf.NotAfter}, nil
}

func (l *List) same(other *List) bool {
	return l.Federation == other.Federation && l.Version == other.Version && l.Issued.Equal(other.Issued) && l.Expires.Equal(other.Expires) &&
		reflect.DeepEqual(l.Members, other.Members)
}
