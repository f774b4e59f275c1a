package local

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
)

// oldest is the oldest major version whose SQL Kapok speaks.
const oldest = 15

// binaries is one installed PostgreSQL.
type binaries struct {
	folder string
	major  int
}

// places are where PostgreSQL's server binaries are installed: Debian and Ubuntu,
// Red Hat and its kin, Alpine, Homebrew on both kinds of Mac, Postgres.app.
func places() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/opt/homebrew/opt/postgresql/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}
}

// choose picks the newest installed PostgreSQL, or, when a data folder exists
// already (major > 0), one of the major version that wrote it.
func choose(ctx context.Context, major int) (binaries, error) {
	found := installed(ctx)
	if err := ctx.Err(); err != nil {
		return binaries{}, err // asking for versions was cut short
	}
	if len(found) == 0 {
		return binaries{}, fmt.Errorf("no PostgreSQL %d or newer is installed here: %s, or set DATABASE_URL to a server that runs", oldest, advice("postgresql", "postgresql@17"))
	}
	if major == 0 {
		return found[0], nil
	}
	for _, one := range found {
		if one.major == major {
			return one, nil
		}
	}
	return binaries{}, fmt.Errorf("the data folder was written by PostgreSQL %d, and only PostgreSQL %d is installed: %s, or move the data with pg_dump and pg_restore; the folder was left as it is",
		major, found[0].major, advice("postgresql-"+strconv.Itoa(major), "postgresql@"+strconv.Itoa(major)))
}

// installed lists what is there, newest first, in the order of places within a version.
func installed(ctx context.Context) []binaries {
	var found []binaries
	for _, folder := range folders() {
		major, err := majorOf(ctx, folder)
		if err == nil && major >= oldest {
			found = append(found, binaries{folder: folder, major: major})
		}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	return found
}

func folders() []string {
	var all []string
	for _, pattern := range places() {
		matches, err := filepath.Glob(pattern)
		if err == nil {
			all = append(all, matches...)
		}
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			all = append(all, filepath.Dir(real))
		}
	}
	return all
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// majorOf asks the server itself, and makes sure that initdb lies beside it: some
// packages install only a client.
func majorOf(ctx context.Context, folder string) (int, error) {
	if _, err := exec.LookPath(filepath.Join(folder, "initdb")); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("no version in the answer of postgres --version")
	}
	return strconv.Atoi(string(match[1]))
}

func advice(debian, homebrew string) string {
	if runtime.GOOS == "darwin" {
		return "brew install " + homebrew
	}
	return "apt-get install " + debian
}
