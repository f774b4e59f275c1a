package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

const connectorUsage = `usage: kapok connector try --config FILE ITEM [FOLDER]
  ask the source of an item as the gateway would, about the person whose number is read from
  standard input, and show what was sent, what came, how it was mapped and what failed. Secrets
  and values are masked. FOLDER is another catalogue than the one in force. That somebody was
  asked about stands in the ledger.`

// connectorCommand is an operator's look at one source.
func connectorCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "try" {
		return errors.New(connectorUsage)
	}
	c, words, err := configOf("connector try", args[1:])
	if err != nil {
		return err
	}
	if len(words) != 1 && len(words) != 2 {
		return errors.New(connectorUsage)
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	log := newLog(os.Stderr)
	ring, err := openKeyring(ctx, c.Keys, log)
	if err != nil {
		return err
	}
	defer giveBack(ctx, ring)
	directory, err := catalogueToTry(ctx, c, database, words[1:])
	if err != nil {
		return err
	}
	watching := look{directory: directory, ring: ring, database: database, out: out}
	return watching.run(ctx, words[0], os.Stdin)
}

func giveBack(ctx context.Context, ring keyring) {
	if held, ok := ring.(closer); ok {
		_ = held.Close(context.WithoutCancel(ctx)) // a token that is not given back ends by itself
	}
}

// catalogueToTry is a folder, or the edition in force.
func catalogueToTry(ctx context.Context, c config, database *postgres.DB, folder []string) (*catalog.Catalog, error) {
	if len(folder) == 1 {
		other := c.Catalog
		other.Folder = folder[0]
		return loadCatalog(other)
	}
	numbers, err := database.EditionsInForce(ctx)
	if err != nil || numbers[editions.Catalogue] == 0 {
		return nil, errors.Join(err, errors.New("no edition of the catalogue is in force"))
	}
	edition, err := database.Edition(ctx, editions.Catalogue, numbers[editions.Catalogue])
	if err != nil {
		return nil, err
	}
	files, err := editions.Unpack(edition.Content)
	if err != nil {
		return nil, err
	}
	return catalog.Load(files, c.Catalog.Values)
}

// look is one question to one source, watched.
type look struct {
	directory *catalog.Catalog
	ring      keyring
	database  *postgres.DB
	out       io.Writer
}

func (t look) run(ctx context.Context, code string, number io.Reader) error {
	item, known := t.directory.Item(code)
	if !known {
		return fmt.Errorf("the catalogue holds no item %q", code)
	}
	connection, served := t.directory.Connection(code)
	if !served {
		return fmt.Errorf("the item %s has no source", code)
	}
	subject, err := readSubject(number, item)
	if err != nil {
		return err
	}
	watched := newWire(subject.Number())
	connector, err := builtin.New(connection.Protocol, connection.Settings, builtin.World{
		Secrets: func(name string) (string, error) { return watched.secret(t.ring.Secret(ctx, name)) },
		Client:  watched.client(), Verifier: sm.NewVerifier(sm.VerifierOptions{}),
	})
	if err != nil {
		return err
	}
	if err := t.record(ctx, item, subject); err != nil {
		return err
	}
	t.say("item", fmt.Sprintf("%s@%d %s", item.Code, item.Version, item.Name))
	t.say("source", fmt.Sprintf("%s, protocol %s, at most %v", connection.Source, connection.Protocol, connection.Timeout))
	for _, name := range slices.Sorted(maps.Keys(connection.Settings)) {
		t.say("setting", name+": "+watched.masked(connection.Settings[name]))
	}
	return t.ask(ctx, item, connection, connector, watched, subject)
}

func (t look) ask(ctx context.Context, item *catalog.Item, connection catalog.Connection, connector connectors.Connector, watched *wire, subject gateway.Identity) error {
	ctx, cancel := context.WithTimeout(ctx, connection.Timeout)
	defer cancel()
	var names []string
	for _, field := range item.Fields {
		names = append(names, field.Name)
	}
	began := time.Now()
	answer, err := connector.Fetch(ctx, connectors.Query{Subject: subject, Fields: names, RequestID: "kapok-connector-try"})
	for _, line := range watched.lines() {
		t.say(line.what, line.text)
	}
	t.say("took", time.Since(began).Round(time.Millisecond).String())
	if err != nil {
		t.say("failed", watched.masked(err.Error()))
		return errors.New("the source was not asked successfully")
	}
	return t.mapped(item, answer)
}

// mapped shows each field's way from the source's name to the catalogue's.
func (t look) mapped(item *catalog.Item, answer connectors.Answer) error {
	asOf := "not said"
	if !answer.AsOf.IsZero() {
		asOf = answer.AsOf.Format(time.RFC3339)
	}
	t.say("came", fmt.Sprintf("%d records, as of %s, body SM3 %x", len(answer.Records), asOf, answer.BodyDigest))
	if item.Freshness > 0 && (answer.AsOf.IsZero() || time.Since(answer.AsOf) > item.Freshness) {
		t.say("failed", fmt.Sprintf("the item promises data of at most %v ago", item.Freshness))
	}
	wrong := 0
	for _, record := range answer.Records {
		unknown := maps.Clone(record)
		for _, field := range item.Fields {
			value, held := record[field.SourceName]
			delete(unknown, field.SourceName)
			verdict := verdictOf(&field, value, held)
			if strings.HasPrefix(verdict, "✗") {
				wrong++
			}
			t.say("mapped", fmt.Sprintf("%s → %s (%s): %s", field.SourceName, field.Name, field.Label, verdict))
		}
		for _, name := range slices.Sorted(maps.Keys(unknown)) {
			t.say("unused", name+": the catalogue does not know it")
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d fields are not what the catalogue describes", wrong)
	}
	return nil
}

func verdictOf(field *catalog.Field, value string, held bool) string {
	switch {
	case !held && field.Required:
		return "✗ missing"
	case !held:
		return "– not answered"
	case !field.Accepts(value):
		return "✗ " + shape(value) + " is not " + string(field.Type) + " as described"
	}
	return "✓ " + shape(value)
}

// shape tells a value's length and nothing of it.
func shape(value string) string { return fmt.Sprintf("‹%d characters›", len([]rune(value))) }

func (t look) say(what, text string) { fmt.Fprintf(t.out, "%-8s %s\n", what, text) }

// record puts the question into the ledger before it is asked, where the person finds it.
func (t look) record(ctx context.Context, item *catalog.Item, subject gateway.Identity) error {
	found, err := t.database.People(t.ring.Lookup().All).WithKeys(t.ring.Persons()).Resolve(ctx, subject, "")
	if err != nil {
		return err
	}
	by := operator
	if known, err := user.Current(); err == nil {
		by = operator + ":" + known.Username
	}
	return t.database.RecordTrial(ctx, found.SubjectRef, []ledger.Field{
		{Name: "item", Value: fmt.Sprintf("%s@%d", item.Code, item.Version)}, {Name: "provider", Value: item.Provider},
		{Name: "source", Value: item.Source}, {Name: "by", Value: by},
	}, time.Now())
}

// readSubject reads a number of one of the kinds that the item is held about.
func readSubject(from io.Reader, item *catalog.Item) (gateway.Identity, error) {
	written, err := io.ReadAll(io.LimitReader(from, 256))
	if err != nil {
		return gateway.Identity{}, err
	}
	for _, kind := range item.Subjects {
		if subject, err := gateway.ParseIdentity(kind, strings.TrimSpace(string(written))); err == nil {
			return subject, nil
		}
	}
	return gateway.Identity{}, errors.New("standard input is not one number of a person or organisation that the item is held about")
}
