package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"

	"ssebench/results"
)

// The grid of the chart of bytes against staleness, in signs.
const (
	scatterWidth  = 60
	scatterHeight = 12
)

// point is a variant in the chart.
type point struct {
	name             string
	bytes, staleness float64 // of a client in an hour; ns
}

// chart draws what a client costs in an hour against how stale its events are, both on logarithmic scales: what is low and left is good.
func (c comparison) chart(w io.Writer) error {
	var points []point
	for _, v := range c {
		each, _ := v.cost(busyBytes)
		staleness, _ := v.staleness("p50")
		if each > 0 && staleness > 0 {
			points = append(points, point{v.name, each * hour, staleness})
		}
	}
	if len(points) < 2 || len(points) > 26 {
		return nil
	}
	x := newScale(points, scatterWidth, func(p point) float64 { return p.bytes })
	y := newScale(points, scatterHeight, func(p point) float64 { return p.staleness })
	grid := make([][]byte, scatterHeight)
	for row := range grid {
		grid[row] = []byte(strings.Repeat(" ", scatterWidth))
	}
	var legend []string
	for n, p := range points {
		sign := byte('A' + n)
		row := grid[scatterHeight-1-y.at(p.staleness)]
		row[free(row, x.at(p.bytes))] = sign
		legend = append(legend, fmt.Sprintf("%c %s", sign, p.name))
	}
	var b strings.Builder
	b.WriteString("\nBytes of a client in an hour against staleness p50 (logarithmic; low and left is good)\n")
	for row, signs := range grid {
		label := ""
		switch row {
		case 0:
			label = results.Format(y.high, results.UnitNanoseconds)
		case scatterHeight - 1:
			label = results.Format(y.low, results.UnitNanoseconds)
		}
		fmt.Fprintf(&b, "  %9s │%s\n", label, strings.TrimRight(string(signs), " "))
	}
	low, high := results.Format(x.low, results.UnitBytes), results.Format(x.high, results.UnitBytes)
	fmt.Fprintf(&b, "  %9s └%s\n", "", strings.Repeat("─", scatterWidth))
	fmt.Fprintf(&b, "  %9s  %s%*s\n", "", low, scatterWidth-len(low), high)
	for _, line := range join(legend, " · ", 86) {
		fmt.Fprintf(&b, "  %9s  %s\n", "", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// free is the next free place in a row: to the right, or to the left where there is none. A row has more places than there are signs.
func free(row []byte, column int) int {
	if n := bytes.IndexByte(row[column:], ' '); n >= 0 {
		return column + n
	}
	return bytes.LastIndexByte(row[:column], ' ')
}

// scale is a logarithmic axis of so many signs.
type scale struct {
	low, high float64
	signs     int
}

func newScale(points []point, signs int, of func(point) float64) scale {
	s := scale{low: math.Inf(1), signs: signs}
	for _, p := range points {
		s.low, s.high = min(s.low, of(p)), max(s.high, of(p))
	}
	return s
}

// at gives the place of a value, from 0.
func (s scale) at(value float64) int {
	if s.high <= s.low {
		return 0
	}
	return int(math.Round(math.Log(value/s.low) / math.Log(s.high/s.low) * float64(s.signs-1)))
}
