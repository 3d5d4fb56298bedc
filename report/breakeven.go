package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// line is what one client costs, as a straight line: bytes a second = idle + events a second × event.
type line struct {
	name        string
	idle, event float64
	interval    float64 // of a poller, seconds; 0: it is none
}

// lines gives the variants that have one.
func (c comparison) lines() (all []line) {
	for _, v := range c {
		idle, ok1 := v.cost(idleBytes)
		event, ok2 := v.cost((*results.Cost).EventBytes)
		if ok1 && ok2 {
			all = append(all, line{v.name, idle, event, v.costs[0].Interval.Seconds()})
		}
	}
	return all
}

// crossing gives the rate of events at which two lines meet; false where one is cheaper at every rate.
func crossing(a, b line) (rate float64, ok bool) {
	idle, event := b.idle-a.idle, a.event-b.event
	if event == 0 || idle/event <= 0 {
		return 0, false
	}
	return idle / event, true
}

// breakEven says at which rate of events each variant costs as many bytes as the first.
func (c comparison) breakEven(w io.Writer) error {
	all := c.lines()
	if len(all) < 2 {
		return nil
	}
	first := all[0]
	rate, _ := c[0].cost(busyRate)
	rows := [][]string{{"Break-even in bytes", "idle", "an event more", "against " + first.name}}
	for n, l := range all {
		against := ""
		if n > 0 {
			against = verdictOf(first, l, rate)
		}
		rows = append(rows, []string{"  " + l.name, results.Format(l.idle, results.UnitBytes) + "/s", results.Format(l.event, results.UnitBytes), against})
	}
	lines, err := align(rows, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignLeft)
	if err != nil {
		return err
	}
	lines = append(lines, indented("bytes a second of a client = idle + rate × an event more, a straight line through what was measured idle and at "+
		perSecond(rate)+"; two cost the same at rate = (idle₂ − idle₁) / (event₁ − event₂)")...)
	_, err = fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

// verdictOf says when l is cheaper than the first, and for a poller how seldom it would have to ask at the measured rate.
func verdictOf(first, l line, rate float64) string {
	said := ""
	switch at, ok := crossing(first, l); {
	case !ok && l.idle <= first.idle && l.event <= first.event:
		return "cheaper at every rate"
	case !ok:
		said = "dearer at every rate"
	case l.event < first.event:
		said = "the same at " + perSecond(at) + ", cheaper above"
	default:
		said = "the same at " + perSecond(at) + ", cheaper below"
	}
	if l.interval == 0 {
		return said
	}
	// A poller's idle bytes are those of an empty poll over the interval.
	if room := first.idle + rate*(first.event-l.event); room > 0 {
		seconds := l.idle * l.interval / room
		return said + fmt.Sprintf("; at %s the same if it asked every %s", perSecond(rate), results.Format(seconds*1e9, results.UnitNanoseconds))
	}
	return said + fmt.Sprintf("; at %s dearer however seldom it asks", perSecond(rate))
}

// perSecond writes a rate of events, in the unit in which it is above one.
func perSecond(rate float64) string {
	switch {
	case rate >= 1 || rate == 0:
		return plural(rate, "event", "events") + "/s"
	case rate*60 >= 1:
		return plural(rate*60, "event", "events") + "/min"
	default:
		return plural(rate*hour, "event", "events") + "/h"
	}
}
