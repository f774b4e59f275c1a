package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Case is one test of a set, written as text: a request and what a person is told.
type Case struct {
	Name  string // file/name
	Input Input
	Want  string
}

// Cases reads the tests beside the policies: base.json, a request that others are laid
// over, and *.txtar, in which <name>.request (members that differ from base.json) is
// followed by <name>.decision (as [Decision.Text] writes it).
func Cases(folder fs.FS) ([]Case, error) {
	base, err := fs.ReadFile(folder, "base.json")
	if err != nil {
		return nil, fmt.Errorf("policies: tests need a base.json: %w", err)
	}
	files, err := fs.Glob(folder, "*.txtar")
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	var cases []Case
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
		found, err := casesOf(strings.TrimSuffix(file, ".txtar"), base, txtar.Parse(text).Files)
		if err != nil {
			return nil, fmt.Errorf("policies: %s: %w", file, err)
		}
		cases = append(cases, found...)
	}
	return cases, nil
}

func casesOf(group string, base []byte, files []txtar.File) ([]Case, error) {
	if len(files)%2 != 0 {
		return nil, fmt.Errorf("each request is followed by its decision")
	}
	var cases []Case
	for i := 0; i < len(files); i += 2 {
		name, ok := strings.CutSuffix(files[i].Name, ".request")
		if !ok || files[i+1].Name != name+".decision" {
			return nil, fmt.Errorf("%s: each <name>.request is followed by its <name>.decision", files[i].Name)
		}
		c := Case{Name: group + "/" + name, Want: string(files[i+1].Data)}
		for _, text := range [][]byte{base, files[i].Data} {
			if err := c.Input.Overlay(text); err != nil {
				return nil, fmt.Errorf("%s: %w", files[i].Name, err)
			}
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// Overlay lays the members of a JSON object over the input. A member that the input
// does not have is an error.
func (in *Input) Overlay(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(in)
}

// Text puts a decision into words, one fact a line.
func (d Decision) Text() string {
	var out strings.Builder
	if d.Allowed {
		fmt.Fprintln(&out, "allowed")
	} else {
		fmt.Fprintln(&out, "refused:", d.Code)
	}
	if len(d.Excess) > 0 {
		fmt.Fprintln(&out, "excess:", strings.Join(d.Excess, " "))
	}
	for _, reason := range d.Reasons {
		fmt.Fprintf(&out, "%s\n  %s\n  %s\n", reason.Policy, reason.Zh, reason.En)
	}
	if len(d.Obligations) > 0 {
		fmt.Fprintln(&out, "duties:", strings.Join(d.Obligations, " "))
	}
	if d.Remedy.Zh != "" {
		fmt.Fprintf(&out, "remedy\n  %s\n  %s\n", d.Remedy.Zh, d.Remedy.En)
	}
	return out.String()
}
