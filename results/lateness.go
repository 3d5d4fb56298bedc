package results

import (
	"fmt"
	"slices"
)

// dueLatencies are the metrics that count from the instant at which the generator had something to do: what it was late by itself is
// part of them. Each has the metric of that lateness, and the kinds of phases in which it matters.
var dueLatencies = map[ID]ID{
	FanoutLatency: GeneratorScheduleLag, FanoutFirst: GeneratorScheduleLag, FanoutLast: GeneratorScheduleLag,
	FanoutReplayed: GeneratorScheduleLag, FanoutSurvivors: GeneratorScheduleLag, PublishLag: GeneratorScheduleLag,
	ConnectTotal: ConnectLag,
}

// twoClocks are the metrics whose ends are told by clocks that need not agree.
var twoClocks = []ID{ObservedLatency, FanoutLatency, FanoutFromSend, FanoutReplayed, FanoutFirst, FanoutLast, FanoutSurvivors}

// withoutGenerator widens a latency by what the generator itself was late: without it, the latency would lie that much lower at most. A
// field that counts, and one that has no number, stays as it is.
func withoutGenerator(d *Document, id ID, field string, value span) span {
	if field == "count" || field == "censored" || value.isNone() {
		return value
	}
	if h := d.Metrics[id.String()].Histogram; slices.Contains(twoClocks, id) {
		if wrong := d.disagreement(id, h.Negatives, h.Count, h.Min); wrong != "" {
			return none(wrong)
		}
	}
	cause, ok := dueLatencies[id]
	if !ok {
		return value
	}
	late := d.lateness(cause, field, id == ConnectTotal)
	if late.value > 0 && value.lo > 0 {
		value.lo = max(value.lo-late.value, 0)
		value.doubt = either(value.doubt, fmt.Sprintf("%s %s is %s: the generator itself was that late, and without it the figure may be on either side",
			cause, late.name, Format(late.value, UnitNanoseconds)))
	}
	return value
}

// lateness returns the worst of any phase, warm-ups aside; of ramps only where they are what is asked for. The middle of a latency is
// explained by the middle of the lateness, and its end by the end: a single late wake-up moves no median.
func (d *Document) lateness(cause ID, field string, ramps bool) (worst tail) {
	for _, p := range d.Phases {
		if p.Warmup || p.Kind == PhaseRamp && !ramps {
			continue
		}
		late := tailOf(p.Metrics, cause)
		if s := p.Metrics[cause.String()].Histogram; late.known && slices.Contains([]string{"min", "mean", "p50"}, field) {
			if middle := s.Percentile("p50"); middle != nil {
				late = tail{"p50", *middle, true}
			}
		}
		if late.value > worst.value {
			worst = late
		}
	}
	return worst
}
