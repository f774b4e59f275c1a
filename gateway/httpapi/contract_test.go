package httpapi_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"kapok/crypto/sm"
)

// spec is what the tests read of openapi.yaml by themselves.
type spec struct {
	Paths map[string]map[string]struct {
		OperationID string         `yaml:"operationId"`
		Responses   map[string]any `yaml:"responses"`
	} `yaml:"paths"`
	Codes map[string]struct {
		Status int    `yaml:"status"`
		When   string `yaml:"when"`
	} `yaml:"x-codes"`
}

func readSpec(t testing.TB) (spec, []byte) {
	t.Helper()
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s spec
	if err := yaml.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s, raw
}

func TestOpenAPIIsValid(t *testing.T) {
	_, raw := readSpec(t)
	document, err := libopenapi.NewDocument(raw)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, found := v.ValidateDocument(); !ok {
		for _, one := range found {
			t.Errorf("%v %v", one.Message, one.SchemaValidationErrors)
		}
	}
}

func TestGeneratedCodeIsUpToDate(t *testing.T) {
	var parts [][]byte
	for _, name := range []string{"openapi.yaml", "generate.yaml", "generate-overlay.yaml", "api.gen.go"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, content)
	}
	noted, err := os.ReadFile("api.gen.sum")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x\n", sm.Sum(parts...)); got != string(noted) {
		t.Error("api.gen.go is not what openapi.yaml gives, or was changed by hand: run `make generate`")
	}
}

func TestEveryOperationIsServedAndEveryRouteIsDescribed(t *testing.T) {
	described, _ := readSpec(t)
	routed := map[string]bool{}
	for method, addresses := range routesInSource(t) {
		for _, address := range addresses {
			routed[method+" "+braces(address)] = true
		}
	}
	for address, operations := range described.Paths {
		for method := range operations {
			if key := strings.ToUpper(method) + " " + address; !routed[key] {
				t.Errorf("openapi.yaml has %s, and nothing serves it", key)
			}
			delete(routed, strings.ToUpper(method)+" "+address)
		}
	}
	delete(routed, "GET /docs/problems")
	for key := range routed {
		t.Errorf("%s is served, and openapi.yaml does not describe it", key)
	}
}

// routesInSource reads routes.go: what stands there is the API.
func routesInSource(t *testing.T) map[string][]string {
	t.Helper()
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, m := range regexp.MustCompile(`(\w+)\.(GET|POST|HEAD|PATCH)\("([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		prefix := ""
		if m[1] == "citizen" {
			prefix = "/v1/me"
		}
		found[m[2]] = append(found[m[2]], prefix+m[3])
	}
	return found
}

func braces(address string) string {
	return regexp.MustCompile(`:([a-z_]+)`).ReplaceAllString(address, "{$1}")
}

// TestEveryCodeIsDocumented reads the source of all that runs inside Kapok: a code
// that a caller can be told stands in the table of openapi.yaml.
func TestEveryCodeIsDocumented(t *testing.T) {
	described, _ := readSpec(t)
	used := map[string]string{}
	for _, folder := range []string{"../../gateway", "../../policies", "../../crypto", "../../catalog", "../../connectors"} {
		collectCodes(t, folder, used)
	}
	if len(used) < 40 {
		t.Fatalf("only %d codes were found in the source: this test does not see them", len(used))
	}
	for _, code := range slices.Sorted(maps.Keys(used)) {
		if _, ok := described.Codes[code]; !ok {
			t.Errorf("%s (%s) is not in x-codes of openapi.yaml", code, used[code])
		}
	}
	for code, told := range described.Codes {
		if told.Status < 400 || told.Status > 599 || told.When == "" {
			t.Errorf("x-codes: %s says too little", code)
		}
	}
}

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// collectCodes finds the second argument of Fail, and the first of the helpers that
// make an error of kind Unavailable.
func collectCodes(t *testing.T, folder string, into map[string]string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				for _, code := range codesOf(call) {
					into[code] = name
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func codesOf(call *ast.CallExpr) []string {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	if !slices.Contains([]string{"Fail", "unavailable", "fieldNotFound"}, name) {
		return nil
	}
	var codes []string
	for _, argument := range call.Args {
		if literal, ok := argument.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && kebab.MatchString(text) {
				codes = append(codes, text)
			}
		}
	}
	return codes
}

func TestSpecAndProblemTableAreServed(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	served := b.get("/openapi.yaml")
	if _, raw := readSpec(t); string(raw) != string(served.body) || served.Header.Get("Content-Type") != "application/yaml" {
		t.Error("/openapi.yaml is not the file")
	}
	page := b.get("/docs/problems")
	if page.StatusCode != http.StatusOK || !strings.Contains(string(page.body), `id="nonce-replayed"`) {
		t.Errorf("/docs/problems: %d", page.StatusCode)
	}
}
