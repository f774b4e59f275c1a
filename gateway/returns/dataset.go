package returns

import (
	"fmt"
	"slices"
	"strings"

	"kapok/catalog"
	"kapok/gateway"
)

// Protocol is the catalogue's name of the source that serves what was returned.
const Protocol = "returned"

// The settings of an item whose source is returned data.
const (
	settingSubject = "subject" // the field whose value is the person's number
	settingType    = "id_type" // the code of its type (GB/T 36903); 111 where it is absent
	settingKeys    = "keys"    // fields that tell rows apart, by commas; the subject where absent
	settingSealed  = "sealed"  // further fields to encrypt, by commas
)

// Dataset is what the catalogue says of a dataset of the return list.
type Dataset struct {
	Code     string
	Item     *catalog.Item
	Subject  string // source's name of the column with the person's number
	IDType   gateway.IdentityType
	Pull     *Pull    // nil: it is delivered, not pulled
	Keys     []string // source's names, in the catalogue's order
	Columns  []Column // plain ones first
	bySource map[string]int
}

// Column is one field of a dataset, as it is stored.
type Column struct {
	Name    string // the catalogue's
	Source  string // the provider's
	Sealed  bool   // personal: encrypted under the person's key
	Numeric bool   // is summed
	field   *catalog.Field
}

// NewDataset reads an item whose source protocol is [Protocol].
func NewDataset(item *catalog.Item, settings map[string]string) (*Dataset, error) {
	d := &Dataset{Code: item.Code, Item: item, IDType: gateway.IdentityType(settings[settingType]), bySource: map[string]int{}}
	if d.IDType == "" {
		d.IDType = gateway.CitizenID
	}
	for name := range settings {
		if !slices.Contains(append(pullSettings, settingSubject, settingType, settingKeys, settingSealed), name) {
			return nil, fmt.Errorf("setting %q is not one of returned's", name)
		}
	}
	sealed, err := d.named(settings[settingSealed])
	if err != nil {
		return nil, fmt.Errorf("setting %s: %w", settingSealed, err)
	}
	subject, err := d.named(settings[settingSubject])
	if err != nil || len(subject) != 1 {
		return nil, fmt.Errorf("setting %s names one field of the item", settingSubject)
	}
	d.Subject = subject[0]
	if d.Keys, err = d.named(settings[settingKeys]); err != nil {
		return nil, fmt.Errorf("setting %s: %w", settingKeys, err)
	}
	if len(d.Keys) == 0 {
		d.Keys = subject
	}
	d.columns(append(sealed, d.Subject))
	if d.Pull, err = newPull(settings); err == nil && d.Pull != nil && slices.Contains(d.Sources(), d.Pull.Mark) {
		err = fmt.Errorf("setting %s names a column that is a field of the item", settingMark)
	}
	return d, err
}

// named turns the catalogue's names of fields into the source's.
func (d *Dataset) named(list string) ([]string, error) {
	var found []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		field, known := d.Item.Field(name)
		if !known {
			return nil, fmt.Errorf("the item has no field %q", name)
		}
		found = append(found, field.SourceName)
	}
	return found, nil
}

func (d *Dataset) columns(sealed []string) {
	for _, personal := range []bool{false, true} {
		for i := range d.Item.Fields {
			field := &d.Item.Fields[i]
			if (field.Sensitive || slices.Contains(sealed, field.SourceName)) != personal {
				continue
			}
			d.bySource[field.SourceName] = len(d.Columns)
			d.Columns = append(d.Columns, Column{
				Name: field.Name, Source: field.SourceName, Sealed: personal,
				Numeric: field.Type == "integer" || field.Type == "decimal", field: field,
			})
		}
	}
}

// Plain and Sealed are the catalogue's names of the columns of each sort, as stored.
func (d *Dataset) Plain() []string { return d.namesOf(false) }

// Sealed lists the encrypted columns: see [Dataset.Plain].
func (d *Dataset) Sealed() []string { return d.namesOf(true) }

func (d *Dataset) namesOf(sealed bool) []string {
	names := []string{}
	for _, column := range d.Columns {
		if column.Sealed == sealed {
			names = append(names, column.Name)
		}
	}
	return names
}

// Fits holds a manifest against the catalogue.
func (d *Dataset) Fits(m Manifest) error {
	columns := slices.DeleteFunc(slices.Clone(m.Columns), func(name string) bool { return name == m.Mark })
	for _, column := range d.Columns {
		if column.field.Required && !slices.Contains(columns, column.Source) {
			return manifestInvalid("/columns", "names every column that the catalogue requires")
		}
	}
	for _, rule := range []struct {
		field, says string
		holds       bool
	}{
		{"/item_version", "is for the item's version that is in force", m.ItemVersion == d.Item.Version},
		{"/columns", "names no column that the catalogue does not have", within(columns, d.Sources())},
		{"/columns", "names the person's column and the key columns", slices.Contains(columns, d.Subject) && within(d.Keys, columns)},
		{"/keys", "names the key columns as the catalogue does", sameSet(m.Keys, d.Keys)},
	} {
		if !rule.holds {
			return manifestInvalid(rule.field, rule.says)
		}
	}
	return d.sumsFit(m, columns)
}

func (d *Dataset) sumsFit(m Manifest, columns []string) error {
	for i, file := range m.Files {
		for _, name := range columns {
			_, summed := file.Sums[name]
			if summed != d.Columns[d.bySource[name]].Numeric {
				return manifestInvalid(fmt.Sprintf("/files/%d/sums", i), "sums every numeric column and no other")
			}
		}
		for name := range file.Sums {
			if !slices.Contains(columns, name) {
				return manifestInvalid(fmt.Sprintf("/files/%d/sums", i), "sums every numeric column and no other")
			}
		}
	}
	return nil
}

// Sources are the provider's names of all columns, in the order in which they are stored.
func (d *Dataset) Sources() []string {
	names := make([]string, len(d.Columns))
	for i, column := range d.Columns {
		names[i] = column.Source
	}
	return names
}

func sameSet(a, b []string) bool { return len(a) == len(b) && within(a, b) }
