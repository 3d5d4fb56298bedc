package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// Projection is a fleet for which costs are extrapolated.
type Projection struct {
	Clients  float64
	Rate     float64 // events a second for each client; 0: as measured
	Interval float64 // of pollers, seconds; 0: as measured
}

// month is one of 30 days, in seconds.
const month = 30 * 24 * hour

// Project writes what a fleet of clients would cost, by variant, with the formula and all that goes into it.
func Project(w io.Writer, documents []*results.Document, p Projection) error {
	w = plainWriter{w}
	c := compared(documents)
	rows := [][]string{{"Projection", "requests", "bandwidth", "30 days", "idle", "an event more", "rate"}}
	var measured []line
	var without []string
	for _, v := range c {
		l, ok := v.line()
		if !ok {
			without = append(without, v.name)
			continue
		}
		measured, rows = append(measured, l), append(rows, v.project(l, p))
	}
	right := tw.AlignRight
	lines, err := align(rows, tw.AlignLeft, right, right, right, right, right, right)
	if err != nil {
		return err
	}
	of := "  for " + plural(p.Clients, "client", "clients")
	if p.Interval > 0 {
		of += ", polling every " + results.Format(p.Interval*1e9, results.UnitNanoseconds)
	}
	if len(measured) > 0 {
		of += ", from what was measured at " + perSecond(measured[0].rate)
	}
	lines = append(lines, of)
	lines = append(lines, indented("bandwidth = clients × (idle + rate × an event more), of both directions; idle: bytes a second of a client, a poller's × the measured "+
		"interval / the one asked for; requests likewise; 30 days = bandwidth × 2,592,000 s"+ofPollers(measured))...)
	if len(without) > 0 {
		lines = append(lines, indented(unmeasured(without))...)
	}
	_, err = fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

// project is the row of a variant that has a line.
func (v *variant) project(l line, p Projection) []string {
	requests, _ := v.cost(func(c *results.Cost) (float64, bool) { return c.Idle.Requests, c.HasIdle() })
	each, _ := v.cost((*results.Cost).EventRequests)
	rate := cmp.Or(p.Rate, l.rate)
	if l.interval > 0 && p.Interval > 0 {
		l.idle *= l.interval / p.Interval
		requests *= l.interval / p.Interval
	}
	bytes := p.Clients * (l.idle + rate*l.event)
	return []string{
		"  " + v.name, results.Format(p.Clients*(requests+rate*each), results.UnitOne) + "/s", bits(bytes * 8),
		results.Format(bytes*month, results.UnitBytes), results.Format(l.idle, results.UnitBytes) + "/s", results.Format(l.event, results.UnitBytes), perSecond(rate),
	}
}

// bits writes a bandwidth.
func bits(perSecond float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if perSecond >= unit.of {
			return results.Format(perSecond/unit.of, results.UnitOne) + " " + unit.name
		}
	}
	return results.Format(perSecond, results.UnitOne) + " bit/s"
}
