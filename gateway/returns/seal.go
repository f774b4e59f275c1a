package returns

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"kapok/crypto/keys"
	"kapok/gateway"
)

// The uses of keys that returned data is sealed with, besides a person's own.
const (
	DataKey       keys.Use = "data"       // of a person: for what is returned about them
	GenerationKey keys.Use = "generation" // of a full delivery and those that change it
	IndexKey      keys.Use = "index"      // of a dataset: keyed hashes of keys and rows
)

// GenerationOwner and IndexOwner name those keys where persons' keys are kept.
func GenerationOwner(delivery string) string { return "returned:" + delivery }

// IndexOwner names a dataset's index key: see [GenerationOwner].
func IndexOwner(dataset string) string { return "returned:" + dataset }

// Person is whom a row is about, with the wrapped key for their data.
type Person struct {
	Ref string // subject_ref
	Key keys.WrappedKey
}

// People knows persons in bulk. Those never seen are made, each with a key.
type People interface {
	DataKeys(ctx context.Context, identities []gateway.Identity) ([]Person, error)
}

// Opener opens wrapped keys; [keys.Persons] does.
type Opener interface {
	Open(ctx context.Context, use keys.Use, owner string, wrapped keys.WrappedKey) (*keys.PersonKey, error)
}

// secrets are the opened keys of a dataset and a generation.
type secrets struct{ index, generation *keys.PersonKey }

// sealer turns checked rows into rows to be kept. It is for one goroutine.
type sealer struct {
	dataset  *Dataset
	delivery string
	opener   Opener
	secrets  secrets
	index    hash.Hash

	scratch []byte
	arena   []byte
}

func newSealer(d *Dataset, delivery string, opener Opener, s secrets) *sealer {
	return &sealer{dataset: d, delivery: delivery, opener: opener, secrets: s, index: s.index.MAC()}
}

// seal encrypts the personal columns of a batch.
func (s *sealer) seal(ctx context.Context, rows []checked, persons []Person) ([]Row, error) {
	s.arena = make([]byte, 0, max(cap(s.arena), 64*len(rows)))
	sealed := make([]Row, len(rows))
	values := make([][]byte, len(rows)*len(s.dataset.Sealed()))
	for i := range rows {
		n := len(values) / len(rows)
		sealed[i].Sealed = values[i*n : (i+1)*n : (i+1)*n]
		if err := s.row(ctx, &rows[i], persons[i], &sealed[i]); err != nil {
			return nil, err
		}
	}
	return sealed, nil
}

func (s *sealer) row(ctx context.Context, from *checked, person Person, to *Row) error {
	if _, err := hex.Decode(to.Subject[:], []byte(person.Ref)); err != nil {
		return fmt.Errorf("returns: a subject's reference is not hexadecimal")
	}
	own, err := s.opener.Open(ctx, DataKey, person.Ref, person.Key)
	if err != nil {
		return err
	}
	defer own.Forget()
	rowKey := own.Join(s.secrets.generation, nil)
	defer rowKey.Forget()
	with, err := rowKey.Sealer()
	if err != nil {
		return err
	}
	to.Mark, to.File, to.Line = from.mark, from.file, from.line
	s.hashes(from, to)
	plain := len(s.dataset.Columns) - len(to.Sealed)
	to.Plain = from.values[:plain:plain]
	s.scratch = place(s.scratch[:0], s.dataset.Code, s.delivery, from.file, from.line)
	bound := len(s.scratch)
	for i, column := range s.dataset.Columns[plain:] {
		s.scratch = append(s.scratch[:bound], column.Name...)
		begin := len(s.arena)
		s.arena = with.Append(s.arena, []byte(from.values[plain+i]), s.scratch)
		to.Sealed[i] = s.arena[begin:len(s.arena):len(s.arena)]
	}
	return nil
}

// hashes are keyed, so that a stolen table tells neither keys nor values by trying.
func (s *sealer) hashes(from *checked, to *Row) {
	s.scratch = append(s.scratch[:0], "row\x00"...)
	s.scratch = canonical(s.scratch, MarkUpsert[0], from.values)
	s.keyed(s.scratch, &to.Digest)
	s.scratch = append(s.scratch[:0], "key\x00"...)
	for _, key := range s.dataset.Keys {
		value := from.values[s.dataset.bySource[key]]
		s.scratch = binary.AppendUvarint(s.scratch, uint64(len(value)))
		s.scratch = append(s.scratch, value...)
	}
	s.keyed(s.scratch, &to.Key)
}

func (s *sealer) keyed(message []byte, into *[16]byte) {
	s.index.Reset()
	s.index.Write(message)
	var mac [32]byte
	copy(into[:], s.index.Sum(mac[:0]))
}

const placeDomain = "kapok/returned/v1\x00"

// place binds a sealed value to where it was delivered; the column's name follows.
func place(out []byte, dataset, delivery string, file int16, line int64) []byte {
	out = append(out, placeDomain...)
	out = append(append(out, dataset...), 0)
	out = append(append(out, delivery...), 0)
	out = binary.BigEndian.AppendUint16(out, uint16(file))
	return binary.BigEndian.AppendUint64(out, uint64(line))
}
