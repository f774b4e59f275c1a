package licence

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// OfflineFor is how long an offline presentation may be believed after it was made.
const OfflineFor = 5 * time.Minute

// Offline is what a person shows where there is no network: the little that a counter
// needs of each licence, signed. Its text is a prefix, and base64url of the document, of
// the SM2 signature r‖s over domain ‖ document, and of each certificate of the key that
// signed, up to the root and without it, with dots between.
//
// It cannot say what happened after it was made, nor whether it was seen before: those
// limits are named wherever one is verified ([OfflineLimits]).
type Offline struct {
	ID       string           `json:"id"`
	Made     time.Time        `json:"made"`
	Expires  time.Time        `json:"expires"`
	Purpose  string           `json:"purpose,omitempty"` // the one it is bound to
	Licences []OfflineLicence `json:"licences"`
}

// OfflineLicence is one licence as it stood when the presentation was made.
type OfflineLicence struct {
	Name       string `json:"name"`
	Number     string `json:"number"`
	Identifier string `json:"identifier"`
	Issuer     string `json:"issuer"`
	Holder     string `json:"holder"`            // the name, to be held against the person's own document
	HolderEnds string `json:"holder_ends"`       // the last four of the holder's number
	Expires    string `json:"expires,omitempty"` // 2006-01-02 or 长期
}

const (
	offlinePrefix = "KPKO1."
	offlineDomain = sm.Domain("kapok/offline-presentation/v1")
	maxOffline    = 2900 // bytes of the text: it has to fit one QR
	maxChain      = 4
)

// NewOffline makes an offline presentation of licences.
func NewOffline(id, purpose string, licences []Metadata, now time.Time) Offline {
	o := Offline{ID: id, Made: now.UTC().Truncate(time.Second), Purpose: purpose}
	o.Expires = o.Made.Add(OfflineFor)
	for _, m := range licences {
		number := m.Value(HolderCode)
		o.Licences = append(o.Licences, OfflineLicence{
			Name: m.Value(Name), Number: m.Value(Number), Identifier: m.Value(IdentifierText), Issuer: m.Value(IssuerName),
			Holder: m.Value(HolderName), HolderEnds: number[max(0, len(number)-4):], Expires: m.Value(ExpiresOn),
		})
	}
	return o
}

// Sign writes the presentation's text. chain is that of the signer, leaf first; a root
// at its end is left out. Invalid, presentation-too-large, where it would not fit one QR.
func (o Offline) Sign(ctx context.Context, signer sm.Signer, chain [][]byte) (string, error) {
	document, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	signature, err := signer.Sign(ctx, offlineDomain.Message(document), sm.Raw)
	if err != nil {
		return "", err
	}
	parts := [][]byte{document, signature, chain[0]}
	if len(chain) > 2 {
		parts = append(parts, chain[1:len(chain)-1]...)
	}
	encoded := make([]string, len(parts))
	for i, part := range parts {
		encoded[i] = base64.RawURLEncoding.EncodeToString(part)
	}
	text := offlinePrefix + strings.Join(encoded, ".")
	if len(text) > maxOffline {
		return "", gateway.Fail(gateway.Invalid, "presentation-too-large", "So many licences do not fit one code; show fewer at a time.")
	}
	return text, nil
}

// SignedOffline is an offline presentation as it came; nothing of it is believed yet.
type SignedOffline struct {
	Offline
	document, signature []byte
	chain               [][]byte
}

// ParseOffline reads a text. Its errors hold nothing of it.
func ParseOffline(text string) (SignedOffline, error) {
	body, found := strings.CutPrefix(strings.TrimSpace(text), offlinePrefix)
	parts := strings.Split(body, ".")
	if !found || len(text) > 2*maxOffline || len(parts) < 3 || len(parts) > 2+maxChain {
		return SignedOffline{}, errors.New("it is no offline presentation of Kapok")
	}
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return SignedOffline{}, fmt.Errorf("part %d is not base64url", i+1)
		}
	}
	s := SignedOffline{document: decoded[0], signature: decoded[1], chain: decoded[2:]}
	if err := json.Unmarshal(s.document, &s.Offline); err != nil || len(s.Licences) == 0 || s.ID == "" || !s.Made.Before(s.Expires) {
		return SignedOffline{}, errors.New("its document is not of the form that Kapok writes")
	}
	return s, nil
}

// OfflineStep is one check with its result; nil: it passed.
type OfflineStep struct {
	Name string
	Err  error
}

// ErrNotNow says that a presentation is not to be believed at this time.
var ErrNotNow = errors.New("it is believed for five minutes after it was made, by this machine's clock")

// offlineSkew is how far the counter's clock may be behind.
const offlineSkew = time.Minute

// Verify checks the presentation against pinned roots at the time now, in this order;
// what follows a failure is not checked.
func (s SignedOffline) Verify(verifier *sm.Verifier, roots []*pki.Certificate, now time.Time) []OfflineStep {
	var key *sm.PublicKey
	var done []OfflineStep
	for _, step := range []struct {
		name  string
		check func() error
	}{
		{"certificate", func() (err error) {
			key, err = pki.VerifyOperational(verifier, "presentation", s.chain, roots, s.Made)
			return err
		}},
		{"signature", func() error {
			return verifier.Verify("presentation", key, offlineDomain.Message(s.document), s.signature, sm.Raw)
		}},
		{"time", func() error {
			if now.Before(s.Made.Add(-offlineSkew)) || !now.Before(s.Expires) || s.Expires.Sub(s.Made) > OfflineFor {
				return ErrNotNow
			}
			return nil
		}},
		{"validity", func() error { return s.inForce(now) }},
	} {
		err := step.check()
		if done = append(done, OfflineStep{step.name, err}); err != nil {
			break
		}
	}
	return done
}

func (s SignedOffline) inForce(now time.Time) error {
	for i, l := range s.Licences {
		m := Metadata{Elements: map[Element]string{ExpiresOn: l.Expires}}
		if m.ExpiredOn(now) {
			return fmt.Errorf("licence %d has expired", i+1)
		}
	}
	return nil
}

// OfflineLimits are what no offline verification can tell, in both languages.
func OfflineLimits() []struct{ Name, Zh, En string } {
	return []struct{ Name, Zh, En string }{
		{"abolished-since", "出示之后是否被废止、变更:离线不可知", "whether it was abolished or changed since it was made"},
		{"seen-before", "是否被重复出示(截图):离线不可知,请核对持证人本人证件", "whether it was shown before, as a screenshot: hold the person's own document against the name and the last four digits"},
		{"recorded", "本次核验未记入账本:联网后请补录", "nothing of this verification is in the ledger: enter the use once the network is back"},
	}
}
