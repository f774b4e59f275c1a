package catalog

import (
	"strings"
	"testing"
)

func TestPlan(t *testing.T) {
	before := loadExample(t)
	files := exampleFiles(t)
	file := files["items/household.yaml"]
	changed := strings.Replace(string(file.Data), "name: 居民户籍登记信息", "name: 居民户籍登记", 1)
	changed = strings.Replace(changed, "      - { name: birthplace, label: 出生地, type: string, source_name: CSD }\n", "", 1)
	file.Data = []byte(changed)
	changes, err := Plan(before, mustLoad(t, movedPurposes(files)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Change{}
	for _, change := range changes {
		found[change.Member] = change
		if change.Section != "items" || change.ID != "1010010001/000001" || change.What != "changed" {
			t.Errorf("%+v", change)
		}
	}
	if name := found["name"]; name.Old != `"居民户籍登记信息"` || name.New != `"居民户籍登记"` || name.Breaking != "" {
		t.Errorf("name: %+v", name)
	}
	if phone := found["fields/birthplace"]; phone.New != "" || phone.Breaking == "" {
		t.Errorf("phone: %+v", phone)
	}
	if len(changes) != 2 {
		t.Errorf("%d changes: %+v", len(changes), changes)
	}
	if same, err := Plan(before, before); err != nil || len(same) != 0 {
		t.Errorf("compared with itself: %v, %v", same, err)
	}
}

// movedPurposes moves a file: where a record stands is no difference.
func movedPurposes[T any](files map[string]T) map[string]T {
	files["new.yaml"] = files["purposes.yaml"]
	delete(files, "purposes.yaml")
	return files
}
