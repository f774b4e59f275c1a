package spreadsheet

import "fmt"

// together checks what one cell alone does not show.
func (f *form) together() {
	for _, item := range f.items {
		for _, check := range []func(*entry){f.hasFields, f.namesDiffer, f.sourceNamesDiffer, f.hasSource} {
			check(item)
		}
		f.relatedKnown(item)
	}
}

func (f *form) hasFields(item *entry) {
	if len(item.fields) == 0 {
		f.reportCell(item.table, item.row, fieldColumn("name"), noField)
	}
}

func (f *form) namesDiffer(item *entry) {
	f.differ(item, "name", func(filled map[string]any) any { return filled["name"] })
}

func (f *form) sourceNamesDiffer(item *entry) {
	f.differ(item, "source_name", func(filled map[string]any) any {
		if own, there := filled["source_name"]; there {
			return own
		}
		return filled["name"]
	})
}

// differ reports the fields of an item that have the same name as one above, and keeps
// the first.
func (f *form) differ(item *entry, key string, of func(map[string]any) any) {
	at, seen, kept := fieldColumn(key), map[any]int{}, item.fields[:0]
	for _, one := range item.fields {
		before, again := seen[of(one.filled)]
		if again {
			f.reportCell(item.table, one.row, at, rule{
				fmt.Sprintf("与第 %d 行的相同。", before), fmt.Sprintf("Row %d has the same.", before),
			})
			continue
		}
		seen[of(one.filled)] = one.row
		kept = append(kept, one)
	}
	item.fields = kept
}

// hasSource checks the source by the sharing type: what is not shared has none.
func (f *form) hasSource(item *entry) {
	shared := item.filled["shared_type"] != "不予"
	for at, c := range itemColumns {
		value, there := item.filled[c.key]
		switch {
		case c.key == "source" && shared && !there:
			f.reportCell(item.table, item.row, at, c.rule)
		case c.key == "source" && shared:
			if _, known := f.base.Source(fmt.Sprint(value)); known {
				continue
			}
			f.reportCell(item.table, item.row, at, c.rule)
		case (c.key == "source" || c.key == "source_settings") && !shared && there:
			f.reportCell(item.table, item.row, at, c.rule)
			delete(item.filled, c.key)
			continue
		default:
			continue
		}
		f.anySource(item)
	}
}

// anySource stands in for one that is wrong, so that the rest is judged.
func (f *form) anySource(item *entry) {
	for source := range f.base.Sources() {
		item.filled["source"] = source.ID
		return
	}
}

func (f *form) relatedKnown(item *entry) {
	related, _ := item.filled["related"].([]any)
	for _, code := range related {
		_, inBase := f.base.Item(fmt.Sprint(code))
		if _, inForm := f.codes[fmt.Sprint(code)]; inBase || inForm {
			continue
		}
		for at, c := range itemColumns {
			if c.key == "related" {
				f.reportCell(item.table, item.row, at, c.rule)
			}
		}
		delete(item.filled, "related")
		return
	}
}

// fieldColumn is the place in columns() of a field's key.
func fieldColumn(key string) int {
	for i, c := range fieldColumns {
		if c.key == key {
			return len(itemColumns) + i
		}
	}
	return -1
}
