package scenarios

import (
	"slices"
	"strings"

	"ssebench/results"
)

// requirement is what a scenario must have for a metric to come about, with what to say where it has not.
type requirement struct {
	metrics []string // names, or groups that end in a point
	met     func(p *Plan) bool
	lacks   string
}

var requirements = []requirement{
	{
		[]string{"fanout.", "publish."},
		func(p *Plan) bool { return p.Publish != nil },
		"only a scenario with publish has it; where the server emits by itself it is observed.latency",
	},
	{
		[]string{"deliveries.stalled"},
		(*Plan).noticesStalls,
		"that nothing came is no news where subscribers poll and nobody knows what was sent: add publish",
	},
	{
		[]string{"deliveries."},
		func(p *Plan) bool { return p.isNumbered() },
		"events that nobody numbers cannot be missed: add publish, or observe.sequence",
	},
	{
		[]string{"observed.latency"},
		func(p *Plan) bool { return p.Observe != nil && p.Observe.Time != "" },
		"it needs the time that the server writes into its events: add observe.time and observe.unit",
	},
	{
		[]string{"reconnect."},
		func(p *Plan) bool { return p.Reconnect.Profile != "none" },
		"with the reconnect profile none nobody comes back: choose one in load.reconnect",
	},
	{
		[]string{"reconnect.replays", "reconnect.caught_up", "fanout.replayed", "deliveries.replayed"},
		func(p *Plan) bool { return p.Publish != nil && p.Reconnect.Profile != "none" },
		"only who reconnects while events are published is replayed any: add publish, and a profile in load.reconnect",
	},
	{
		[]string{"reconnect.recovered_p50", "reconnect.recovered_p95", "reconnect.recovered_all", "fanout.survivors"},
		(*Plan).hasOutage,
		"it is about an outage: add a phase with one",
	},
	{[]string{"connections.cut"}, (*Plan).hasOutage, "nobody is cut on our side: add a phase with an outage"},
	{[]string{"connections.left"}, func(p *Plan) bool {
		return slices.ContainsFunc(p.Phases, func(phase PlanPhase) bool { return phase.Churn != nil })
	}, "nobody leaves by plan: add a phase with churn"},
	{
		[]string{"connections.starved", "connect.starved"},
		func(p *Plan) bool { return p.Tabs > 0 },
		"only the tabs of browsers starve: add load.clients",
	},
	{
		[]string{"connections.displaced"},
		func(p *Plan) bool { return p.Tabs > 0 && p.Reconnect.Profile != "none" },
		"only the tabs of browsers that come back are displaced: add load.clients, and a profile in load.reconnect",
	},
	{[]string{"slow."}, func(p *Plan) bool { return p.SlowReaders.Share > 0 }, "nobody reads slowly: add load.slow_readers"},
	{
		[]string{"deliveries.superseded"},
		func(p *Plan) bool { return p.Publish != nil && p.Publish.Conflates },
		"the server is not said to conflate: add publish.conflates",
	},
	{[]string{"deliveries.late"}, func(p *Plan) bool { return p.LateAfter > 0 }, "nothing is late without a limit: add late_after"},
	{
		[]string{"payload.sent", "body.sent"},
		func(p *Plan) bool { return p.Publish != nil && p.Publish.Hook.Subscribers != nil },
		"subscribers publish nothing: add publish.hook.subscribers",
	},
	{[]string{"payload.unused"}, func(p *Plan) bool { return len(p.Target.Listen) > 0 }, "all events are listened to: add target.listen"},
	{
		[]string{"server."},
		func(p *Plan) bool { return p.Reference || len(p.Server.Command) > 0 || p.PID > 0 },
		"the server's process is not known: add target.start, or target.pid",
	},
}

// lacks says why no run of the plan can have a value of the metric; empty: it can.
func (p *Plan) lacks(id results.ID) string {
	name := id.String()
	for _, r := range requirements {
		of := slices.ContainsFunc(r.metrics, func(m string) bool {
			return m == name || strings.HasSuffix(m, ".") && strings.HasPrefix(name, m)
		})
		switch {
		case of && !r.met(p):
			return r.lacks
		case of && r.metrics[0] == name:
			return "" // what is said of the metric itself goes before what is said of its group
		}
	}
	return ""
}

// Measures returns the names of the metrics that a run of the plan is made for: without a value of each it has measured nothing.
func (p *Plan) Measures() (names []string) {
	for _, id := range []results.ID{results.DeliveriesExpected, results.ObservedLatency} {
		if p.lacks(id) == "" {
			names = append(names, id.String())
		}
	}
	return names
}
