package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// line is what one client costs, as a straight line: bytes a second = idle + events a second × event.
type line struct {
	name        string
	idle, event float64
	rate        float64 // of events that was measured
	interval    float64 // of a poller, seconds; 0: it is none
	together    float64 // of a poller, events in an answer with news
}

// line gives the variant's; false where what it costs idle or for an event was not measured.
func (v *variant) line() (line, bool) {
	idle, ok1 := v.cost(idleBytes)
	event, ok2 := v.cost((*results.Cost).EventBytes)
	rate, ok3 := v.cost(busyRate)
	l := line{name: v.name, idle: idle, event: event, rate: rate, interval: v.costs[0].Interval.Seconds()}
	if l.interval > 0 {
		l.together, _ = v.cost(func(c *results.Cost) (float64, bool) {
			answers := c.Busy.Requests - c.Busy.Empty
			return c.Busy.Came / answers, answers > 0
		})
	}
	return l, ok1 && ok2 && ok3
}

// ofPollers says what holds for the events of pollers alone: those of an answer share what it costs beyond an empty one.
func ofPollers(lines []line) string {
	var all []string
	for _, l := range lines {
		if l.together > 0 {
			all = append(all, results.Format(l.together, results.UnitOne)+" ("+l.name+")")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "; a poller's event costs more where fewer share an answer, which had when measured: " + strings.Join(all, ", ")
}

// unmeasured says which variants have no line, and what would give them one.
func unmeasured(names []string) string {
	return "left out: " + strings.Join(names, ", ") + ". A phase before publish.from has to show what idle clients cost, and one from it on what events cost: " +
		"each of them for a poller's interval, the first also for a long poll's timeout and a heartbeat"
}

// crossing gives the rate of events at which two lines meet; false where one is cheaper at every rate.
func crossing(a, b line) (rate float64, ok bool) {
	idle, event := b.idle-a.idle, a.event-b.event
	if event == 0 || idle/event <= 0 {
		return 0, false
	}
	return idle / event, true
}

// triesIdle says whether anything was measured before publishing.
func (c comparison) triesIdle() bool {
	return slices.ContainsFunc(c, func(v *variant) bool { return v.costs[0].Idle.Clients > 0 })
}

// breakEven says at which rate of events each variant costs as many bytes as the first.
func (c comparison) breakEven(w io.Writer) error {
	var all []line
	var without []string
	for _, v := range c {
		if l, ok := v.line(); ok {
			all = append(all, l)
		} else {
			without = append(without, v.name)
		}
	}
	if len(all) < 2 {
		if len(without) == 0 || !c.triesIdle() {
			return nil // nothing to compare, or nobody asked for it
		}
		_, err := fmt.Fprintf(w, "\nBreak-even in bytes\n%s\n", strings.Join(indented(unmeasured(without)), "\n"))
		return err
	}
	first := all[0]
	rows := [][]string{{"Break-even in bytes", "idle", "an event more", "against " + first.name}}
	for n, l := range all {
		against := ""
		if n > 0 {
			against = verdictOf(first, l)
		}
		rows = append(rows, []string{"  " + l.name, results.Format(l.idle, results.UnitBytes) + "/s", results.Format(l.event, results.UnitBytes), against})
	}
	lines, err := align(rows, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignLeft)
	if err != nil {
		return err
	}
	lines = append(lines, indented("bytes a second of a client = idle + rate × an event more, a straight line through what was measured idle and at "+
		perSecond(first.rate)+"; two cost the same at rate = (idle₂ − idle₁) / (event₁ − event₂)"+ofPollers(all))...)
	if len(without) > 0 {
		lines = append(lines, indented(unmeasured(without))...)
	}
	_, err = fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

// verdictOf says when l is cheaper than the first, and for a poller how seldom it would have to ask at the measured rate.
func verdictOf(first, l line) string {
	said := ""
	switch at, ok := crossing(first, l); {
	case l.idle == first.idle && l.event == first.event:
		return "the same at every rate"
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
	if room := first.idle + first.rate*(first.event-l.event); room > 0 {
		seconds := l.idle * l.interval / room
		return said + fmt.Sprintf("; at %s the same if it asked every %s", perSecond(first.rate), results.Format(seconds*1e9, results.UnitNanoseconds))
	}
	return said + fmt.Sprintf("; at %s dearer however seldom it asks", perSecond(first.rate))
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
