package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kapok/catalog"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
	"kapok/gateway/postgres"
)

const catalogUsage = `usage: kapok catalog check FOLDER                 is the folder sound?
       kapok catalog template FORM.xlsx [FOLDER]       the spreadsheet form, empty or with the folder's items
       kapok catalog import FORM [FOLDER]              a filled form (.xlsx, .csv) as YAML, checked beside the folder
       kapok catalog --config FILE plan FOLDER         what would change
       kapok catalog --config FILE apply FOLDER AS     propose it, as this person
       kapok catalog --config FILE proposals           what waits for a second person
       kapok catalog --config FILE confirm ID AS       publish a proposal, as another person
       kapok catalog --config FILE reject ID AS        close a proposal
       kapok catalog --config FILE export FOLDER       write the edition in force as YAML`

// catalogActs work on the editions in the database; words counts what follows.
var catalogActs = map[string]struct {
	words int
	run   func(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error
}{
	"plan":      {1, planCatalog},
	"apply":     {2, applyCatalog},
	"proposals": {0, listProposals},
	"confirm":   {2, confirmCatalog},
	"reject":    {2, rejectCatalog},
	"export":    {1, exportCatalog},
}

// catalogCommand checks a folder, or compares it with the edition in force and puts it
// in force by two people.
func catalogCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		if tool, known := catalogTools[args[0]]; known {
			if count := len(args) - 1; count < tool.least || count > tool.most {
				return errors.New(catalogUsage)
			}
			return tool.run(ctx, args[1:], out)
		}
	}
	c, words, err := configOf("catalog", args)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return errors.New(catalogUsage)
	}
	act, known := catalogActs[words[0]]
	if !known || len(words)-1 != act.words {
		return errors.New(catalogUsage)
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	return act.run(ctx, c, database, words[1:], out)
}

// published reads what is in force, to compare with.
func published(ctx context.Context, c config, database *postgres.DB) (exchange.Live, int64, error) {
	var live exchange.Live
	numbers, err := database.EditionsInForce(ctx)
	if err != nil {
		return live, 0, err
	}
	for _, kind := range kinds {
		if numbers[kind.name] == 0 {
			return live, 0, fmt.Errorf("no edition of the %s is published yet; the first node to serve publishes it", kind.name)
		}
		edition, err := database.Edition(ctx, kind.name, numbers[kind.name])
		if err != nil {
			return live, 0, err
		}
		files, err := editions.Unpack(edition.Content)
		if err != nil {
			return live, 0, err
		}
		if err := kind.take(&live, c, files); err != nil {
			return live, 0, err
		}
	}
	return live, numbers[editions.Catalogue], nil
}

// planned is a catalogue that fits the policies in force, and what it would change.
type planned struct {
	directory *catalog.Catalog
	based     int64
	changes   []catalog.Change
}

func plan(ctx context.Context, c config, database *postgres.DB, folder string) (planned, error) {
	live, based, err := published(ctx, c, database)
	if err != nil {
		return planned{}, err
	}
	directory, err := catalog.Load(os.DirFS(folder), c.Catalog.Values)
	if err != nil {
		return planned{}, err
	}
	changes, err := catalog.Plan(live.Catalog, directory)
	if err != nil {
		return planned{}, err
	}
	live.Catalog = directory
	return planned{directory, based, changes}, live.Check()
}

func planCatalog(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error {
	planned, err := plan(ctx, c, database, words[0])
	if err != nil {
		return err
	}
	return planned.print(out)
}

var signs = map[string]string{"added": "+", "removed": "-", "changed": "~"}

func (p planned) print(out io.Writer) error {
	breaking := 0
	for _, change := range p.changes {
		line := fmt.Sprintf("%s %s %s", signs[change.What], change.Section, change.ID)
		if change.Member != "" {
			line += fmt.Sprintf(" %s: %s → %s", change.Member, orNothing(change.Old), orNothing(change.New))
		}
		if change.Breaking != "" {
			breaking++
			line += "  ! " + change.Breaking
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d changes against edition %d, %d of them breaking\n", len(p.changes), p.based, breaking)
	return err
}

func orNothing(value string) string {
	if value == "" {
		return "(nothing)"
	}
	return value
}

func applyCatalog(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error {
	planned, err := plan(ctx, c, database, words[0])
	if err != nil {
		return err
	}
	if len(planned.changes) == 0 {
		return errors.New("the folder is what is in force; there is nothing to apply")
	}
	content, err := packCatalogue(planned.directory)
	if err != nil {
		return err
	}
	id, _, err := database.ProposeEdition(ctx, editions.Proposal{
		Kind: editions.Catalogue, Digest: planned.directory.Digest(), Based: planned.based, Content: content,
		ProposedBy: words[1], ProposedAt: time.Now(),
	})
	if err != nil {
		return err
	}
	if err := planned.print(out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "proposed: %s; another person confirms it\n", id)
	return err
}

func listProposals(ctx context.Context, _ config, database *postgres.DB, _ []string, out io.Writer) error {
	found, err := database.Proposals(ctx, editions.Catalogue)
	if err != nil {
		return err
	}
	for _, p := range found {
		if _, err := fmt.Fprintf(out, "%s\tby %s\tagainst edition %d\t%s\n", p.ID, p.ProposedBy, p.Based, p.ProposedAt.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}

// confirmCatalog publishes; what is proposed is loaded once more, for the policies may
// have changed.
func confirmCatalog(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error {
	proposal, err := database.Proposal(ctx, editions.Catalogue, words[0])
	if err != nil {
		return err
	}
	live, _, err := published(ctx, c, database)
	if err != nil {
		return err
	}
	files, err := editions.Unpack(proposal.Content)
	if err != nil {
		return err
	}
	if err := takeCatalogue(&live, c, files); err != nil {
		return err
	}
	if err := live.Check(); err != nil {
		return err
	}
	edition, _, err := database.ConfirmEdition(ctx, editions.Catalogue, words[0], words[1], time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "edition %d in force on every node: %s\n", edition.Number, edition.Digest)
	return err
}

func rejectCatalog(ctx context.Context, _ config, database *postgres.DB, words []string, out io.Writer) error {
	if _, err := database.RejectEdition(ctx, editions.Catalogue, words[0], words[1], time.Now()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "rejected")
	return err
}

// exportCatalog writes into a folder that is new or empty, so that no file of it is
// taken for the edition's.
func exportCatalog(ctx context.Context, c config, database *postgres.DB, words []string, out io.Writer) error {
	live, number, err := published(ctx, c, database)
	if err != nil {
		return err
	}
	folder := words[0]
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", folder)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := live.Catalog.Files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "edition %d: %s\n", number, live.Catalog.Digest())
	return err
}
