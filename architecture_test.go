package kapok_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers lists the rooms of Kapok from the ground up. A package imports only from
// layers below its own; packages of one layer do not know each other. A folder
// speaks for everything beneath it unless a longer name is listed as well.
var layers = [][]string{
	{"gateway", "deploy/examples"},
	{"crypto/sm"},
	{"crypto/jose", "crypto/httpsig", "crypto/pki"},
	{"crypto/keys", "crypto/tsp"},
	{"crypto/eseal"},
	{"gateway/licence/ofd"},
	{"gateway/licence/verify"},
	{"gateway/editions", "gateway/federation", "catalog", "policies", "connectors", "gateway/basis", "gateway/ledger", "gateway/licence", "gateway/predicate"},
	{"connectors/jsonrecords", "connectors/settings", "connectors/guard"},
	{"connectors/certshare", "connectors/files", "connectors/gjgxjhpt", "connectors/gjzwfwpt", "connectors/licenceapp", "connectors/peer", "connectors/rest", "connectors/sqlsource", "connectors/tif"},
	{"connectors/builtin"},
	{"connectors/connectortest", "gateway/postgres/local"},
	{"gateway/evidence", "gateway/timestamp", "gateway/replay", "gateway/confirmation"},
	{"gateway/messages"},
	{"gateway/exchange", "gateway/safe", "gateway/returns", "gateway/grants", "gateway/licensing", "gateway/cases", "gateway/mandates"},
	{"gateway/publishing", "gateway/enrolling"},
	{"gateway/batch", "gateway/facade", "gateway/subscriptions"},
	{"gateway/postgres"},
	{"gateway/postgres/pgtest"},
	{"gateway/web"},
	{"gateway/httpapi"},
	{"gateway/bench"},
	{"cmd"},
}

// exclusive names who alone may import a library: the prefix of an import path,
// and the folders that hold the right.
var exclusive = []struct {
	library string
	holders []string
	reason  string
}{
	{"github.com/gin-gonic/gin", []string{"gateway/httpapi", "gateway/bench"}, "one place speaks HTTP to callers; the benchmark measures against bare Gin"},
	{"github.com/jackc/pgx", []string{"gateway/postgres", "connectors/sqlsource"}, "one place speaks SQL to Kapok's own database, one to others'"},
	{"github.com/pkg/sftp", []string{"connectors/files", "cmd/kapok-sandbox/drop"}, "one place fetches files from others, one plays them"},
	{"github.com/go-sql-driver/mysql", []string{"connectors/sqlsource"}, "one place speaks SQL to others' databases"},
	{"github.com/riverqueue/river", []string{"gateway/postgres"}, "one place runs jobs, on the one database"},
	{"github.com/emmansun/gmsm", []string{"crypto"}, "nobody verifies without the second opinion"},
	{"github.com/tjfoc/gmsm", []string{"crypto/sm"}, "it is safe only behind the strict wrapper"},
	{"github.com/hashicorp/vault/api", []string{"crypto/keys"}, "one place holds Vault's token"},
	{"github.com/hashicorp/vault/sdk", []string{"cmd/vault-plugin-gm"}, "only the plugin runs inside Vault"},
	{"github.com/cedar-policy/cedar-go", []string{"policies"}, "one place decides"},
	{"github.com/zitadel/oidc", []string{"cmd/kapok-sandbox"}, "Kapok is a relying party, never a provider"},
}

// forbidden names imports that a folder must never have, directly or through
// other packages of Kapok.
var forbidden = []struct {
	folder string
	never  []string
	reason string
}{
	{"cmd/kapok-verify", []string{"kapok/gateway/postgres", "kapok/gateway/httpapi", "kapok/gateway/exchange", "github.com/gin-gonic/gin", "database/sql", "github.com/jackc/pgx"}, "the verifier trusts no server and no database"},
	{"cmd/kapok-sandbox", []string{"kapok/connectors", "kapok/gateway/exchange", "kapok/gateway/postgres"}, "the outside world shares no code with what is tested against it"},
	{"gateway/exchange", []string{"github.com/gin-gonic/gin", "github.com/jackc/pgx"}, "the one path knows neither its door nor its store"},
}

