package results

import (
	"fmt"
	"math"
)

// timeouts are the limits that servers, proxies and platforms come with or are given, in seconds.
var timeouts = []float64{5, 10, 15, 20, 30, 45, 50, 55, 60, 75, 90, 100, 120, 180, 240, 300, 350, 600, 900, 1800, 3600}

// When a timer fires, in seconds around its time: nginx moves a timer only where it would move by 0.3 s or more, so that one fires as much
// early; one that is looked at once a second fires up to that late.
const (
	timerEarly = 0.3
	timerLate  = 1.1
)

// What makes a name of durations that lie together: the fewest of them, and their share of all.
const (
	fewestTimeouts = 10
	shareTimeouts  = 0.9
)

// timeoutIn finds the timeout at which nearly all of the durations lie, in seconds; zero: there is none.
func timeoutIn(h *Histogram) (timeout float64, count int64) {
	if h == nil || h.Count() < fewestTimeouts {
		return 0, 0
	}
	for _, t := range timeouts {
		n := between(h, t-math.Min(timerEarly, 0.1*t), t+timerLate)
		if n >= fewestTimeouts && float64(n) >= shareTimeouts*float64(h.Count()) && n > count {
			timeout, count = t, n
		}
	}
	return timeout, count
}

// between counts the durations between two, in seconds.
func between(h *Histogram, from, to float64) (n int64) {
	h.buckets.each(func(slot int, count int64) bool {
		lowest, width := bounds(slot)
		if middle := (float64(lowest) + float64(width)/2) / 1e9; middle >= from && middle <= to {
			n += count
		}
		return true
	})
	return n
}

// nameTimeouts warns of streams that were broken off at a certain age, or after a certain silence. An answer that ended properly was ended
// by who wrote it, and what ended in an outage of the scenario by the outage: neither is looked at. One name is given where the
// durations fit it and do not fit the other, or where something refutes the other: a stream that was silent for longer an idle timeout,
// one that grew older a limit on the response. Else both are, as what they are: possible.
func (f *Folder) nameTimeouts(d *Document) error {
	age, idle, silence := NewHistogram(), NewHistogram(), NewHistogram()
	for n := range f.phases {
		if f.header.Phases[n].Kind == PhaseOutage {
			continue
		}
		for _, h := range []struct {
			into *Histogram
			id   ID
		}{{age, StreamBrokenAge}, {idle, StreamBrokenIdle}, {silence, StreamSilence}} {
			if err := h.into.Merge(f.phases[n].values.Histogram(h.id)); err != nil {
				return fmt.Errorf("%s: %w", h.id, err)
			}
		}
	}
	old, aged := timeoutIn(age)
	quiet, silent := timeoutIn(idle)
	if quiet > 0 && float64(silence.Max())/1e9 > quiet+2*timerLate {
		quiet = 0 // a stream outlived a longer silence
	}
	if f.end != nil && float64(f.end.OldestNS)/1e9 > old+2*timerLate {
		old = 0 // a stream grew older
	}
	ended := Format(float64(age.Count()), UnitOne)
	name := func(token, format string, args ...any) {
		d.Warnings = addWarnings(d.Warnings, Warning{Token: token, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case quiet > 0 && old > 0:
		name("timeout", "%s of %s streams that were broken off had been silent for %g s and were %g s old: either an idle timeout, which heartbeats (comments) closer together help against, "+
			"or a limit on the whole response, which they do not; a run in which something comes more often tells which",
			Format(float64(min(silent, aged)), UnitOne), ended, quiet, old)
	case quiet > 0:
		name("idle_timeout", "%s of %s streams that were broken off had been silent for %g s: an idle timeout of the server or of a proxy; heartbeats (comments) closer together keep a stream open",
			Format(float64(silent), UnitOne), ended, quiet)
	case old > 0:
		name("total_timeout", "%s of %s streams that were broken off were %g s old, whatever was sent: a limit on the whole response, of a server, proxy or platform, which no heartbeat helps against",
			Format(float64(aged), UnitOne), ended, old)
	}
	return nil
}
