package report

import (
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
	c := compared(documents)
	rows := [][]string{{"Projection", "requests", "bandwidth", "30 days", "idle", "an event more", "rate"}}
	var missing []string
	for _, v := range c {
		row, ok := v.project(p)
		if !ok {
			missing = append(missing, v.name)
			continue
		}
		rows = append(rows, row)
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
	lines = append(lines, of)
	lines = append(lines, indented("bandwidth = clients × (idle + rate × an event more), of both directions; idle: bytes a second of a client, a poller's × the measured "+
		"interval / the one asked for; requests likewise; 30 days = bandwidth × 2,592,000 s")...)
	if len(missing) > 0 {
		lines = append(lines, indented("left out, since no phase before publish.from shows what idle clients cost: "+strings.Join(missing, ", "))...)
	}
	_, err = fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

// project is a variant's row; false where what it costs idle or for an event was not measured.
func (v *variant) project(p Projection) (row []string, ok bool) {
	idle, ok1 := v.cost(idleBytes)
	event, ok2 := v.cost((*results.Cost).EventBytes)
	if !ok1 || !ok2 {
		return nil, false
	}
	requests, _ := v.cost(func(c *results.Cost) (float64, bool) { return c.Idle.Requests, c.HasIdle() })
	each, _ := v.cost((*results.Cost).EventRequests)
	rate := p.Rate
	if rate == 0 {
		rate, _ = v.cost(busyRate)
	}
	if interval := v.costs[0].Interval.Seconds(); interval > 0 && p.Interval > 0 {
		idle *= interval / p.Interval
		requests *= interval / p.Interval
	}
	bytes := p.Clients * (idle + rate*event)
	return []string{
		"  " + v.name, results.Format(p.Clients*(requests+rate*each), results.UnitOne) + "/s", bits(bytes * 8),
		results.Format(bytes*month, results.UnitBytes), results.Format(idle, results.UnitBytes) + "/s", results.Format(event, results.UnitBytes), perSecond(rate),
	}, true
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
