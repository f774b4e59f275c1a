package sqlsource

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kapok/connectors"
)

// beijing is the zone of times that are written without one.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// plain are the column types whose values are handed on, as the drivers name them, and
// how each is written.
var plain = map[string]func(any) (string, bool){
	"BOOL": flag,
	"TEXT": text, "VARCHAR": text, "NAME": text, "UUID": text, "CHAR": text, "ENUM": text,
	"TINYTEXT": text, "MEDIUMTEXT": text, "LONGTEXT": text, "BPCHAR": padded,
	"INT2": whole, "INT4": whole, "INT8": whole, "NUMERIC": text, "DECIMAL": text,
	"TINYINT": whole, "SMALLINT": whole, "MEDIUMINT": whole, "INT": whole, "BIGINT": whole, "YEAR": whole,
	"UNSIGNED TINYINT": whole, "UNSIGNED SMALLINT": whole, "UNSIGNED MEDIUMINT": whole, "UNSIGNED INT": whole, "UNSIGNED BIGINT": whole,
	"FLOAT4": fraction, "FLOAT8": fraction, "FLOAT": fraction, "DOUBLE": fraction,
	"DATE": day, "TIMESTAMPTZ": instant, "TIMESTAMP": clock, "DATETIME": clock,
}

// textOf writes a value as text; a null is empty.
func textOf(kind string, value any) (string, error) {
	if value == nil {
		return "", nil
	}
	write, known := plain[kind]
	if !known {
		return "", fmt.Errorf("%w: it is of a type that holds no plain value", connectors.ErrGarbage)
	}
	written, fits := write(value)
	if !fits || !utf8.ValidString(written) {
		return "", fmt.Errorf("%w: its value is not one of its type", connectors.ErrGarbage)
	}
	return written, nil
}

func text(value any) (string, bool) {
	switch known := value.(type) {
	case string:
		return known, true
	case []byte:
		return string(known), true
	}
	return "", false
}

// padded is what PostgreSQL fills up with blanks.
func padded(value any) (string, bool) {
	written, fits := text(value)
	return strings.TrimRight(written, " "), fits
}

func flag(value any) (string, bool) {
	known, fits := value.(bool)
	return strconv.FormatBool(known), fits
}

func whole(value any) (string, bool) {
	switch known := value.(type) {
	case int64:
		return strconv.FormatInt(known, 10), true
	case uint64:
		return strconv.FormatUint(known, 10), true
	}
	return text(value)
}

func fraction(value any) (string, bool) {
	switch known := value.(type) {
	case float64:
		return strconv.FormatFloat(known, 'f', -1, 64), true
	case float32:
		return strconv.FormatFloat(float64(known), 'f', -1, 32), true
	}
	return text(value)
}

func day(value any) (string, bool) {
	if at, is := value.(time.Time); is {
		return at.Format(time.DateOnly), true
	}
	return text(value)
}

func instant(value any) (string, bool) {
	at, fits := value.(time.Time)
	return at.In(beijing).Format(time.RFC3339Nano), fits
}

// clock is a time without a zone; the session's zone is Beijing's.
func clock(value any) (string, bool) {
	if at, is := value.(time.Time); is {
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), beijing).Format(time.RFC3339Nano), true
	}
	written, fits := text(value)
	if !fits {
		return "", false
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", written, beijing) // fractions are read too
	return at.Format(time.RFC3339Nano), err == nil
}
