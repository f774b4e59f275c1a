package exchange

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"kapok/catalog"
	"kapok/policies"
)

func TestPoliciesFit(t *testing.T) {
	directory, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://x", "OIDC_ISSUER": "http://x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := policiesFit(loaded(t, policies.Example()), directory); err != nil {
		t.Errorf("the example's policies: %v", err)
	}
	mistyped := edited(t, "departments/tianhe-minzheng.cedar", `Item::"1010010001/000001"`, `Item::"1010010001/000002"`)
	if err := policiesFit(loaded(t, mistyped), directory); err == nil || !strings.Contains(err.Error(), "1010010001/000002") {
		t.Errorf("a mistyped item: %v", err)
	}
}

func loaded(t *testing.T, folder fs.FS) *policies.Set {
	t.Helper()
	set, err := policies.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// edited is the example with one file changed.
func edited(t *testing.T, file, from, to string) fs.FS {
	t.Helper()
	copied := fstest.MapFS{}
	err := fs.WalkDir(policies.Example(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(policies.Example(), name)
		if name == file {
			content = []byte(strings.Replace(string(content), from, to, 1))
		}
		copied[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}
