package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const catalogUsage = `usage: kapok catalog check FOLDER                 is the folder sound?
       kapok catalog template FORM.xlsx [FOLDER]       the spreadsheet form, empty or with the folder's items
       kapok catalog import FORM [FOLDER]              a filled form (.xlsx, .csv) as YAML, checked beside the folder
with a running node, as the person whose session it is (see kapok session):
       kapok catalog [flags] plan FOLDER|FORM          what would change
       kapok catalog [flags] apply FOLDER|FORM REASON  propose it
       kapok catalog [flags] proposals                 what waits for a second person
       kapok catalog [flags] show ID                   what a proposal would change
       kapok catalog [flags] confirm ID [REASON]       publish a proposal, as another person
       kapok catalog [flags] reject ID REASON          close a proposal
       kapok catalog [flags] withdraw ID [REASON]      take one's own proposal back
       kapok catalog [flags] export FOLDER             write the edition in force as YAML
flags: --server URL (or KAPOK_SERVER), --session FILE (or KAPOK_SESSION)`

// catalogActs work on a running node; words counts what may follow.
var catalogActs = map[string]struct {
	least, most int
	run         func(ctx context.Context, c *client, words []string, out io.Writer) error
}{
	"plan":      {1, 1, planCatalog},
	"apply":     {2, 2, applyCatalog},
	"proposals": {0, 0, listProposals("catalogue")},
	"show":      {1, 1, showProposal},
	"confirm":   {1, 2, decide("confirmed")},
	"reject":    {2, 2, decide("rejected")},
	"withdraw":  {1, 2, decide("withdrawn")},
	"export":    {1, 1, exportCatalog},
}

// catalogCommand works on files, or through the API of a running node: there every act
// is that of a person who is signed in, and not of whom a command line names.
func catalogCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		if tool, known := catalogTools[args[0]]; known {
			if count := len(args) - 1; count < tool.least || count > tool.most {
				return errors.New(catalogUsage)
			}
			return tool.run(ctx, args[1:], out)
		}
	}
	flags := flag.NewFlagSet("catalog", flag.ContinueOnError)
	server, session := clientFlags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	words := flags.Args()
	if len(words) == 0 {
		return errors.New(catalogUsage)
	}
	act, known := catalogActs[words[0]]
	if count := len(words) - 1; !known || count < act.least || count > act.most {
		return errors.New(catalogUsage)
	}
	c, err := newClient(ctx, *server, *session)
	if err != nil {
		return err
	}
	return act.run(ctx, c, words[1:], out)
}

// change is one of the API's.
type change struct {
	Section  string `json:"section"`
	ID       string `json:"id"`
	What     string `json:"what"`
	Member   string `json:"member"`
	Old      string `json:"old"`
	New      string `json:"new"`
	Breaking string `json:"breaking"`
}

type proposal struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	State      string   `json:"state"`
	Digest     string   `json:"digest"`
	Based      int64    `json:"based"`
	ProposedBy string   `json:"proposed_by"`
	ProposedAt string   `json:"proposed_at"`
	Reason     string   `json:"reason"`
	Report     string   `json:"report"`
	Changes    []change `json:"changes"`
}

type namedText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// draft reads a folder of YAML, or a form.
func draft(path string) (map[string]any, error) {
	if known, err := os.Stat(path); err != nil {
		return nil, err
	} else if known.IsDir() {
		files, err := folderFiles(os.DirFS(path), ".yaml")
		return map[string]any{"files": files}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return map[string]any{"form": map[string]string{"name": filepath.Base(path), "content": base64.StdEncoding.EncodeToString(content)}}, nil
}

// folderFiles are the files of a folder whose names end in one of the endings; there has to be one.
func folderFiles(folder fs.FS, endings ...string) ([]namedText, error) {
	var files []namedText
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains(endings, filepath.Ext(name)) {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		files = append(files, namedText{name, string(content)})
		return err
	})
	if err == nil && len(files) == 0 {
		err = errors.New("the folder holds no " + endings[0] + " file")
	}
	return files, err
}

func planCatalog(ctx context.Context, c *client, words []string, out io.Writer) error {
	wanted, err := draft(words[0])
	if err != nil {
		return err
	}
	var planned struct {
		Based   int64    `json:"based"`
		Digest  string   `json:"digest"`
		Changes []change `json:"changes"`
	}
	if err := c.post(ctx, "/v1/catalog/plans", wanted, &planned); err != nil {
		return err
	}
	return printChanges(planned.Changes, planned.Based, out)
}

