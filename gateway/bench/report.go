package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// print writes the result for a terminal.
func (r Result) print(out io.Writer) error {
	var text strings.Builder
	for _, part := range []func(io.Writer){
		r.printMachine, r.printStandings, r.printTimes, r.printBudget, r.printChecks,
	} {
		part(&text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (r Result) printMachine(out io.Writer) {
	m, l := r.Machine, r.Load
	fmt.Fprintf(out, "Kapok bench   %s   %s %s   %s, %d CPUs, GOMAXPROCS %d\n",
		r.At.Format(time.DateTime), m.Go, m.Platform, m.Processor, m.CPUs, m.GOMAXPROCS)
	fmt.Fprintf(out, "PostgreSQL    %s   data on %s, one write to disk %s\n", r.settings(), m.FileSystem, m.Sync)
	if m.FileSystem == "tmpfs" {
		fmt.Fprintln(out, "              NOT DURABLE: the data lies in memory; choose another folder with --dir")
	}
	fmt.Fprintf(out, "load          %d connections, closed loop; %d rounds, each %v warm-up and %v measured\n",
		l.Connections, l.Rounds, l.Warm, l.Window)
	fmt.Fprintf(out, "              %d systems, %d citizens with a consent each; every request of b and c with its own nonce and signature\n",
		l.Systems, l.Citizens)
	fmt.Fprintf(out, "              c: of every %d calls one on a withdrawn consent and one for a field too many (5 %% refusals); a, b: none\n\n", refusalCycle)
}

func (r Result) settings() string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(r.PostgreSQL)) {
		said = append(said, name+"="+r.PostgreSQL[name])
	}
	return strings.Join(said, " ")
}

func table(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// name is a cell on the left of a table, whose other cells stand to the right.
func name(text string) string { return fmt.Sprintf("%-*s", nameWidth, text) }

const nameWidth = 40

func (r Result) printStandings(out io.Writer) {
	fmt.Fprintln(out, "medians of the rounds")
	rows := table(out)
	fmt.Fprintln(rows, name("")+"\texchanges/s\tp50 ms\tp99 ms\teach round\t")
	for _, one := range r.Contenders {
		fmt.Fprintf(rows, "%s\t%.0f\t%.2f\t%.2f\t%s\t\n", name(one.Key+"  "+one.Title), one.Rate, millis(one.P50), millis(one.P99), eachRound(one.Rounds))
	}
	_ = rows.Flush() // it writes to memory
	rounds := make([]string, len(r.Ratio.Rounds))
	for i, one := range r.Ratio.Rounds {
		rounds[i] = fmt.Sprintf("%.2f", one)
	}
	fmt.Fprintf(out, "\nc/b = %.2f   (each round: %s; by processor time alone: %.2f; the aim is 0.60 or more on 2 cores)\n\n",
		r.Ratio.Median, strings.Join(rounds, " "), r.Ratio.CPU)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// eachRound marks with * a window that ended early.
func eachRound(rounds []Measurement) string {
	said := make([]string, len(rounds))
	for i, one := range rounds {
		said[i] = fmt.Sprintf("%.0f", one.Rate)
		if one.Spent {
			said[i] += "*"
		}
	}
	return strings.Join(said, " ")
}

func (r Result) printTimes(out io.Writer) {
	fmt.Fprintln(out, "processor time for one exchange, µs")
	rows := table(out)
	fmt.Fprintln(rows, name("")+"\tproxy or Kapok\tPostgreSQL\tsource\tgenerator\tall else\tidle\t")
	for _, one := range r.Contenders {
		c := one.CPU
		fmt.Fprintf(rows, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", name(one.Key+"  "+one.Title), c.Contender, c.PostgreSQL, c.Source, c.Generator, c.Others, c.Idle)
	}
	_ = rows.Flush() // it writes to memory
	for _, one := range r.Contenders {
		if share := one.CPU.disturbed(); share > tolerated {
			fmt.Fprintf(out, "NOT ALONE: while %s ran, %.0f %% of the processors went to other work; what counts then is the processor time, not the rate\n", one.Key, 100*share)
		}
	}
	fmt.Fprintln(out)
}

// tolerated is the share of the processors that other work may take unmentioned.
const tolerated = 0.05

func (r Result) printBudget(out io.Writer) {
	fmt.Fprintf(out, "ledger: %d entries in %d commits, %.1f in one; a commit took %.2f ms\n\n",
		r.Commits.Entries, r.Commits.Commits, r.Commits.each(), r.Commits.millis())
	printLines(out, fmt.Sprintf("where Kapok's own time goes (%d samples)", r.Budget.Samples), r.Budget.Steps)
	printLines(out, "and on what", byWeight(r.Budget.Kinds))
}

func printLines(out io.Writer, title string, lines []Line) {
	fmt.Fprintln(out, title)
	fmt.Fprintf(out, "%s  %7s  %7s\n", name(""), "µs", "share")
	for _, one := range lines {
		fmt.Fprintf(out, "%s  %7.1f  %5.1f %%%s\n", name(one.Name), one.Micro, 100*one.Share, foremost(one.Parts))
	}
	fmt.Fprintln(out)
}

// foremost names what most of a step's time went into.
func foremost(parts []Line) string {
	var said []string
	for _, one := range parts[:min(3, len(parts))] {
		if one.Micro >= 1 {
			said = append(said, fmt.Sprintf("%s %.0f", one.Name, one.Micro))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "   " + strings.Join(said, ", ")
}

func byWeight(lines []Line) []Line {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(b.Micro, a.Micro) })
	return lines
}

func (r Result) printChecks(out io.Writer) {
	fmt.Fprintf(out, "every status was compared with the expected one; %d releases (response signature, receipt against the root) and %d refusals of c were verified after the run\n",
		r.Verified.Releases, r.Verified.Refusals)
	for _, one := range r.Contenders {
		for i, round := range one.Rounds {
			for what, count := range round.Wrong {
				fmt.Fprintf(out, "WRONG: %s, round %d: %d answers had status %s\n", one.Key, i+1, count, what)
			}
			if round.Spent {
				fmt.Fprintf(out, "* %s, round %d: the signed requests were used up after %v\n", one.Key, i+1, round.Window.Round(time.Millisecond))
			}
		}
	}
}
