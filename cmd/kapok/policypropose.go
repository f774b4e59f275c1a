package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"kapok/gateway/replay"
)

const proposeUsage = "usage: kapok policy propose [--server URL] [--session FILE] [--since 30d] FOLDER REASON"

// policyPropose has a running node replay a changed set, prints who would gain and lose
// by it, and proposes the set with the digest of that report; all as the person whose
// session it is.
func policyPropose(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("policy propose", flag.ContinueOnError)
	server, session := clientFlags(flags)
	since := flags.String("since", "30d", "how far back the replay goes, in days: 30d")
	if err := flags.Parse(args); err != nil {
		return err
	}
	age, err := readAge(*since)
	if err != nil || flags.NArg() != 2 || age < 24*time.Hour {
		return errors.Join(err, errors.New(proposeUsage))
	}
	files, err := folderFiles(os.DirFS(flags.Arg(0)), ".cedar", ".cedarschema")
	if err != nil {
		return err
	}
	c, err := newClient(ctx, *server, *session)
	if err != nil {
		return err
	}
	done, err := c.replayed(ctx, files, int(age/(24*time.Hour)))
	if err != nil {
		return err
	}
	if err := done.print(out); err != nil {
		return err
	}
	var p proposal
	if err := c.post(ctx, "/v1/proposals", map[string]string{"kind": "policies", "replay": done.ID, "reason": flags.Arg(1)}, &p); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "proposed: %s against edition %d; another person confirms it\n", p.ID, p.Based)
	return err
}

// replayJob is the API's replay of a changed set.
type replayJob struct {
	ID           string `json:"id"`
	State        string `json:"state"`
	Report       string `json:"report"`
	ReportDigest string `json:"report_digest"`
}

// How often a replay is asked after, and how long at most.
const (
	replayPause    = 200 * time.Millisecond
	replayPatience = 10 * time.Minute
)

// replayed has a set replayed and waits for the report.
func (c *client) replayed(ctx context.Context, files []namedText, days int) (replayJob, error) {
	ctx, cancel := context.WithTimeout(ctx, replayPatience)
	defer cancel()
	var job replayJob
	if err := c.post(ctx, "/v1/policies/replays", map[string]any{"files": files, "since_days": days}, &job); err != nil {
		return job, err
	}
	for job.State == "waiting" {
		select {
		case <-ctx.Done():
			return job, fmt.Errorf("replay %s has not ended: %w", job.ID, ctx.Err())
		case <-time.After(replayPause):
		}
		if err := c.get(ctx, "/v1/policies/replays/"+job.ID, &job); err != nil {
			return job, err
		}
	}
	if job.State != "done" {
		return job, fmt.Errorf("replay %s: %s", job.ID, job.State)
	}
	return job, nil
}

// print writes the report. Its digest is the server's, over the text as the server wrote
// it, and is checked: what is proposed is what is shown.
func (j replayJob) print(out io.Writer) error {
	var report replay.Report
	if err := json.Unmarshal([]byte(j.Report), &report); err != nil {
		return fmt.Errorf("the report: %w", err)
	}
	if report.Digest() != j.ReportDigest {
		return errors.New("the report that was shown is not the one that was recorded")
	}
	return writeChanges(report, out)
}

// policyAct is one of the acts on proposals, which are the same for both kinds.
func policyAct(least, most int, act personsAct) func(context.Context, []string, io.Writer) error {
	return asPerson("policy", least, most, act)
}
