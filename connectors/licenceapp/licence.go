package licenceapp

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

// States of a licence (license_status). Only an issued one (已签发) may be used.
const (
	issued    = "ISSUED"
	abolished = "ABOLISHED"
)

// readLicence makes one record of a licence's own members and its data_fields.
func readLicence(whole jsonrecords.Value) (connectors.Record, error) {
	data, present := jsonrecords.Pointer{"data"}.Follow(whole)
	if !present {
		return nil, fmt.Errorf("%w: the answer holds no licence", connectors.ErrGarbage)
	}
	record, err := jsonrecords.ReadRecord(data)
	if err != nil {
		return nil, err
	}
	if record["license_status"] != issued {
		return nil, fmt.Errorf("%w: the licence was listed as issued and is not", connectors.ErrRefused)
	}
	fields, err := readFields(record["data_fields"])
	if err != nil {
		return nil, err
	}
	delete(record, "data_fields")
	for name, value := range fields {
		if _, twice := record[name]; twice {
			return nil, fmt.Errorf("%w: a name stands in the licence and in its data_fields", connectors.ErrGarbage)
		}
		record[name] = value
	}
	return record, nil
}

// readFields reads the JSON text that data_fields is. Single quotes are read as double
// ones only where there is no double one, so that no value is taken apart.
func readFields(text string) (connectors.Record, error) {
	if text == "" {
		return nil, nil
	}
	whole, valid := jsonrecords.Parse([]byte(text))
	if !valid && !strings.Contains(text, `"`) {
		whole, valid = jsonrecords.Parse([]byte(strings.ReplaceAll(text, "'", `"`)))
	}
	if !valid {
		return nil, fmt.Errorf("%w: data_fields is not JSON", connectors.ErrGarbage)
	}
	return jsonrecords.ReadRecord(whole)
}

// readTime reads the envelope's timestamp.
func readTime(whole jsonrecords.Value) (time.Time, error) {
	written, sent := jsonrecords.Pointer{"timestamp"}.Text(whole)
	if !sent || written == "" {
		return time.Time{}, nil
	}
	const digitsOfMilliseconds = 13
	if ms, err := strconv.ParseInt(written, 10, 64); err == nil && len(written) == digitsOfMilliseconds {
		return time.UnixMilli(ms).UTC(), nil
	}
	return jsonrecords.ReadTime(written)
}
