package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kapok/crypto/sm"
	"kapok/gateway/postgres"
)

// terminal makes a session of a member of staff, and keeps its token in a file as
// `kapok catalog --session` reads it.
func (w *world) terminal(subject string, roles ...string) string {
	w.t.Helper()
	raw := make([]byte, 32)
	copy(raw, subject)
	if err := w.nodes[0].database.BeginSession(w.t.Context(), sm.Sum(raw), postgres.Session{
		Issuer: w.outside, Subject: subject, Roles: roles, AuthLevel: "L3", Expires: time.Now().Add(time.Hour),
	}); err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.t.TempDir(), subject)
	if err := os.WriteFile(file, []byte(base64.RawURLEncoding.EncodeToString(raw)+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// TestCatalogCommands runs testdata/script/*.txtar: the command line against a node
// that serves.
func TestCatalogCommands(t *testing.T) {
	w := newWorld(t, 1)
	one, two := w.terminal("staff-bureau-01", "bureau"), w.terminal("staff-bureau-02", "bureau")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SERVER", w.urls[0])
			env.Setenv("ONE", one)
			env.Setenv("TWO", two)
			env.Setenv("POLICIES", policyFolder(t, ""))
			env.Setenv("CHANGED", policyFolder(t, noView))
			env.Setenv("WRONG", policyFolder(t, `permit (principal, action, resource) when { context.purpose == 3 };`))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"kapok": func(ts *testscript.TestScript, neg bool, args []string) {
				var out strings.Builder
				err := run(t.Context(), args, &out)
				_, _ = ts.Stdout().Write([]byte(out.String()))
				if err != nil {
					_, _ = ts.Stderr().Write([]byte(err.Error() + "\n"))
				}
				if (err != nil) != neg {
					ts.Fatalf("kapok %v: %v", args, err)
				}
			},
			// proposed takes the number of the latest proposal of a kind into $PROPOSAL.
			"proposed": func(ts *testscript.TestScript, _ bool, args []string) {
				found, err := w.nodes[0].database.Proposals(t.Context(), args[0], true, 1)
				ts.Check(err)
				ts.Setenv("PROPOSAL", found[0].ID)
			},
		},
	})
}
