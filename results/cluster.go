package results

import (
	"fmt"
	"math"
)

// timeouts are the limits that servers, proxies and platforms come with or are given, in seconds.
var timeouts = []float64{5, 10, 15, 20, 30, 45, 50, 55, 60, 75, 90, 100, 120, 180, 240, 300, 350, 600, 900, 1800, 3600}

// cluster is a timeout at which many durations end.
type cluster struct {
	timeout float64 // seconds
	count   int64
}

// clusterIn finds the timeout at which most of the durations lie. A timer fires late and never early, by up to a second where it is looked
// at once a second; a tenth of the values at the least has to be there, and more than chance would put there.
func clusterIn(h *Histogram) (best cluster, ok bool) {
	const fewest = 10
	if h == nil || h.Count() < fewest {
		return cluster{}, false
	}
	within := func(from, to float64) (n int64) {
		h.buckets.each(func(slot int, count int64) bool {
			if lowest, width := bounds(slot); float64(lowest)+float64(width)/2 >= from*1e9 && float64(lowest)+float64(width)/2 <= to*1e9 {
				n += count
			}
			return true
		})
		return n
	}
	for _, t := range timeouts {
		late := math.Min(1.1, 0.05*t)
		n := within(t-0.01*t, t+late)
		around := within(t-5*late, t+5*late)
		if n > best.count && n >= fewest && float64(n) >= 0.1*float64(h.Count()) && float64(n) >= 0.8*float64(around) {
			best, ok = cluster{t, n}, true
		}
	}
	return best, ok
}

// nameTimeouts warns of streams that were ended at a certain age, or after a certain silence. What ended in an outage of the scenario is left
// out: that they all ended at once was its doing.
func (f *Folder) nameTimeouts(d *Document) error {
	age, idle := NewHistogram(), NewHistogram()
	for n := range f.phases {
		if f.header.Phases[n].Kind == PhaseOutage {
			continue
		}
		for _, h := range []struct {
			into *Histogram
			id   ID
		}{{age, StreamAge}, {idle, StreamIdle}} {
			if err := h.into.Merge(f.phases[n].values.Histogram(h.id)); err != nil {
				return fmt.Errorf("%s: %w", h.id, err)
			}
		}
	}
	ended := Format(float64(age.Count()), UnitOne)
	silent, isIdle := clusterIn(idle)
	old, isTotal := clusterIn(age)
	if isIdle {
		d.Warnings = addWarnings(d.Warnings, Warning{Token: "idle_timeout", Message: fmt.Sprintf(
			"%s of %s streams that the server or the network ended had been silent for %g s: an idle timeout of the server or of a proxy; heartbeats (comments) closer together keep a stream open",
			Format(float64(silent.count), UnitOne), ended, silent.timeout)})
	}
	if isTotal && !(isIdle && old.timeout <= silent.timeout) {
		d.Warnings = addWarnings(d.Warnings, Warning{Token: "total_timeout", Message: fmt.Sprintf(
			"%s of %s streams that the server or the network ended were %g s old: a limit on the whole response, of a server, proxy or platform, which no heartbeat helps against",
			Format(float64(old.count), UnitOne), ended, old.timeout)})
	}
	return nil
}
