package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"kapok/gateway/returns"
)

// bar shows on a terminal how far a landing came; elsewhere it says nothing.
type bar struct {
	out      io.Writer
	manifest returns.Manifest
	began    time.Time // by the monotonic clock: a clock that jumps does not matter
	first    int64     // rows that an earlier run had landed; -1 until known
	shows    bool
}

const barWidth = 30

func newBar(out *os.File, m returns.Manifest) *bar {
	info, err := out.Stat()
	return &bar{out: out, manifest: m, began: time.Now(), first: -1, shows: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (b *bar) tell(p returns.Progress) {
	if !b.shows {
		return
	}
	all := max(b.manifest.Rows(), 1)
	if b.first < 0 {
		b.first = p.Landed
	}
	speed := float64(p.Landed-b.first) / max(time.Since(b.began).Seconds(), 0.001)
	done := int(min(p.Landed, all) * barWidth / all)
	fmt.Fprintf(b.out, "\r%s%s %3d%%  %d/%d rows  %.0f/s ", strings.Repeat("█", done), strings.Repeat("░", barWidth-done),
		min(p.Landed, all)*100/all, p.Landed, all, speed)
}

func (b *bar) end() {
	if b.shows {
		fmt.Fprintln(b.out)
	}
}
