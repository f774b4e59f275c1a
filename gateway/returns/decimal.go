package returns

import (
	"math/big"
	"strings"
)

// decimalPlaces is how many digits after the point a number may have: as many as the
// catalogue's decimals.
const decimalPlaces = 9

// sum adds decimal numbers exactly. Its own digits stay in 64 bits as long as they
// fit; what does not goes into total. The zero value is 0.
type sum struct {
	small int64
	total big.Int
}

const smallLimit = 1 << 61

// parseDecimal reads a number in units of 10⁻⁹; those of at most 9 digits before the
// point, nearly all, do not leave 64 bits.
func parseDecimal(text string) (*big.Int, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 40 || point && fraction == "" || len(fraction) > decimalPlaces || !allDigits(whole) || !allDigits(fraction) {
		return nil, false
	}
	value, ok := new(big.Int).SetString(whole+fraction+strings.Repeat("0", decimalPlaces-len(fraction)), 10)
	if ok && negative {
		value.Neg(value)
	}
	return value, ok
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// add adds a number that the catalogue's rule of its type has accepted; "" is none.
func (s *sum) add(text string) bool {
	if text == "" {
		return true
	}
	if value, ok := smallDecimal(text); ok {
		s.small += value
		if s.small > smallLimit || s.small < -smallLimit {
			s.settle()
		}
		return true
	}
	value, ok := parseDecimal(text)
	if ok {
		s.total.Add(&s.total, value)
	}
	return ok
}

// smallDecimal reads a number below 10⁹ without an allocation.
func smallDecimal(text string) (value int64, ok bool) {
	at, negative := 0, false
	if text[0] == '-' {
		at, negative = 1, true
	}
	begin, point := at, -1
	for ; at < len(text); at++ {
		switch c := text[at]; {
		case c >= '0' && c <= '9':
			value = value*10 + int64(c-'0')
		case c == '.' && point < 0 && at > begin:
			point = at
		default:
			return 0, false
		}
		if point < 0 && at-begin >= 9 {
			return 0, false
		}
	}
	places := 0
	if point >= 0 {
		places = len(text) - point - 1
	}
	if at == begin || point >= 0 && places == 0 || places > decimalPlaces {
		return 0, false
	}
	for ; places < decimalPlaces; places++ {
		value *= 10
	}
	if negative {
		value = -value
	}
	return value, true
}

func (s *sum) settle() {
	s.total.Add(&s.total, big.NewInt(s.small))
	s.small = 0
}

// String writes the sum without needless zeros.
func (s *sum) String() string {
	s.settle()
	return decimalText(&s.total)
}

func decimalText(value *big.Int) string {
	digits := new(big.Int).Abs(value).String()
	if missing := decimalPlaces + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	whole, fraction := digits[:len(digits)-decimalPlaces], strings.TrimRight(digits[len(digits)-decimalPlaces:], "0")
	text := whole
	if fraction != "" {
		text += "." + fraction
	}
	if value.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// SameNumber compares two decimal numbers, however they are written.
func SameNumber(a, b string) bool {
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	return okX && okY && x.Cmp(y) == 0
}
