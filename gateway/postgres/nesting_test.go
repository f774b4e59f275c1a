package postgres

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestTransactionsDoNotNest reads the source: what runs inside inTx uses its
// transaction and no method or pool of the store it belongs to.
func TestTransactionsDoNotNest(t *testing.T) {
	if found := nested(t, "probe.go", nestingProbe); len(found) != 2 {
		t.Fatalf("the test sees %v in its own probe", found)
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no source", err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			for _, place := range nested(t, file, nil) {
				t.Errorf("%s: inside a transaction, only the transaction may be used", place)
			}
		}
	}
}

const nestingProbe = `package probe

func (db *DB) wrong(ctx context.Context) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		db.Other(ctx)
		_, err := db.pool.Exec(ctx, "")
		return right(ctx, tx)
	})
}`

// nested lists where a function given to X.inTx mentions X again.
func nested(t *testing.T, name string, source any) []string {
	t.Helper()
	files := gotoken.NewFileSet()
	file, err := parser.ParseFile(files, name, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(node ast.Node) bool {
		store, body := transaction(node)
		if body == nil {
			return true
		}
		ast.Inspect(body, func(inner ast.Node) bool {
			if used, ok := inner.(*ast.SelectorExpr); ok {
				if name, ok := used.X.(*ast.Ident); ok && name.Name == store {
					found = append(found, files.Position(inner.Pos()).String())
				}
			}
			return true
		})
		return true
	})
	return found
}

// transaction is the store and the function of a call of inTx.
func transaction(node ast.Node) (store string, body ast.Node) {
	call, ok := node.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return "", nil
	}
	called, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || called.Sel.Name != "inTx" {
		return "", nil
	}
	name, ok := called.X.(*ast.Ident)
	if !ok {
		return "", nil
	}
	return name.Name, call.Args[1]
}
