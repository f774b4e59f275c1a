package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/cmd/kapok-sandbox/department"
)

// web is where the pages and the journeys through them are.
const web = "../../gateway/web"

// TestJourneys goes through the pages with Chromium against the program that `make run`
// runs: a citizen grants, a department's system uses it, the citizen checks the proof in
// the browser and withdraws, and the next call is refused; in Chinese and in English.
// KAPOK_JOURNEYS=1 (make test) makes a missing browser a failure.
func TestJourneys(t *testing.T) {
	chromium, pages := findChromium(), filepath.Join(web, "dist/pages/safe.html")
	_, err := os.Stat(pages)
	if (chromium == "" || err != nil) && os.Getenv("KAPOK_JOURNEYS") == "" {
		t.Skip("needs Chromium and built pages: deploy/setup.sh test && make pages")
	}
	programs, data := buildPrograms(t), t.TempDir()
	letOthersIn(t, data)
	trial := startTrial(t, programs, data)
	counter := httptest.NewServer(trial.departments(t))
	defer counter.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	journeys := exec.CommandContext(ctx, "node", "all.mjs")
	journeys.Dir = filepath.Join(web, "journeys")
	journeys.Env = append(os.Environ(), "KAPOK_CHROMIUM="+chromium, "KAPOK_AT="+trial.kapok,
		"KAPOK_OUTSIDE="+trial.outside, "KAPOK_DEPARTMENTS="+counter.URL, "KAPOK_CITIZEN="+firstOfAll(t), "KAPOK_DELIVERIES="+trial.deliveries(t),
		"KAPOK_NUMBERS="+strings.Join([]string{madeUp(0).Number, madeUp(1).Number, madeUp(2).Number, madeUp(3).Number}, ","))
	journeys.Stderr, journeys.Stdout = os.Stderr, os.Stdout
	if err := journeys.Run(); err != nil {
		t.Fatalf("the journeys: %v", err)
	}
}

// firstOfAll is the made-up person who signs in as citizen-01, for whom a licence is issued.
func firstOfAll(t *testing.T) string {
	t.Helper()
	first := madeUp(0)
	told, err := json.Marshal(map[string]string{"number": first.Number, "name": first.Name})
	if err != nil {
		t.Fatal(err)
	}
	return string(told)
}

func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// runningTrial is a trial that stays up until the test ends.
type runningTrial struct{ kapok, outside, data string }

func startTrial(t *testing.T, programs, data string) runningTrial {
	t.Helper()
	kapokAt, sandboxAt := freeAddress(t), freeAddress(t)
	command := exec.CommandContext(t.Context(), filepath.Join(programs, "kapok"), "dev", "--data", data,
		"--listen", kapokAt, "--sandbox-listen", sandboxAt, "--sandbox", sandboxProgram)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	printed := &watched{until: "Ctrl-C stops everything", seen: make(chan struct{})}
	command.Stdout, command.Stderr = printed, printed
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() { <-ended }) // the test's context has ended by then
	select {
	case <-printed.seen:
	case <-ended:
		t.Fatalf("it ended:\n%s", printed.String())
	}
	return runningTrial{kapok: "http://" + kapokAt, outside: "http://" + sandboxAt, data: data}
}

// deliveries has the provider write two deliveries, signed with the key that the trial
// enrolled, and returns their folder.
func (r runningTrial) deliveries(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for version := range 2 {
		write := exec.CommandContext(t.Context(), sandboxProgram, "return", "--to", folder, "--dir", filepath.Join(r.data, "sandbox"),
			"--version", strconv.Itoa(version+1), "--rows", "40", "--first", strconv.Itoa(5*version))
		if out, err := write.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return folder
}

// departments makes the calls of a department's system for the journeys: POST to the path of
// Kapok with a question without a subject, answered with Kapok's status and code, and with
// the basis that it names.
func (r runningTrial) departments(t *testing.T) http.Handler {
	t.Helper()
	trust, err := department.ReadTrust(filepath.Join(r.data, "bundle.json"))
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var asked struct {
			System   string         `json:"system"`
			Question map[string]any `json:"question"`
			Person   int            `json:"person"` // whom it is about; the first of all is 0
		}
		if err := json.NewDecoder(req.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		key, err := department.OpenKey(filepath.Join(r.data, "sandbox"), asked.System)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		asked.Question["subject"] = map[string]string{"id_type": "111", "id_number": madeUp(asked.Person).Number}
		answer, err := department.New(r.kapok, key, trust).Post(req.Context(), req.URL.Path, asked.Question)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		var named struct {
			BasisID string `json:"basis_id"`
		}
		_ = json.Unmarshal(answer.Body, &named) // an exchange names none at this place
		_ = json.NewEncoder(w).Encode(map[string]any{"status": answer.Status, "code": answer.Problem().Code, "basis_id": named.BasisID})
	})
}
