package sqlsource

import (
	"errors"
	"testing"
	"time"

	"kapok/connectors"
)

func TestTextOf(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		kind  string
		value any
		want  string
	}{
		{"TEXT", "测试", "测试"},
		{"VARCHAR", []byte("测试"), "测试"},
		{"BPCHAR", "女  ", "女"},
		{"BOOL", true, "true"},
		{"INT4", int64(-7), "-7"},
		{"UNSIGNED BIGINT", uint64(1 << 63), "9223372036854775808"},
		{"NUMERIC", "1238.50", "1238.50"},
		{"FLOAT8", 0.1, "0.1"},
		{"FLOAT", float32(0.1), "0.1"},
		{"DATE", at, "2026-03-04"},
		{"DATE", []byte("2026-03-04"), "2026-03-04"},
		{"TIMESTAMPTZ", at, "2026-03-04T13:06:07+08:00"},
		{"TIMESTAMP", at, "2026-03-04T05:06:07+08:00"},
		{"DATETIME", []byte("2026-03-04 05:06:07.250"), "2026-03-04T05:06:07.25+08:00"},
		{"JSONB", nil, ""},
	} {
		if got, err := textOf(c.kind, c.value); err != nil || got != c.want {
			t.Errorf("%s %v: %q, %v", c.kind, c.value, got, err)
		}
	}
	for kind, value := range map[string]any{"JSONB": "{}", "BYTEA": []byte{1}, "_TEXT": "{a}", "TEXT": "\xb2\xe2", "BOOL": "yes", "DATETIME": []byte("0000-00-00 00:00:00"), "": "x"} {
		if _, err := textOf(kind, value); !errors.Is(err, connectors.ErrGarbage) {
			t.Errorf("%s was taken: %v", kind, err)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	right := func() map[string]string {
		return map[string]string{
			"dialect": "postgres", "host": "db.example", "database": "d", "user": "u", "password": "p", "views": "share.v_a, v_b",
			"view": "share.v_a", "columns": "id, name", "subject_column": "id",
		}
	}
	secrets := func(string) (string, error) { return "not a certificate", nil }
	if _, err := New(right(), secrets); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"an unknown dialect":      {"dialect", "oracle"},
		"no host":                 {"host", ""},
		"an unlisted view":        {"view", "share.v_c"},
		"a name with a quote":     {"columns", `id, na"me`},
		"a column twice":          {"columns", "id, id"},
		"the subject not read":    {"subject_column", "number"},
		"a lookup that is a term": {"lookup_column", "upper(id)"},
		"no encryption, unsaid":   {"tls", "off"},
		"no secret":               {"password", ""},
		"an authority of nothing": {"tls_ca", "ca"},
		"a port of words":         {"port", "db"},
		"endless statements":      {"statement_timeout", "1h"},
		"no connection":           {"connections", "0"},
		"a misspelt setting":      {"colums", "id"},
	} {
		given := right()
		given[change[0]] = change[1]
		if _, err := New(given, secrets); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
