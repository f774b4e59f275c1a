package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/crypto/pki"
	"kapok/gateway/evidence"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
	"kapok/gateway/messages"
	"kapok/gateway/postgres"
)

// evidenceReadKind is the entry of somebody's reading of the record.
const evidenceReadKind ledger.Kind = "evidence-read"

// reading says who reads the record of which use, and why.
type reading struct {
	ref, actor, reason string
	lists              []string // files of revocation lists, DER
	cosigned           []string // checkpoints with a witness's line
}

// writeEvidence is `kapok ledger evidence --config FILE --ref ID --reason TEXT`.
func writeEvidence(ctx context.Context, args []string, out io.Writer) error {
	var asked reading
	flags := flag.NewFlagSet("evidence", flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	flags.StringVar(&asked.ref, "ref", "", "the exchange's id, 32 hex digits")
	flags.StringVar(&asked.actor, "actor", operator, "who reads, for the record")
	flags.StringVar(&asked.reason, "reason", "", "why: a court's or an archive's file number, for the record")
	flags.Func("crl", "file of a further revocation list (DER) to put into the bundle; may be repeated", func(file string) error {
		asked.lists = append(asked.lists, file)
		return nil
	})
	flags.Func("cosigned", "file of a checkpoint with a witness's line, to put into the bundle; may be repeated", func(file string) error {
		note, err := os.ReadFile(file)
		asked.cosigned = append(asked.cosigned, string(note))
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if asked.ref == "" || asked.reason == "" {
		return errors.New("usage: kapok ledger evidence --config FILE --ref ID --reason TEXT > bundle.zip")
	}
	c, err := readConfig(*path)
	if err != nil {
		return err
	}
	reader, err := openReader(ctx, c)
	if err != nil {
		return err
	}
	defer reader.database.Close()
	bundle, err := reader.evidence(ctx, asked)
	if err != nil {
		return err
	}
	return bundle.Write(out)
}

// recordReader reads the record for an operator.
type recordReader struct {
	database *postgres.DB
	record   *postgres.Ledger
	keeper   *messages.Keeper
	root     []byte // DER
	now      func() time.Time
}

func openReader(ctx context.Context, c config) (*recordReader, error) {
	ring, err := openKeyring(ctx, c.Keys, newLog(os.Stderr))
	if err != nil {
		return nil, err
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{Shelf: c.shelf()})
	if err != nil {
		return nil, err
	}
	return newReader(database, ring), nil
}

func newReader(database *postgres.DB, ring keyring) *recordReader {
	return &recordReader{
		database: database, record: database.Ledger(), root: ring.Root(), now: time.Now,
		keeper: messages.New(ring.Persons(), database, time.Now),
	}
}

// evidence gathers the bundle of one use. That it was read is recorded, durably,
// before anything is handed out; the person concerned sees it.
func (r *recordReader) evidence(ctx context.Context, asked reading) (evidence.Bundle, error) {
	b := evidence.NewBundle(asked.ref, r.now())
	found, err := r.record.Find(ctx, asked.ref)
	if err != nil {
		return b, err
	}
	if len(found) == 0 {
		return b, errors.New("the ledger holds no entry of that reference")
	}
	if err := r.recordReading(ctx, asked, found[0].Entry); err != nil {
		return b, err
	}
	for _, gather := range []func(context.Context, *evidence.Bundle, []postgres.LedgerEntry) error{
		r.entries, r.key, r.basis, r.release, r.stamps, r.revocations,
	} {
		if err := gather(ctx, &b, found); err != nil {
			return b, err
		}
	}
	for _, note := range asked.cosigned {
		if err := r.cosigned(ctx, &b, found, note); err != nil {
			return b, err
		}
	}
	for _, file := range asked.lists {
		list, err := os.ReadFile(file)
		if err != nil {
			return b, err
		}
		if _, err := pki.ParseCRL(list); err != nil {
			return b, fmt.Errorf("%s: %w", file, err)
		}
		b.Lists = append(b.Lists, list)
	}
	return b, nil
}

func (r *recordReader) recordReading(ctx context.Context, asked reading, first ledger.Entry) error {
	_, err := r.database.Record(ctx, ledger.Entry{Kind: evidenceReadKind, At: r.now(), Fields: []ledger.Field{
		{Name: "exchange", Value: asked.ref},
		{Name: "actor", Value: asked.actor},
		{Name: "reason", Value: asked.reason},
	}}, first.Value(ledger.SubjectField))
	return err
}

func (r *recordReader) entries(ctx context.Context, b *evidence.Bundle, found []postgres.LedgerEntry) error {
	for _, one := range found {
		receipt, err := ledger.ReceiptAt(ctx, r.record, one.Origin, one.Index, nil)
		if err != nil {
			return err
		}
		kept, err := r.record.Message(ctx, one.Origin, one.Index)
		if err != nil {
			return err
		}
		message, err := r.open(ctx, kept)
		if err != nil {
			return err
		}
		b.Entries = append(b.Entries, evidence.Entry{Receipt: receipt, Message: message})
	}
	return nil
}

// open decrypts what is kept; what is gone with its key is as if it were not kept.
func (r *recordReader) open(ctx context.Context, kept *ledger.Attachment) ([]byte, error) {
	if kept == nil {
		return []byte{}, nil
	}
	message, err := r.keeper.Open(ctx, kept.Owner, messages.Class(kept.Class), kept.Sealed)
	if errors.Is(err, keys.ErrDestroyed) {
		return []byte{}, nil
	}
	return message, err
}

func (r *recordReader) key(ctx context.Context, b *evidence.Bundle, found []postgres.LedgerEntry) error {
	id := found[0].Entry.Value("key")
	if id == "" {
		return nil
	}
	if found[0].Entry.Value("door") == "peer" && len(b.Entries[0].Message) > 0 {
		point, err := evidence.PeerKey(b.Entries[0].Message)
		b.Key = &evidence.Key{Point: point, Receipts: [][]byte{}}
		return err
	}
	key, err := r.database.SystemKey(ctx, id)
	if errors.Is(err, exchange.ErrUnknownKey) {
		return nil
	}
	if err != nil {
		return err
	}
	b.Key = &evidence.Key{Point: key.Public.Bytes(), Receipts: [][]byte{}}
	about, err := r.record.KeyEntries(ctx, id)
	if err != nil {
		return err
	}
	for _, one := range about {
		receipt, err := ledger.ReceiptAt(ctx, r.record, one.Origin, one.Index, nil)
		if err != nil {
			return err
		}
		b.Key.Receipts = append(b.Key.Receipts, receipt)
	}
	return nil
}

func (r *recordReader) basis(ctx context.Context, b *evidence.Bundle, found []postgres.LedgerEntry) error {
	id := found[0].Entry.Value("basis")
	if id == "" {
		return nil
	}
	_, signed, err := r.database.Basis(ctx, id)
	if unknown(err) {
		return nil // the entry is of a refusal for just that
	}
	if err != nil {
		return err
	}
	b.Basis = &evidence.Basis{Certificate: signed.Certificate, Document: signed.Document, Signature: signed.Signature}
	return nil
}

func (r *recordReader) release(ctx context.Context, b *evidence.Bundle, found []postgres.LedgerEntry) error {
	kept, err := r.record.ReleaseMessage(ctx, b.Ref)
	if err != nil || kept == nil {
		return err
	}
	message, err := r.open(ctx, kept)
	if err != nil || len(message) == 0 {
		return err
	}
	keyID, err := evidence.SignedBy(message)
	if err != nil {
		return err
	}
	chain, err := r.operationalChain(ctx, found[len(found)-1].Origin, keyID)
	if err != nil || chain == nil {
		return err
	}
	b.Release = &evidence.Released{Chain: chain, Message: message}
	return nil
}

// operationalChain is the chain, without the root, of the key of that thumbprint
// among those that sealed the log.
func (r *recordReader) operationalChain(ctx context.Context, origin, keyID string) ([][]byte, error) {
	chains, err := r.record.KeyChains(ctx, origin)
	if err != nil {
		return nil, err
	}
	for _, chain := range chains {
		leaf, err := pki.Parse(chain[0])
		if err != nil {
			return nil, err
		}
		key, err := leaf.PublicKey()
		if err != nil {
			return nil, err
		}
		if jose.NewJWK("", key).Thumbprint() == keyID {
			return chain[:len(chain)-1], nil
		}
	}
	return nil, nil
}

// stamps adds the earliest time-stamp that covers each entry, where there is one.
func (r *recordReader) stamps(ctx context.Context, b *evidence.Bundle, found []postgres.LedgerEntry) error {
	for i, one := range found {
		stamp, err := r.record.StampAfter(ctx, one.Origin, one.Index)
		if err != nil {
			return err
		}
		if stamp == nil {
			continue
		}
		sealed, err := ledger.SealedAt(ctx, r.record, one.Origin, one.Index)
		if err != nil {
			return err
		}
		proved, err := ledger.ProveConsistency(ctx, r.record, one.Origin, sealed.Size, stamp.Size)
		if err != nil {
			return err
		}
		b.Stamps = append(b.Stamps, evidence.Stamp{Consistency: proved.Encode(), Entry: i, Token: stamp.Token})
	}
	return nil
}
