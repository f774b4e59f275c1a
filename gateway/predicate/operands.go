package predicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// Operands are what a value is tested against, as text. In JSON it is one value, or a
// list of them; each a string, a number as it is written, true or false.
type Operands []string

// UnmarshalJSON reads one value or a list.
func (o *Operands) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	*o = make(Operands, len(list))
	for i, one := range list {
		written, ok := operandText(one)
		if !ok {
			return errors.New("a value is a string, a number, true or false, or a list of them")
		}
		(*o)[i] = written
	}
	return nil
}

func operandText(value any) (string, bool) {
	switch known := value.(type) {
	case string:
		return known, true
	case json.Number:
		return known.String(), true
	case bool:
		return map[bool]string{true: "true", false: "false"}[known], true
	}
	return "", false
}

// MarshalJSON writes one value as itself, several as a list.
func (o Operands) MarshalJSON() ([]byte, error) {
	if len(o) == 1 {
		return json.Marshal(o[0])
	}
	return json.Marshal(slices.Clone([]string(o)))
}
