package scenarios

import (
	"fmt"
	"slices"

	"ssebench/results"
)

// defaultThreshold applies to every plan that it fits, unless a threshold of the scenario names one of its metrics: then the
// scenario has said what is tolerable.
type defaultThreshold struct {
	expression string
	judges     []results.ID // the metrics whose mention in the scenario takes its place
	fits       func(p *Plan) bool
}

// defaultThresholds are what a run is held against without being asked.
var defaultThresholds = []defaultThreshold{
	// Attempts fail while an outage keeps the server away.
	{"connections.failed == 0", []results.ID{results.ConnectionsFailed}, func(p *Plan) bool { return !p.hasOutage() }},
	{"connections.never_open == 0", []results.ID{results.ConnectionsNeverOpen}, func(p *Plan) bool { return p.Tabs == 0 }},
	// More tabs than their browser has connections for is what such a scenario shows. Those that starve never opened, or were
	// displaced when they came back.
	{"connections.never_open <= connections.starved", []results.ID{results.ConnectionsNeverOpen}, func(p *Plan) bool {
		return p.Tabs > 0 && p.Reconnect.Profile == "none"
	}},
	{"connections.never_open + connections.displaced <= connections.starved", []results.ID{results.ConnectionsNeverOpen}, func(p *Plan) bool {
		return p.Tabs > 0 && p.Reconnect.Profile != "none"
	}},
	// A server that ends streams must be expected: by finite answers, an outage, or a profile that comes back.
	{"connections.closed_by_server == 0", []results.ID{results.ConnectionsClosedByServer}, func(p *Plan) bool {
		return p.streamsStay() && p.SlowReaders.Share == 0
	}},
	{"connections.closed_by_server == slow.cut", []results.ID{results.ConnectionsClosedByServer}, func(p *Plan) bool {
		return p.streamsStay() && p.SlowReaders.Share > 0
	}},
	{"reconnect.stranded == 0", []results.ID{results.ReconnectStranded}, func(p *Plan) bool { return p.Reconnect.Profile != "none" }},
	{"reconnect.away == 0", []results.ID{results.ReconnectAway}, func(p *Plan) bool { return p.Reconnect.Profile != "none" }},
	{"events.received + events.comments > 0", []results.ID{results.EventsReceived, results.EventsComments}, func(p *Plan) bool {
		return p.Publish == nil
	}},
	{"deliveries.lost == 0", []results.ID{results.DeliveriesLost}, func(p *Plan) bool { return p.isNumbered() && !p.hasOutage() }},
	// A server without replay loses what falls into the gap of an outage.
	{"deliveries.lost_midstream == 0", []results.ID{results.DeliveriesLost, results.DeliveriesLostMidstream}, func(p *Plan) bool {
		return p.isNumbered() && p.hasOutage()
	}},
	{"deliveries.lost_tail == 0", []results.ID{results.DeliveriesLost, results.DeliveriesLostTail}, func(p *Plan) bool {
		return p.isNumbered() && p.hasOutage()
	}},
	{"deliveries.stalled == 0", []results.ID{results.DeliveriesStalled}, (*Plan).noticesStalls},
	{"deliveries.corrupt == 0", []results.ID{results.DeliveriesCorrupt}, func(p *Plan) bool { return p.Publish != nil && p.Publish.Sequence == nil }},
	{`deliveries.unexpected["topic"] == 0`, []results.ID{results.DeliveriesUnexpected}, func(p *Plan) bool { return p.Publish != nil }},
}

// isNumbered reports whether events carry a number, so that a missing one is noticed.
func (p *Plan) isNumbered() bool { return p.Publish != nil || p.Observe.Sequence != nil }

// noticesStalls reports whether a time without events can be told from one in which none were due.
func (p *Plan) noticesStalls() bool {
	return p.Publish != nil || p.Target.Transport == TransportSSE || p.Target.Transport == TransportWebSocket
}

// streamsStay reports whether a stream is expected to stay open until the run ends it, or its answer to come to its end: only one that
// breaks off counts as closed by the server then.
func (p *Plan) streamsStay() bool {
	answers := p.Target.Transport != TransportSSE && p.Target.Transport != TransportWebSocket
	return !p.hasOutage() && (answers || p.Reconnect.Profile == "none")
}

// Judges reports whether a threshold of the scenario's own names the metric: then that alone says what of it is tolerable.
func (p *Plan) Judges(id results.ID) bool {
	return slices.ContainsFunc(p.Thresholds, func(t results.Threshold) bool { return slices.Contains(t.Metrics(), id) })
}

// thresholds parses those of the scenario, and adds the default ones on metrics that none of them names.
func (p *Plan) thresholds(expressions []string, e *expander) error {
	for i, expression := range expressions {
		threshold, err := results.ParseThreshold(expression)
		if err != nil {
			return fmt.Errorf("threshold %s: %w", quote(expression), err)
		}
		if err := threshold.Require(p.lacks); err != nil {
			e.threshold(fmt.Sprintf("thresholds.%d", i), expression, err)
		}
		p.Thresholds = append(p.Thresholds, threshold)
	}
	for _, d := range defaultThresholds {
		if !d.fits(p) || slices.ContainsFunc(d.judges, p.Judges) {
			continue
		}
		threshold, err := results.ParseThreshold(d.expression)
		if err != nil {
			return fmt.Errorf("default threshold %s: %w", quote(d.expression), err)
		}
		p.Defaults = append(p.Defaults, threshold)
	}
	return nil
}
