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
	files := map[string][]byte{}
	for _, section := range sections {
		content, err := json.Marshal(section.write(c))
		if err != nil {
			return nil, fmt.Errorf("catalog: %s: %w", section.key, err)
		}
		var records []json.RawMessage
		if err := json.Unmarshal(content, &records); err != nil {
			return nil, fmt.Errorf("catalog: %s: %w", section.key, err)
		}
		if len(records) == 0 {
			continue
		}
		out := bytes.NewBufferString(section.key + ":\n")
		for _, record := range records {
			if err := writeRecord(out, record); err != nil {
				return nil, fmt.Errorf("catalog: %s: %w", section.key, err)
			}
		}
		files[strings.ReplaceAll(section.key, "_", "-")+".yaml"] = out.Bytes()
	}
	return files, nil
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
