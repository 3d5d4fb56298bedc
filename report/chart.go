package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ssebench/results"
)

// chartWidth is that of a chart of signs, in columns.
const chartWidth = 60

// bars are the heights of a column; nothing at all is a point.
var bars = []rune("▁▂▃▄▅▆▇█")

// chart draws the course of an outage: who was open, who tried, and how late events were, each against its own maximum.
func (p *page) chart(s *results.Series) {
	if len(s.Rows) < 2 {
		return
	}
	width := min(len(s.Rows), chartWidth)
	for _, c := range []struct {
		column, label string
		together      func(sum, value float64) float64 // rows that share a column
	}{
		{"connections.open", "open", func(_, last float64) float64 { return last }},
		{"connections.attempted", "attempts", func(sum, value float64) float64 { return sum + value }},
		{"fanout.latency.max", "latency max", math.Max},
	} {
		at := slices.Index(s.Columns, c.column)
		if at < 0 {
			continue
		}
		values, most := make([]float64, width), 0.0
		for n, row := range s.Rows {
			if at < len(row) && row[at] != nil {
				column := &values[n*width/len(s.Rows)]
				*column = c.together(*column, *row[at])
			}
		}
		for _, value := range values {
			most = math.Max(most, value)
		}
		if most == 0 {
			continue
		}
		unit := results.UnitOne
		if c.column == "fanout.latency.max" {
			unit = results.UnitNanoseconds
		}
		p.line(plain, fmt.Sprintf("  %-11s  %s  most %s", c.label, draw(values, most), results.Format(most, unit)))
	}
	end := nanos(int64(len(s.Rows)) * s.IntervalNS)
	p.line(dim, fmt.Sprintf("  %-11s  0%s%s", "", strings.Repeat(" ", max(width-len(end), 1)-1), end))
}

func draw(values []float64, most float64) string {
	var b strings.Builder
	for _, value := range values {
		if value <= 0 {
			b.WriteByte('.')
			continue
		}
		b.WriteRune(bars[min(int(value/most*float64(len(bars))), len(bars)-1)])
	}
	return b.String()
}
