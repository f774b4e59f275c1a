package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Change is one difference between two catalogues.
type Change struct {
	Section  string // "items"
	ID       string
	What     string // added, changed, removed
	Member   string // of a changed record: its key, or key/name for one of a list
	Old, New string // JSON; "" for none
	Breaking string // why it takes something from somebody; "" where it does not
}

// Plan lists what would change, by section and record. What breaks a grant is said:
// a loaded catalogue holds no grant on a field that is gone, so it shows as the grant's
// own change beside it, or as a version that grants no longer fit.
func Plan(before, after *Catalog) ([]Change, error) {
	var changes []Change
	for _, section := range sections {
		old, err := section.records(before)
		if err != nil {
			return nil, err
		}
		current, err := section.records(after)
		if err != nil {
			return nil, err
		}
		for _, id := range union(old, current) {
			changes = append(changes, section.compare(id, old[id], current[id])...)
		}
	}
	return changes, nil
}

// records are a section's records by id, as their files have them.
func (s section) records(c *Catalog) (map[string]map[string]any, error) {
	content, err := json.Marshal(s.write(c))
	if err != nil {
		return nil, fmt.Errorf("catalog: %s: %w", s.key, err)
	}
	var list []map[string]any
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, fmt.Errorf("catalog: %s: %w", s.key, err)
	}
	found := make(map[string]map[string]any, len(list))
	for _, record := range list {
		found[s.id(record)] = record
	}
	return found, nil
}

func (s section) compare(id string, old, current map[string]any) []Change {
	switch {
	case old == nil:
		return []Change{{Section: s.key, ID: id, What: "added"}}
	case current == nil:
		return []Change{{Section: s.key, ID: id, What: "removed", Breaking: "what is removed can no longer be used"}}
	}
	var changes []Change
	for _, member := range union(old, current) {
		for _, change := range compareMember(member, old[member], current[member]) {
			change.Section, change.ID, change.What = s.key, id, "changed"
			change.Breaking = s.breaking(change)
			changes = append(changes, change)
		}
	}
	return changes
}

// compareMember compares lists of named things by name, all else as a whole.
func compareMember(member string, old, current any) []Change {
	before, named := byName(old)
	after, alsoNamed := byName(current)
	if named && alsoNamed {
		var changes []Change
		for _, name := range union(before, after) {
			changes = append(changes, compareValue(member+"/"+name, before[name], after[name])...)
		}
		return changes
	}
	return compareValue(member, old, current)
}

func compareValue(member string, old, current any) []Change {
	before, after := written(old), written(current)
	if before == after {
		return nil
	}
	return []Change{{Member: member, Old: before, New: after}}
}

func byName(value any) (map[string]any, bool) {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nil, false
	}
	found := map[string]any{}
	for _, member := range list {
		record, _ := member.(map[string]any)
		name, named := record["name"].(string)
		if !named {
			return nil, false
		}
		found[name] = record
	}
	return found, true
}

func written(value any) string {
	if value == nil {
		return ""
	}
	content, _ := json.Marshal(value) // it came from JSON
	return string(content)
}

// breaking says what a change takes from somebody, where it does.
func (s section) breaking(c Change) string {
	for _, rule := range []struct {
		section, why string
		breaks       bool
	}{
		{"items", "grants and consents for the former version are refused from now on", c.Member == "version"},
		{"items", "a field is gone", len(c.Member) > 7 && c.Member[:7] == "fields/" && c.New == ""},
		{"items", "its sharing type changes what may be granted", c.Member == "shared_type"},
		{"service_items", "what the matter may use of an item changes; uses that ask for more are refused", c.Member == "needs" && c.New != ""},
		{"grants", "the right that was given is another one", true},
	} {
		if rule.section == s.key && rule.breaks {
			return rule.why
		}
	}
	return ""
}

func union[T any](a, b map[string]T) []string {
	keys := map[string]bool{}
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}
