package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway/postgres"
	"kapok/gateway/returns"
)

const returnsUsage = `usage: kapok returns ACT --config FILE …
  receive MANIFEST           land, check and reconcile a delivery; its files lie beside the manifest,
                             its signature in MANIFEST.jws; run again, it goes on where it was interrupted
  pull DATASET [whole]       read the view that the catalogue names in the provider's database: what changed since
                             what is in force, or all of it
  status [DATASET]           the deliveries, the latest first
  verify DELIVERY            decrypt all that stands of a full delivery and compare its digest
  lineage WHERE              file and line of a served value (the member "lineage" of an answer's source)
  expired                    the deliveries that are kept past their time
or, on a running node as the person whose session it is (see kapok session), kapok returns ACT [--server URL] [--session FILE] …
  propose WHAT DELIVERY REASON   WHAT is publish, roll-back or destroy; another person confirms it
  proposals                  what was proposed, the latest first
  confirm ID                 do it, as another person
  reject ID, withdraw ID     close a proposal`

// returnsActs are what an operator does with data that is returned in batches.
var returnsActs = map[string]struct {
	words int // at least
	run   func(r *returning, ctx context.Context, words []string) error
}{
	"receive": {1, (*returning).receive},
	"pull":    {1, (*returning).pull},
	"status":  {0, (*returning).status},
	"verify":  {1, (*returning).verify},
	"lineage": {1, (*returning).lineage},
	"expired": {0, (*returning).expired},
}

// personsActs are what takes two persons, by the API; count is how many words each takes.
var personsActs = map[string]struct {
	words int
	run   personsAct
}{
	"propose":   {3, proposeReturn},
	"proposals": {0, listReturnProposals},
	"confirm":   {1, decideReturn("confirmed")},
	"reject":    {1, decideReturn("rejected")},
	"withdraw":  {1, decideReturn("withdrawn")},
}

// returning is an importer at work for an operator.
type returning struct {
	importer *returns.Importer
	store    *postgres.Returns
	out      io.Writer
}

func returnsCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(returnsUsage)
	}
	if act, persons := personsActs[args[0]]; persons {
		return asPerson("returns "+args[0], act.words, act.words, act.run)(ctx, args[1:], out)
	}
	act, known := returnsActs[args[0]]
	if !known {
		return errors.New(returnsUsage)
	}
	c, words, err := configOf("returns "+args[0], args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(words) < act.words {
		return errors.New(returnsUsage)
	}
	r, stop, err := openReturns(ctx, c, out)
	if err != nil {
		return err
	}
	defer stop()
	return act.run(r, ctx, words)
}

func openReturns(ctx context.Context, c config, out io.Writer) (*returning, func(), error) {
	log := newLog(os.Stderr)
	ring, err := openKeyring(ctx, c.Keys, log)
	if err != nil {
		return nil, nil, err
	}
	directory, err := loadCatalog(c.Catalog)
	if err != nil {
		return nil, nil, err
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{Log: log})
	if err != nil {
		return nil, nil, err
	}
	r := &returning{out: out, store: database.Returns()}
	r.importer = returns.New(returns.Config{
		Catalog: func() *catalog.Catalog { return directory }, Store: r.store,
		People: database.People(ring.Lookup().All).WithKeys(ring.Persons()), Persons: ring.Persons(), Providers: r.store,
		Verifier: sm.NewVerifier(sm.VerifierOptions{}), Now: time.Now, Log: log,
		Tables: tables(func() *catalog.Catalog { return directory }, func(name string) (string, error) { return ring.Secret(context.WithoutCancel(ctx), name) }),
	})
	return r, func() {
		database.Close()
		if held, ok := ring.(closer); ok {
			_ = held.Close(context.WithoutCancel(ctx)) // a token that is not given back ends by itself
		}
	}, nil
}

func (r *returning) receive(ctx context.Context, words []string) error {
	document, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	signature, err := os.ReadFile(words[0] + ".jws")
	if err != nil {
		return err
	}
	delivery, _, err := r.importer.Receive(ctx, document, strings.TrimSpace(string(signature)), operator)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(words[0]), err)
	}
	folder, err := os.OpenRoot(filepath.Dir(words[0]))
	if err != nil {
		return err
	}
	defer folder.Close() // it was only read
	bar := newBar(os.Stderr, delivery.Manifest)
	delivery, err = r.importer.Import(ctx, delivery.ID, folder.FS(), operator, bar.tell)
	bar.end()
	if err != nil {
		return err
	}
	return r.told(delivery)
}

// told prints what became of a delivery; one that was refused is an error.
func (r *returning) told(d returns.Delivery) error {
	if err := r.print(shownDelivery(d)); err != nil || d.State != returns.Refused {
		return err
	}
	for _, one := range d.Findings.List {
		fmt.Fprintln(r.out, one)
	}
	return fmt.Errorf("refused: %d rules are broken; nothing was published", int64(len(d.Findings.List))+d.Findings.More)
}

// shown is a delivery as it is printed.
type shown struct {
	Delivery string          `json:"delivery"`
	Dataset  string          `json:"dataset"`
	Version  int             `json:"version"`
	Kind     returns.Kind    `json:"kind"`
	State    returns.State   `json:"state"`
	Since    time.Time       `json:"since"`
	AsOf     time.Time       `json:"as_of"`
	Keep     time.Time       `json:"keep_until"`
	Report   *returns.Report `json:"report,omitempty"`
}

func shownDelivery(d returns.Delivery) shown {
	return shown{
		Delivery: d.ID, Dataset: d.Manifest.Dataset, Version: d.Manifest.Version, Kind: d.Manifest.Kind,
		State: d.State, Since: d.Since, AsOf: d.Manifest.AsOf, Keep: d.Manifest.KeepUntil, Report: d.Report,
	}
}

func (r *returning) print(document any) error {
	encoder := json.NewEncoder(r.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

const statusLimit = 50

func (r *returning) status(ctx context.Context, words []string) error {
	found, err := r.store.Deliveries(ctx, strings.Join(words, ""), statusLimit)
	if err != nil {
		return err
	}
	return r.list(found)
}

func (r *returning) expired(ctx context.Context, _ []string) error {
	found, err := r.store.Expired(ctx, time.Now())
	if err != nil {
		return err
	}
	return r.list(found)
}

func (r *returning) list(found []returns.Delivery) error {
	for _, d := range found {
		if _, err := fmt.Fprintf(r.out, "%s\t%s\t%d\t%s\t%s since %s\n",
			d.ID, d.Manifest.Dataset, d.Manifest.Version, d.Manifest.Kind, d.State, d.Since.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}

func (r *returning) verify(ctx context.Context, words []string) error {
	delivery, err := r.store.Delivery(ctx, words[0])
	if err != nil {
		return err
	}
	found, err := r.importer.Verify(ctx, words[0])
	if err != nil {
		return err
	}
	if delivery.Report != nil && delivery.Report.Content != found {
		return errors.New("what stands in the table is not what was delivered")
	}
	_, err = fmt.Fprintln(r.out, found)
	return err
}

func (r *returning) lineage(ctx context.Context, words []string) error {
	found, err := r.importer.Lineage(ctx, words[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "dataset   %s, version %d\ndelivery  %s\nmanifest  SM3 %s\nfile      %s\nline      %d\n",
		found.Dataset, found.Version, found.Delivery, found.Manifest, found.File, found.Line)
	return err
}
