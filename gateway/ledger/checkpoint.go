package ledger

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kapok/crypto/sm"
)

// CheckpointDomain is what a checkpoint is signed as, so that the same key's
// signature over anything else is no checkpoint.
const CheckpointDomain sm.Domain = "kapok/checkpoint/v1"

// signatureType is the note's signature type: not assigned by C2SP, hence 0xff and
// a long name.
const signatureType = "\xffkapok/sm2-sm3/v1"

// sealedForm has milliseconds always, so that a time has one form.
const sealedForm = "2006-01-02T15:04:05.000Z"

// Checkpoint is the head of one origin's tree: C2SP tlog-checkpoint with one
// extension line, the time of sealing.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
	Sealed time.Time // ms, UTC; never before that of an earlier checkpoint of the origin
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nsealed %s\n", c.Origin, c.Size,
		base64.StdEncoding.EncodeToString(c.Root[:]), c.Sealed.UTC().Format(sealedForm))
}

var errCheckpoint = errors.New("its text is not a checkpoint: origin, size, root, time of sealing")

// ParseCheckpoint reads the text of a signed checkpoint. It checks no signature.
func ParseCheckpoint(printed string) (Checkpoint, error) {
	n, err := parseNote(printed)
	if err != nil {
		return Checkpoint{}, err
	}
	return n.checkpoint()
}

func (n note) checkpoint() (Checkpoint, error) {
	lines := strings.Split(n.text, "\n")
	if len(lines) != 5 || !originFits(lines[0]) {
		return Checkpoint{}, errCheckpoint
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return Checkpoint{}, errCheckpoint
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != HashSize {
		return Checkpoint{}, errCheckpoint
	}
	sealed, err := time.Parse("sealed "+sealedForm, lines[3])
	if err != nil {
		return Checkpoint{}, errCheckpoint
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: Hash(root), Sealed: sealed}
	if c.text() != n.text {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}

const maxOrigin = 100

// originFits: a schema-less URL in printable ASCII, without space and plus.
func originFits(origin string) bool {
	if origin == "" || len(origin) > maxOrigin {
		return false
	}
	return strings.IndexFunc(origin, func(r rune) bool { return r <= ' ' || r > '~' || r == '+' }) < 0
}

// keyName names the operational key in the signature's line: the origin, and 128
// bits of the SM3 of the key's point.
func keyName(origin string, key *sm.PublicKey) string {
	sum := sm.Sum(key.Bytes())
	return origin + "/" + hex.EncodeToString(sum[:16])
}

// keyID is SM3(name ‖ 0x0A ‖ signature type ‖ point), its first four bytes.
func keyID(name string, key *sm.PublicKey) [keyIDSize]byte {
	sum := sm.Sum([]byte(name), []byte("\n"+signatureType), key.Bytes())
	return [keyIDSize]byte(sum[:])
}

// sign makes the signed note of c.
func (c Checkpoint) sign(ctx context.Context, signer sm.Signer) (string, error) {
	signature, err := signer.Sign(ctx, CheckpointDomain.Message([]byte(c.text())), sm.Raw)
	if err != nil {
		return "", fmt.Errorf("ledger: sign checkpoint: %w", err)
	}
	name := keyName(c.Origin, signer.Public())
	return note{text: c.text(), name: name, keyID: keyID(name, signer.Public()), signature: signature}.String(), nil
}

// verify checks that key made the note's signature and that the line names it.
func (n note) verify(v *sm.Verifier, origin string, key *sm.PublicKey) error {
	if n.name != keyName(origin, key) || n.keyID != keyID(n.name, key) {
		return errors.New("the signature's line names another key than the certificate's")
	}
	return v.Verify(origin, key, CheckpointDomain.Message([]byte(n.text)), n.signature, sm.Raw)
}