var signs = map[string]string{"added": "+", "removed": "-", "changed": "~"}

func printChanges(changes []change, based int64, out io.Writer) error {
	breaking := 0
	for _, change := range changes {
		line := fmt.Sprintf("%s %s %s", signs[change.What], change.Section, change.ID)
		if change.Member != "" {
			line += fmt.Sprintf(" %s: %s → %s", change.Member, orElse(change.Old, "(nothing)"), orElse(change.New, "(nothing)"))
		}
		if change.Breaking != "" {
			breaking++
			line += "  ! " + change.Breaking
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d changes against edition %d, %d of them breaking\n", len(changes), based, breaking)
	return err
}

func applyCatalog(ctx context.Context, c *client, words []string, out io.Writer) error {
	wanted, err := draft(words[0])
	if err != nil {
		return err
	}
	wanted["kind"], wanted["reason"] = "catalogue", words[1]
	var p proposal
	if err := c.post(ctx, "/v1/proposals", wanted, &p); err != nil {
		return err
	}
	if err := printChanges(p.Changes, p.Based, out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "proposed: %s; another person confirms it\n", p.ID)
	return err
}

// listProposals lists those of one kind that wait.
func listProposals(kind string) func(ctx context.Context, c *client, words []string, out io.Writer) error {
	return func(ctx context.Context, c *client, _ []string, out io.Writer) error {
		var found struct {
			Proposals []proposal `json:"proposals"`
		}
		if err := c.get(ctx, "/v1/proposals?open=true&kind="+kind, &found); err != nil {
			return err
		}
		for _, p := range found.Proposals {
			if _, err := fmt.Fprintf(out, "%s\tby %s\tagainst edition %d\t%s\t%s\n", p.ID, p.ProposedBy, p.Based, p.ProposedAt, p.Reason); err != nil {
				return err
			}
		}
		return nil
	}
}

func showProposal(ctx context.Context, c *client, words []string, out io.Writer) error {
	var p proposal
	if err := c.get(ctx, "/v1/proposals/"+words[0], &p); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s\tby %s\t%s\t%s\n", p.State, p.ProposedBy, p.ProposedAt, p.Reason); err != nil {
		return err
	}
	if p.Report != "" {
		_, err := fmt.Fprintf(out, "policies %s against edition %d, with the replay's report %s\n", p.Digest, p.Based, p.Report)
		return err
	}
	return printChanges(p.Changes, p.Based, out)
}

// decide makes the acts that end a proposal.
func decide(event string) func(ctx context.Context, c *client, words []string, out io.Writer) error {
	return func(ctx context.Context, c *client, words []string, out io.Writer) error {
		act := map[string]string{"event": event}
		if len(words) == 2 {
			act["reason"] = words[1]
		}
		var p proposal
		if err := c.post(ctx, "/v1/proposals/"+words[0]+"/events", act, &p); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "%s: %s\n", p.State, p.Digest)
		return err
	}
}

// exportCatalog writes into a folder that is new or empty, so that no file of it is
// taken for the edition's.
func exportCatalog(ctx context.Context, c *client, words []string, out io.Writer) error {
	folder := words[0]
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", folder)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var listed struct {
		Editions []struct {
			Number int64  `json:"number"`
			Digest string `json:"digest"`
		} `json:"editions"`
	}
	if err := c.get(ctx, "/v1/editions/catalogue", &listed); err != nil {
		return err
	}
	var edition struct {
		Files []namedText `json:"files"`
	}
	latest := listed.Editions[0] // a node that serves has published one
	if err := c.get(ctx, fmt.Sprintf("/v1/editions/catalogue/%d", latest.Number), &edition); err != nil {
		return err
	}
	if err := writeFiles(folder, edition.Files); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "edition %d: %s\n", latest.Number, latest.Digest)
	return err
}

func writeFiles(folder string, files []namedText) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder) // what a server names stays within it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is lost with it
	for _, file := range files {
		if err := root.MkdirAll(filepath.Dir(file.Name), 0o750); err != nil {
			return err
		}
		if err := root.WriteFile(file.Name, []byte(file.Text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
