package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/ledger/witness"
)

const witnessUsage = `usage: kapok-verify witness --state FOLDER --name NAME [--bundle FILE] [--every 60s | --once] SOURCE…
       kapok-verify witness --state FOLDER --key
       kapok-verify witness --check FILE --witness KEY

  SOURCE          an address of Kapok (https://…), or the folder of an exported log
  --state FOLDER  of this witness alone: its key, what it holds, cosigned
                  checkpoints, evidence. It is made where it is missing, under the
                  user who runs this: another one than Kapok's
  --name NAME     of the witness, a schema-less URL; needed the first time only
  --bundle FILE   the pinned trust (default kapok-bundle.json)
  --every TIME    how often to look (default 60s)
  --once          look once and end
  --key           print the witness's public key, for those who check
  --check FILE    check the witness's line of a cosigned checkpoint
  --witness KEY   the key that --key printed, by a way of its own

It cosigns only what continues all that it has seen, and never moves back. A
rollback or a fork is refused, both checkpoints are shown, and kept as evidence.

exit: 0 all is well, 1 a log contradicted itself, 2 something could not be asked
`

// watch is what the command line asks of a witness.
type watch struct {
	state, name, bundle string
	every               time.Duration
	once, key           bool
	check, witness      string
	sources             []string
}

func runWitness(ctx context.Context, args []string, t terminal) (int, error) {
	var asked watch
	flags := flag.NewFlagSet("witness", flag.ContinueOnError)
	flags.StringVar(&asked.state, "state", "", "")
	flags.StringVar(&asked.name, "name", "", "")
	flags.StringVar(&asked.bundle, "bundle", pinned, "")
	flags.DurationVar(&asked.every, "every", time.Minute, "")
	flags.BoolVar(&asked.once, "once", false, "")
	flags.BoolVar(&asked.key, "key", false, "")
	flags.StringVar(&asked.check, "check", "", "")
	flags.StringVar(&asked.witness, "witness", "", "")
	if done, code, err := parse(t, flags, args, -1, witnessUsage); done {
		return code, err
	}
	asked.sources = flags.Args()
	if asked.check != "" {
		return checkCosigned(asked, t)
	}
	if asked.state == "" || asked.every <= 0 || asked.key != (len(asked.sources) == 0) {
		return exitTrouble, errUsage
	}
	return asked.run(ctx, t)
}

func (asked watch) run(ctx context.Context, t terminal) (code int, err error) {
	trust := ledger.Bundle{}
	if !asked.key {
		if trust, err = readBundle(asked.bundle); err != nil {
			return exitTrouble, err
		}
	}
	w, err := witness.Open(witness.Options{Folder: asked.state, Name: asked.name, Pinned: trust, Verifier: bothLibraries(), Now: time.Now})
	if err != nil {
		return exitTrouble, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if asked.key {
		return print(t, w.Key().String()+"\n")
	}
	sources, err := openSources(asked.sources)
	if err != nil {
		return exitTrouble, err
	}
	return asked.follow(ctx, t, w, sources)
}

// follow looks until it is told to stop. What was once found contradictory stays so
// in the exit code.
func (asked watch) follow(ctx context.Context, t terminal, w *witness.Witness, sources []shownBy) (int, error) {
	worst := exitTrue
	for {
		code, err := round(ctx, t, w, sources)
		if err != nil {
			return exitTrouble, err
		}
		worst = worse(worst, code)
		if asked.once {
			return worst, nil
		}
		if worst != exitFalse {
			worst = exitTrue // a network that failed once is no finding
		}
		select {
		case <-ctx.Done():
			return worst, nil
		case <-time.After(asked.every):
		}
	}
}

// worse puts a contradiction before a trouble, and both before success.
func worse(a, b int) int {
	if a == exitFalse || b == exitFalse {
		return exitFalse
	}
	return max(a, b)
}

func round(ctx context.Context, t terminal, w *witness.Witness, sources []shownBy) (int, error) {
	worst := exitTrue
	for _, source := range sources {
		origins, err := source.Origins(ctx)
		if err != nil {
			if _, err := fmt.Fprintf(t.out, "trouble  %s: %v\n", source.name, err); err != nil {
				return exitTrouble, err
			}
			worst = worse(worst, exitTrouble)
		}
		for _, origin := range origins {
			sight, err := w.Look(ctx, source, origin)
			code, text := saw(origin, sight, err)
			if _, err := fmt.Fprint(t.out, text); err != nil {
				return exitTrouble, err
			}
			worst = worse(worst, code)
		}
	}
	return worst, nil
}

// saw says what one look saw. A contradiction is shown with both checkpoints.
func saw(origin string, sight witness.Sight, err error) (int, string) {
	if contradiction, ok := errors.AsType[*witness.Contradiction](err); ok {
		return exitFalse, fmt.Sprintf("REFUSED  %q: %v\nheld:\n%s\nshown:\n%s\nboth are kept in %s\n",
			origin, contradiction.Err, indented(contradiction.Held), indented(contradiction.Shown), contradiction.Folder)
	}
	if err != nil {
		return exitTrouble, fmt.Sprintf("trouble  %q: %v\n", origin, err)
	}
	return exitTrue, fmt.Sprintf("cosigned %q: %d entries, %d of them new, sealed %s\n",
		origin, sight.Head.Size, sight.Added, sight.Head.Sealed.Format(time.RFC3339Nano))
}

func indented(note string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(note, "\n"), "\n", "\n  ")
}

func checkCosigned(asked watch, t terminal) (int, error) {
	key, err := ledger.ParseWitnessKey(asked.witness)
	if err != nil {
		return exitTrouble, err
	}
	raw, err := readFile(asked.check)
	if err != nil {
		return exitTrouble, fmt.Errorf("the cosigned checkpoint: %w", err)
	}
	signed, at, err := ledger.VerifyCosigned(string(raw), key, bothLibraries())
	if err != nil {
		_, err = fmt.Fprintf(t.out, "NOT TRUE 见证不实: %v\n", err)
		return exitFalse, err
	}
	head, err := ledger.ParseCheckpoint(signed)
	if err != nil {
		_, err = fmt.Fprintf(t.out, "NOT TRUE 见证不实: %v\n", err)
		return exitFalse, err
	}
	_, err = fmt.Fprintf(t.out, "TRUE 见证属实: at %s, %s had seen nothing larger of %s than these %d entries\n",
		at.Format(time.RFC3339), key.Name, head.Origin, head.Size)
	return exitTrue, err
}

// shownBy is a source with the name that the operator gave it.
type shownBy struct {
	witness.Source
	name string
}

func openSources(names []string) ([]shownBy, error) {
	var sources []shownBy
	for _, name := range names {
		if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
			sources = append(sources, shownBy{newServer(name), name})
			continue
		}
		if _, err := os.ReadDir(name); err != nil {
			return nil, fmt.Errorf("the source: %w", err)
		}
		sources = append(sources, shownBy{witness.Exported{Files: os.DirFS(name)}, name})
	}
	return sources, nil
}
