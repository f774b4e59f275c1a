package policies

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// exampleFiles copies the example set, so that a test can change it.
func exampleFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(Example(), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(Example(), file)
		files[file] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestMistakesRefuseTheSet reads testdata/load/*.txtar: files laid over the example
// set, and every problem that the whole then has.
func TestMistakesRefuseTheSet(t *testing.T) {
	archives, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("archives: %v, %v", archives, err)
	}
	for _, file := range archives {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files, want := exampleFiles(t), ""
			for _, part := range archive.Files {
				if part.Name == "problems" {
					want = string(part.Data)
					continue
				}
				files[part.Name] = &fstest.MapFile{Data: part.Data}
			}
			if diff := cmp.Diff(want, problems(files)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func problems(files fs.FS) string {
	if _, err := Load(files); err != nil {
		return strings.TrimPrefix(err.Error(), "policies: ") + "\n"
	}
	return ""
}

func TestASetNeedsItsSchemaAndItsPolicies(t *testing.T) {
	files := exampleFiles(t)
	delete(files, "schema.cedarschema")
	if _, err := Load(files); err == nil {
		t.Error("a set without schema was loaded")
	}
	only := fstest.MapFS{"schema.cedarschema": exampleFiles(t)["schema.cedarschema"]}
	if _, err := Load(only); err == nil {
		t.Error("a set without policies was loaded")
	}
}

func TestEveryFileIsInTheDigest(t *testing.T) {
	first := exampleSet(t).Digest()
	for file := range exampleFiles(t) {
		files := exampleFiles(t)
		files[file].Data = append(files[file].Data, '\n')
		set, err := Load(files)
		if err != nil {
			t.Fatal(err)
		}
		if set.Digest() == first {
			t.Errorf("a changed %s left the digest as it was", file)
		}
	}
	renamed := exampleFiles(t)
	renamed["national/zzz.cedar"] = renamed["national/sharing.cedar"]
	delete(renamed, "national/sharing.cedar")
	if set, err := Load(renamed); err != nil || set.Digest() == first {
		t.Errorf("a renamed file left the digest as it was (%v)", err)
	}
}

// FuzzLoad: whatever a policy file holds, the set is refused or decides without
// panic, and a set that does not load is never returned.
func FuzzLoad(f *testing.F) {
	for _, file := range exampleFiles(f) {
		f.Add(string(file.Data))
	}
	in := baseInput(f)
	schema := exampleFiles(f)["schema.cedarschema"]
	f.Fuzz(func(t *testing.T, text string) {
		set, err := Load(fstest.MapFS{"schema.cedarschema": schema, "district/a.cedar": {Data: []byte(text)}})
		if (set == nil) == (err == nil) {
			t.Fatal("either a set or an error")
		}
		if set != nil {
			set.Decide(in)
		}
	})
}
