package ledger

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"kapok/crypto/sm"
)

// CosignatureDomain is what a witness signs a checkpoint as.
const CosignatureDomain sm.Domain = "kapok/cosignature/v1"

// cosignatureType is that of C2SP tlog-cosignature's idea with an SM2 key, not
// assigned there, hence 0xff and a long name.
const cosignatureType = "\xffkapok/cosignature-sm2-sm3/v1"

// WitnessKey is the public key of a witness with its name.
type WitnessKey struct {
	Name   string // a schema-less URL, as an origin's
	Public *sm.PublicKey
}

func (k WitnessKey) id() [keyIDSize]byte {
	sum := sm.Sum([]byte(k.Name), []byte("\n"+cosignatureType), k.Public.Bytes())
	return [keyIDSize]byte(sum[:])
}

// String is the key as C2SP's verifier keys are written: name, key id, and the
// signature type with the point.
func (k WitnessKey) String() string {
	id := k.id()
	key := append([]byte(cosignatureType), k.Public.Bytes()...)
	return k.Name + "+" + hex.EncodeToString(id[:]) + "+" + base64.StdEncoding.EncodeToString(key)
}

var errWitnessKey = errors.New("ledger: it is not the key of a witness, NAME+ID+KEY")

// ParseWitnessKey reads the one form that String writes.
func ParseWitnessKey(printed string) (WitnessKey, error) {
	parts := strings.SplitN(printed, "+", 3)
	if len(parts) != 3 || !originFits(parts[0]) {
		return WitnessKey{}, errWitnessKey
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || !strings.HasPrefix(string(raw), cosignatureType) {
		return WitnessKey{}, errWitnessKey
	}
	public, err := sm.ParsePublicKey(raw[len(cosignatureType):])
	if err != nil {
		return WitnessKey{}, errWitnessKey
	}
	k := WitnessKey{Name: parts[0], Public: public}
	if k.String() != printed {
		return WitnessKey{}, errWitnessKey
	}
	return k, nil
}

// Cosign adds a witness's line to a signed checkpoint: that at this time it is the
// largest checkpoint of its origin that the witness has seen, and continues all
// those that it saw before. Whoever calls has checked that.
func Cosign(ctx context.Context, printed, name string, signer sm.Signer, at time.Time) (string, error) {
	n, err := parseNote(printed)
	if err != nil {
		return "", fmt.Errorf("ledger: cosign: %w", err)
	}
	if !originFits(name) {
		return "", errors.New("ledger: a witness's name is 1 to 100 printable ASCII characters without space and +")
	}
	message, stamp := cosigned(n.text, uint64(at.Unix()))
	signature, err := signer.Sign(ctx, message, sm.Raw)
	if err != nil {
		return "", fmt.Errorf("ledger: cosign: %w", err)
	}
	id := WitnessKey{name, signer.Public()}.id()
	line := base64.StdEncoding.EncodeToString(append(append(id[:], stamp...), signature...))
	return printed + dash + name + " " + line + "\n", nil
}

// cosigned is the message of a cosignature, and the time as the line has it.
func cosigned(text string, at uint64) (message, stamp []byte) {
	said := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return CosignatureDomain.Message([]byte(said)), binary.BigEndian.AppendUint64(nil, at)
}

var errCosigned = errors.New("it is not a signed checkpoint with one witness's line")

// VerifyCosigned checks a witness's line and returns the signed checkpoint without
// it, and the time of the cosignature. It does not check the log's own signature:
// see [VerifyHead].
func VerifyCosigned(printed string, witness WitnessKey, v *sm.Verifier) (signed string, at time.Time, err error) {
	signed, line, ok := cutLine(printed)
	if !ok {
		return "", time.Time{}, errCosigned
	}
	n, err := parseNote(signed)
	if err != nil {
		return "", time.Time{}, errCosigned
	}
	name, encoded, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != keyIDSize+8+2*sm.Size || len(encoded) != base64.StdEncoding.EncodedLen(len(raw)) {
		return "", time.Time{}, errCosigned
	}
	if name != witness.Name || [keyIDSize]byte(raw) != witness.id() {
		return "", time.Time{}, errors.New("the line names another witness")
	}
	seconds := binary.BigEndian.Uint64(raw[keyIDSize:])
	message, _ := cosigned(n.text, seconds)
	if err := v.Verify(name, witness.Public, message, raw[keyIDSize+8:], sm.Raw); err != nil {
		return "", time.Time{}, err
	}
	return signed, time.Unix(int64(seconds), 0).UTC(), nil
}

// CosignedBy names the witness whose line a signed checkpoint bears, and checks nothing
// but the form.
func CosignedBy(printed string) (name string, err error) {
	signed, line, ok := cutLine(printed)
	if !ok {
		return "", errCosigned
	}
	if _, err := parseNote(signed); err != nil {
		return "", errCosigned
	}
	name, _, _ = strings.Cut(line, " ")
	return name, nil
}

// CutCosignature takes the witness's line, with its dash and newline, off a signed
// checkpoint. It checks nothing but the form.
func CutCosignature(printed string) (signed, line string, err error) {
	if _, err := CosignedBy(printed); err != nil {
		return "", "", fmt.Errorf("ledger: %w", err)
	}
	signed, _, _ = cutLine(printed)
	return signed, printed[len(signed):], nil
}

// cutLine takes off the last line, which begins with a dash.
func cutLine(printed string) (rest, line string, ok bool) {
	at := strings.LastIndex(printed, "\n"+dash)
	if at < 0 || !strings.HasSuffix(printed, "\n") || len(printed) > maxNote {
		return "", "", false
	}
	return printed[:at+1], printed[at+1+len(dash):], true
}
