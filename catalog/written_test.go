package catalog

import (
	"testing"
	"testing/fstest"
)

// TestWrittenAndReadBack: what Files writes is the same catalogue.
func TestWrittenAndReadBack(t *testing.T) {
	first := loadExample(t)
	files, err := first.Files()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for file, content := range files {
		folder[file] = &fstest.MapFile{Data: content}
	}
	again, err := Load(folder, trial)
	if err != nil {
		t.Fatalf("%v\n%s", err, files["items.yaml"])
	}
	if again.Digest() != first.Digest() {
		t.Error("the digest changed by writing and reading back")
	}
	if len(again.departments) != len(first.departments) || len(again.staff) != len(first.staff) || len(again.licenceTypes) == 0 || len(again.returned) == 0 {
		t.Error("records were lost, or the example has none of a kind")
	}
}
