package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Files writes the catalogue as one file for each section that has records, in YAML
// that [Load] reads back to the same digest. Placeholders stay open.
func (c *Catalog) Files() (map[string][]byte, error) {
	return c.FilesBut(func(string, string) bool { return false })
}

// FilesBut writes the catalogue as [Catalog.Files] does, and leaves out the records of
// which out says so, by section ("items") and id: those that another file replaces.
func (c *Catalog) FilesBut(out func(section, id string) bool) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, section := range sections {
		content, err := section.render(c, out)
		if err != nil {
			return nil, fmt.Errorf("catalog: %s: %w", section.key, err)
		}
		if content != nil {
			files[strings.ReplaceAll(section.key, "_", "-")+".yaml"] = content
		}
	}
	return files, nil
}

// render writes a section; nil where nothing is in it.
func (s section) render(c *Catalog, leaveOut func(section, id string) bool) ([]byte, error) {
	content, err := json.Marshal(s.write(c))
	if err != nil {
		return nil, err
	}
	var records []json.RawMessage
	if err := json.Unmarshal(content, &records); err != nil {
		return nil, err
	}
	out, written := bytes.NewBufferString(s.key+":\n"), 0
	for _, record := range records {
		var known map[string]any
		if err := json.Unmarshal(record, &known); err != nil {
			return nil, err
		}
		if leaveOut(s.key, s.id(known)) {
			continue
		}
		if err := writeRecord(out, record); err != nil {
			return nil, err
		}
		written++
	}
	if written == 0 {
		return nil, nil
	}
	return out.Bytes(), nil
}

// writeRecord writes one member of a section: each of its keys on a line, and what
// lies deeper in YAML's flow style, which is what JSON looks like.
func writeRecord(out *bytes.Buffer, record json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(record))
	if _, err := decoder.Token(); err != nil { // the opening brace
		return err
	}
	for lead := "  - "; decoder.More(); lead = "    " {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s%v:", lead, key)
		if err := writeValue(out, value); err != nil {
			return err
		}
	}
	return nil
}

// writeValue puts the members of a list of mappings on lines of their own, so that two
// versions can be compared line by line.
func writeValue(out *bytes.Buffer, value json.RawMessage) error {
	var members []json.RawMessage
	if len(value) == 0 || value[0] != '[' {
		return writeFlow(out, " ", value)
	}
	if err := json.Unmarshal(value, &members); err != nil {
		return err
	}
	if len(members) == 0 || members[0][0] != '{' {
		return writeFlow(out, " ", value)
	}
	out.WriteByte('\n')
	for _, member := range members {
		if err := writeFlow(out, "      - ", member); err != nil {
			return err
		}
	}
	return nil
}

// writeFlow writes JSON so that YAML reads it as the same: a list that holds nothing
// is a list, and a colon has its blank.
func writeFlow(out *bytes.Buffer, lead string, value json.RawMessage) error {
	if bytes.Equal(value, []byte("null")) {
		value = []byte("[]")
	}
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, value, "", ""); err != nil {
		return err
	}
	out.WriteString(lead)
	out.Write(bytes.ReplaceAll(spaced.Bytes(), []byte("\n"), []byte(" ")))
	out.WriteByte('\n')
	return nil
}
