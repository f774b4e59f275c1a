package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"kapok/gateway/exchange"
	"kapok/gateway/postgres"
	"kapok/gateway/replay"
	"kapok/policies"
)

// policyCommands are the tools of whoever writes policies.
func policyCommands() []command {
	return []command{
		{"check", "FOLDER: load a set; every mistake with file, line and reason, or its digest", policyCheck},
		{"test", "FOLDER [TESTS]: run the text tests beside a set (FOLDER/testdata)", policyTest},
		{"explain", "[--config F] [--with FOLDER] REQUEST.json: what would be decided, why, and what would make it allowed", policyExplain},
		{"replay", "--config F --with FOLDER [--since 30d] [--json]: who would gain and lose by a changed set", policyReplay},
		{"propose", "[--server URL] [--session FILE] [--since 30d] FOLDER REASON: replay a changed set and propose it with the report", policyPropose},
		{"proposals", "what waits for a second person", policyAct(0, 0, listProposals("policies"))},
		{"show", "ID: a proposal", policyAct(1, 1, showProposal)},
		{"confirm", "ID [REASON]: publish a proposal, as another person", policyAct(1, 2, decide("confirmed"))},
		{"reject", "ID REASON: close a proposal", policyAct(2, 2, decide("rejected"))},
		{"withdraw", "ID [REASON]: take one's own proposal back", policyAct(1, 2, decide("withdrawn"))},
	}
}

func policyCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		for _, known := range policyCommands() {
			if known.name == args[0] {
				return known.run(ctx, args[1:], out)
			}
		}
	}
	fmt.Fprintln(out, "usage: kapok policy COMMAND; propose and what follows work on a running node, as the person whose session it is (see kapok session)")
	for _, known := range policyCommands() {
		fmt.Fprintf(out, "  %-9s %s\n", known.name, known.summary)
	}
	return errors.New("no such command")
}

func policyCheck(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: kapok policy check FOLDER")
	}
	set, err := policies.Load(os.DirFS(args[0]))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s  %d policies\n", set.Digest(), set.Len())
	return err
}

func policyTest(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 1 && len(args) != 2 {
		return errors.New("usage: kapok policy test FOLDER [TESTS]")
	}
	set, err := policies.Load(os.DirFS(args[0]))
	if err != nil {
		return err
	}
	cases, err := policies.Cases(os.DirFS(append(args, args[0]+"/testdata")[1]))
	if err != nil {
		return err
	}
	failed := 0
	for _, c := range cases {
		if got := set.Decide(c.Input).Text(); got != c.Want {
			failed++
			fmt.Fprintf(out, "FAIL %s\n--- want\n%s--- got\n%s", c.Name, c.Want, got)
		}
	}
	fmt.Fprintf(out, "%d of %d decided as written\n", len(cases)-failed, len(cases))
	if failed > 0 || len(cases) == 0 {
		return fmt.Errorf("%d tests failed of %d", failed, len(cases))
	}
	return nil
}

// policyFlags are those that explain and replay share.
type policyFlags struct {
	config, with, since string
	json                bool
	rest                []string
}

func readPolicyFlags(name string, args []string) (policyFlags, config, error) {
	var f policyFlags
	flags := flag.NewFlagSet("policy "+name, flag.ContinueOnError)
	flags.StringVar(&f.config, "config", "", "configuration file (YAML); KAPOK_… variables override it")
	flags.StringVar(&f.with, "with", "", "folder of the set; else the configuration's")
	flags.StringVar(&f.since, "since", "30d", "how far back: days (30d) or a duration (12h)")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	if err := flags.Parse(args); err != nil {
		return f, config{}, err
	}
	f.rest = flags.Args()
	if f.config == "" && name == "explain" { // the examples will do
		return f, defaults(), nil
	}
	c, err := readConfig(f.config)
	return f, c, err
}

func policyExplain(_ context.Context, args []string, out io.Writer) error {
	f, c, err := readPolicyFlags("explain", args)
	if err != nil {
		return err
	}
	if len(f.rest) != 1 {
		return errors.New("usage: kapok policy explain [--config FILE] [--with FOLDER] REQUEST.json")
	}
	text, err := os.ReadFile(f.rest[0])
	if err != nil {
		return err
	}
	question, err := exchange.ReadQuestion(text)
	if err != nil {
		return err
	}
	if f.config == "" {
		c.Catalog.Values = placeholders()
	}
	directory, err := loadCatalog(c.Catalog)
	if err != nil {
		return err
	}
	set, err := loadPolicies(orElse(f.with, c.Policies))
	if err != nil {
		return err
	}
	decision, err := exchange.Explain(exchange.Live{Catalog: directory, Policies: set}, question, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprint(out, decision.Text())
	fmt.Fprintf(out, "grant: %s\npolicy set: %s\n", orElse(decision.Grant, "none"), decision.PolicySet)
	for _, step := range decision.Remedy.Steps {
		fmt.Fprintln(out, "step:", step.Do, strings.Join(step.Fields, " "))
	}
	return nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func policyReplay(ctx context.Context, args []string, out io.Writer) error {
	f, c, err := readPolicyFlags("replay", args)
	if err != nil {
		return err
	}
	age, err := readAge(f.since)
	if err != nil || f.with == "" || len(f.rest) > 0 {
		return errors.Join(err, errors.New("usage: kapok policy replay --config FILE --with FOLDER [--since 30d] [--json]"))
	}
	inForce, err := loadPolicies(c.Policies)
	if err != nil {
		return err
	}
	with, err := policies.Load(os.DirFS(f.with))
	if err != nil {
		return err
	}
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{Log: newLog(os.Stderr)})
	if err != nil {
		return err
	}
	defer database.Close()
	now := time.Now().UTC()
	report, err := replay.Run(ctx, database.Ledger(), inForce, with, now.Add(-age), now)
	if err != nil {
		return err
	}
	return writeReplay(report, f.json, out)
}

// readAge reads days, which Go's durations do not have, or a duration.
func readAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		count, err := strconv.Atoi(days)
		if err != nil || count < 1 || count > 3660 {
			return 0, errors.New("--since: days from 1d to 3660d")
		}
		return time.Duration(count) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

func writeReplay(r replay.Report, asJSON bool, out io.Writer) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	fmt.Fprintf(out, "%d decisions since %s, %.0f/s\n", r.Decisions, r.Since.Format(time.DateOnly), float64(r.Decisions)/r.Took.Seconds())
	return writeChanges(r, out)
}

// writeChanges says who gains and who loses, the most first.
func writeChanges(r replay.Report, out io.Writer) error {
	fmt.Fprintf(out, "%d decisions again, by the set %s in place of %s\n", r.Decisions, r.With, r.InForce)
	fmt.Fprintf(out, "decided by an older set, compared with what the set in force would do: %d\nof a sample, not decided again as recorded: %d\n", r.Anew, r.Differing)
	for _, change := range r.Changes {
		fmt.Fprintf(out, "%-6s %8d  %s %s %s %s [%s]: %s → %s (%s)\n", change.Effect, change.Count, change.Department, change.System,
			change.Item, change.Operation, strings.Join(change.Fields, " "), change.Before, change.After, change.Policy)
	}
	_, err := fmt.Fprintf(out, "digest %s\n", r.Digest())
	return err
}
