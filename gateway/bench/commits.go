package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Commits is what Kapok's own metrics say of its ledger: how many entries shared how
// many commits.
type Commits struct {
	Entries int     `json:"entries"`
	Commits int     `json:"commits"`
	Seconds float64 `json:"seconds"` // all of them together
}

func (c Commits) each() float64 { return float64(c.Entries) / float64(max(1, c.Commits)) }

func (c Commits) millis() float64 { return 1000 * c.Seconds / float64(max(1, c.Commits)) }

func (c Commits) plus(other Commits) Commits {
	return Commits{Entries: c.Entries + other.Entries, Commits: c.Commits + other.Commits, Seconds: c.Seconds + other.Seconds}
}

const maxMetrics = 4 << 20 // bytes

// readCommits asks a node that is about to stop, so it covers the warm-up too.
func readCommits(ctx context.Context, base string) (Commits, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", nil)
	if err != nil {
		return Commits{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Commits{}, fmt.Errorf("bench: Kapok's metrics: %w", err)
	}
	defer response.Body.Close()
	figures := map[string]float64{}
	lines := bufio.NewScanner(io.LimitReader(response.Body, maxMetrics))
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if figure, err := strconv.ParseFloat(text, 64); err == nil {
			figures[name] = figure
		}
	}
	return Commits{
		Entries: int(figures["kapok_ledger_entries_total"]),
		Commits: int(figures["kapok_ledger_commit_seconds_count"]),
		Seconds: figures["kapok_ledger_commit_seconds_sum"],
	}, lines.Err()
}
