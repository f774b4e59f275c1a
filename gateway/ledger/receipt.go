package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	receiptKind    = "kapok-receipt"
	receiptVersion = 1
	maxReceipt     = 1 << 20 // bytes
)

// receipt is what a stranger holds of one entry. Its one form is canonical JSON
// (RFC 8785); see FORMAT.md §5.
type receipt struct {
	Chain      [][]byte  `json:"chain"`      // operational certificate first, the root left out; DER
	Checkpoint string    `json:"checkpoint"` // signed note
	Entry      []byte    `json:"entry"`      // as encoded in the tree
	Index      uint64    `json:"index"`
	Kind       string    `json:"kind"`
	Openings   []opening `json:"openings"` // of the fields shown to this reader, ascending by name
	Proof      [][]byte  `json:"proof"`    // RFC 6962 audit path
	Version    int       `json:"v"`
}

type opening struct {
	Name  string `json:"name"`
	Salt  []byte `json:"salt"`
	Value string `json:"value"`
}

func (r receipt) encode() []byte {
	out := make([]byte, 0, 4096)
	out = appendJSONByteses(append(out, `{"chain":`...), r.Chain)
	out = AppendJSONString(append(out, `,"checkpoint":`...), r.Checkpoint)
	out = appendJSONBytes(append(out, `,"entry":`...), r.Entry)
	out = appendJSONNumber(append(out, `,"index":`...), r.Index)
	out = AppendJSONString(append(out, `,"kind":`...), r.Kind)
	out = appendJSONList(append(out, `,"openings":`...), r.Openings, appendOpening)
	out = appendJSONByteses(append(out, `,"proof":`...), r.Proof)
	out = appendJSONNumber(append(out, `,"v":`...), uint64(r.Version))
	return append(out, '}')
}

func appendOpening(out []byte, o opening) []byte {
	out = AppendJSONString(append(out, `{"name":`...), o.Name)
	out = appendJSONBytes(append(out, `,"salt":`...), o.Salt)
	out = AppendJSONString(append(out, `,"value":`...), o.Value)
	return append(out, '}')
}

// parseReceipt accepts the canonical form only, byte for byte.
func parseReceipt(raw []byte) (receipt, error) {
	var r receipt
	if len(raw) > maxReceipt {
		return receipt{}, fmt.Errorf("it is longer than %d bytes", maxReceipt)
	}
	if err := decodeStrictly(raw, &r); err != nil {
		return receipt{}, err
	}
	if r.Kind != receiptKind || r.Version != receiptVersion {
		return receipt{}, fmt.Errorf("it is not of kind %s, version %d", receiptKind, receiptVersion)
	}
	if r.Index > maxJSONNumber {
		return receipt{}, errors.New("its index is too large")
	}
	if !bytes.Equal(r.encode(), raw) {
		return receipt{}, errors.New("it is not canonical JSON (RFC 8785) with exactly the members of a receipt")
	}
	return r, nil
}

// decodeStrictly does not pass on encoding/json's text, which may quote values.
func decodeStrictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New("it is not JSON with the members expected")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its JSON")
	}
	return nil
}

// evidence is what a receipt is made of.
type evidence struct {
	entry      []byte
	packed     []byte // openings; nil when they were erased
	index      uint64
	checkpoint string
	chain      [][]byte // root last, as the signer has it
	tree       *view    // of the checkpoint's size
}

// receipt writes the receipt that shows the fields for which disclose answers
// true; nil shows all.
func (e *evidence) receipt(disclose func(name string) bool) ([]byte, error) {
	path, err := e.tree.inclusion(e.index)
	if err != nil {
		return nil, err
	}
	r := receipt{
		Chain: withoutRoot(e.chain), Checkpoint: e.checkpoint, Entry: e.entry, Index: e.index,
		Kind: receiptKind, Proof: path, Version: receiptVersion,
	}
	openings, err := unpack(e.packed)
	if err != nil {
		return nil, err
	}
	for _, o := range openings {
		if disclose == nil || disclose(o.Name) {
			r.Openings = append(r.Openings, opening(o))
		}
	}
	return r.encode(), nil
}

func unpack(packed []byte) ([]Opening, error) {
	if packed == nil {
		return nil, nil
	}
	return DecodeOpenings(packed)
}

// withoutRoot: the reader has pinned the root, and believes no copy of it.
func withoutRoot(chain [][]byte) [][]byte { return chain[:len(chain)-1] }
