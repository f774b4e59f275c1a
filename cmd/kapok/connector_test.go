package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// tryConnector runs the scripts of `kapok connector try` beside a running node.
func tryConnector(t *testing.T, d *desk) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/connector",
		Setup: func(env *testscript.Env) error {
			env.Setenv("KAPOK", d.program)
			env.Setenv("CONFIG", d.config)
			return os.WriteFile(filepath.Join(env.WorkDir, "number"), []byte(firstCitizen()+"\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"order": func(_ *testscript.TestScript, _ bool, words []string) { d.order(words[0], 0) },
		},
	})
}
