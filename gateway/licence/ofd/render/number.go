package render

import (
	"math"
	"strconv"
	"strings"
)

// num writes a number that SVG reads, with at most four decimals. What is no number is
// 0: nothing of the document's own spelling reaches the drawing.
func num(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > 1e7 {
		return "0"
	}
	return strconv.FormatFloat(math.Round(x*1e4)/1e4, 'f', -1, 64)
}

func parse(text string, otherwise float64) float64 {
	number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		return otherwise
	}
	return number
}

// numbers reads an array (ST_Array); what is no number ends it.
func numbers(text string) []float64 {
	var found []float64
	for _, field := range strings.Fields(text) {
		number, err := strconv.ParseFloat(field, 64)
		if err != nil {
			break
		}
		found = append(found, number)
	}
	return found
}

type rect struct{ x, y, w, h float64 }

// parseRect reads a box (ST_Box), "x y w h" in mm.
func parseRect(text string) (rect, bool) {
	n := numbers(text)
	if len(n) != 4 || n[2] <= 0 || n[3] <= 0 {
		return rect{}, false
	}
	return rect{n[0], n[1], n[2], n[3]}, true
}

// matrix writes a CTM as SVG's transform; "" when there is none.
func matrix(ctm string) string {
	n := numbers(ctm)
	if len(n) != 6 {
		return ""
	}
	parts := make([]string, 6)
	for i := range n {
		parts[i] = num(n[i])
	}
	return " matrix(" + strings.Join(parts, " ") + ")"
}

// maxDeltas bounds what "g count step" may unfold to: the characters of one line.
const maxDeltas = 10_000

// deltas reads DeltaX and DeltaY, where "g 3 5" stands for "5 5 5" (GB/T 33190, 11.3).
func deltas(text string) []float64 {
	var steps []float64
	fields := strings.Fields(text)
	for i := 0; i < len(fields) && len(steps) < maxDeltas; i++ {
		if fields[i] != "g" || i+2 >= len(fields) {
			steps = append(steps, parse(fields[i], 0))
			continue
		}
		for range min(int(parse(fields[i+1], 0)), maxDeltas-len(steps)) {
			steps = append(steps, parse(fields[i+2], 0))
		}
		i += 2
	}
	return steps
}

// commands of AbbreviatedData, with how many numbers each takes, in SVG's letters.
var commands = map[string]struct {
	letter string
	takes  int
}{"S": {"M", 2}, "M": {"M", 2}, "L": {"L", 2}, "Q": {"Q", 4}, "B": {"C", 6}, "A": {"A", 7}, "C": {"Z", 0}}

// pathData turns AbbreviatedData (GB/T 33190, 9.1) into SVG's; it ends where it is not
// understood.
func pathData(text string) (data string, whole bool) {
	fields := strings.Fields(text)
	var out []string
	for i := 0; i < len(fields); {
		command, known := commands[fields[i]]
		if !known || i+command.takes >= len(fields) {
			return strings.Join(out, " "), false
		}
		taken := numbers(strings.Join(fields[i+1:i+1+command.takes], " "))
		if len(taken) < command.takes {
			return strings.Join(out, " "), false
		}
		out = append(out, command.letter)
		for _, number := range taken {
			out = append(out, num(number))
		}
		i += command.takes + 1
	}
	return strings.Join(out, " "), true
}
