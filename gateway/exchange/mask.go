package exchange

import "unicode/utf8"

// masks hide the middle of a value in the way that 政务 systems show it. An unknown
// mask hides everything.
var masks = map[string]func(string) string{
	"id_number": func(v string) string { return keepEnds(v, 6, 4) },
	"phone":     func(v string) string { return keepEnds(v, 3, 4) },
	"name":      func(v string) string { return keepEnds(v, 1, 0) },
	"address":   func(v string) string { return keepEnds(v, 6, 0) },
	"all":       func(v string) string { return keepEnds(v, 0, 0) },
}

// masked applies the mask that belongs to a field's name, or hides all of it.
func masked(field, value string) string {
	if mask, known := masks[field]; known {
		return mask(value)
	}
	return keepEnds(value, 0, 0)
}

// keepEnds replaces all but the first and last characters by asterisks; a value too
// short to hide anything is hidden whole.
func keepEnds(value string, first, last int) string {
	length := utf8.RuneCountInString(value)
	if first+last >= length {
		first, last = 0, 0
	}
	out, position := make([]rune, 0, length), 0
	for _, char := range value {
		if position >= first && position < length-last {
			char = '*'
		}
		out = append(out, char)
		position++
	}
	return string(out)
}