func TestLayers(t *testing.T) {
	for folder, imports := range sourceImports(t) {
		room, layer := roomOf(t, folder)
		for _, imported := range imports {
			target, internal := strings.CutPrefix(imported, "kapok/")
			if !internal {
				continue
			}
			if other, below := roomOf(t, target); other != room && below >= layer {
				t.Errorf("%s imports %s, which is not in a layer below its own", folder, target)
			}
		}
	}
}

func TestExclusiveRights(t *testing.T) {
	for folder, imports := range sourceImports(t) {
		for _, right := range exclusive {
			for _, imported := range imports {
				if within(imported, right.library) && !anyWithin(folder, right.holders) {
					t.Errorf("%s imports %s, a right of %v: %s", folder, imported, right.holders, right.reason)
				}
			}
		}
	}
}

func TestForbiddenImports(t *testing.T) {
	imports := sourceImports(t)
	for _, ban := range forbidden {
		for imported, chain := range reachable(imports, ban.folder) {
			if anyWithin(imported, ban.never) {
				t.Errorf("%s reaches %s through %v: %s", ban.folder, imported, chain, ban.reason)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, folder := range sourceFolders(t) {
		if !hasPackageDoc(t, folder) {
			t.Errorf("%s has no package comment", folder)
		}
	}
}

// sourceImports reads the files itself: a test that asked the go command would be
// served from the test cache after an import had changed.
func sourceImports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	eachSource(t, func(folder, file string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[folder] = append(found[folder], imported)
		}
	})
	return found
}

func eachSource(t *testing.T, visit func(folder, file string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && skipped(name) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			visit(path.Dir(filepath.ToSlash(name)), name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skipped leaves out what is not Kapok's own source: hidden and built folders, and
// modules of their own.
func skipped(folder string) bool {
	name := filepath.Base(folder)
	return name != "." && strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" ||
		folder == "bin" || folder == "var" || folder == filepath.Join("deploy", "vault")
}

func sourceFolders(t *testing.T) []string {
	t.Helper()
	seen, folders := map[string]bool{}, []string{}
	eachSource(t, func(folder, _ string) {
		if !seen[folder] {
			seen[folder] = true
			folders = append(folders, folder)
		}
	})
	return folders
}

func hasPackageDoc(t *testing.T, folder string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Doc != nil {
			return true
		}
	}
	return false
}

// roomOf finds the longest listed name that holds the folder, and its layer.
func roomOf(t *testing.T, folder string) (room string, layer int) {
	t.Helper()
	layer = -1
	for number, rooms := range layers {
		for _, candidate := range rooms {
			if within(folder, candidate) && len(candidate) > len(room) {
				room, layer = candidate, number
			}
		}
	}
	if layer < 0 {
		t.Fatalf("%s stands in no layer; add it to the table", folder)
	}
	if room == "cmd" {
		room = command(folder)
	}
	return room, layer
}

func command(folder string) string {
	parts := strings.SplitN(folder, "/", 3)
	return path.Join(parts[:min(len(parts), 2)]...)
}

// reachable follows the imports of folder and everything beneath it through
// Kapok's own packages; each import comes with the package that brought it.
func reachable(imports map[string][]string, folder string) map[string]string {
	reached, queue := map[string]string{}, []string{}
	for candidate := range imports {
		if within(candidate, folder) {
			queue = append(queue, candidate)
		}
	}
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		for _, imported := range imports[from] {
			if _, known := reached[imported]; known {
				continue
			}
			reached[imported] = from
			if internal, ok := strings.CutPrefix(imported, "kapok/"); ok {
				queue = append(queue, internal)
			}
		}
	}
	return reached
}

func within(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"/")
}

func anyWithin(name string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if within(name, prefix) {
			return true
		}
	}
	return false
}
