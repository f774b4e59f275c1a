package demo

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "数源 source": 11, "允许、拒绝。": 12, "「✓」": 5} {
		if got := columnsOf(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func TestLinesAreAligned(t *testing.T) {
	var out bytes.Buffer
	p := &page{out: &out}
	p.line("数源", "source", "X")
	p.line("改动一个字节", "one byte changed", "X")
	p.more(red, "X")
	for line := range strings.Lines(out.String()) {
		if at := columnsOf(line[:strings.Index(line, "X")]); at != 4+labelWidth+1 {
			t.Errorf("the value begins at column %d of %q", at, line)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colour without a terminal")
	}
}

func TestPretty(t *testing.T) {
	got := pretty(question{Fields: []string{"name", "state"}, Subject: subject{IDType: "111"}})
	for _, want := range []string{"\n  \"fields\": [ \"name\", \"state\" ],\n", "\n  \"subject\": { \"id_type\": \"111\", \"id_number\": \"\" },\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q has no %q", got, want)
		}
	}
}

func TestNoKapokIsAnError(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	s := &show{kapok: "http://127.0.0.1:1"}
	if err := s.waitUntilReady(ctx); err == nil {
		t.Error("it was ready")
	}
	if err := Run(ctx, Options{Bundle: filepath.Join(t.TempDir(), "none.json"), Out: os.Stderr}); err == nil {
		t.Error("it ran without a bundle")
	}
}
