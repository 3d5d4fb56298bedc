package results

import (
	"encoding/json"
	"testing"
	"time"
)

// phaseOf makes a phase of so many seconds with counters, and 10 clients.
func phaseOf(name, kind string, seconds int64, counters map[ID]float64) PhaseResult {
	clients := 10.0
	p := PhaseResult{Name: name, Kind: kind, EndNS: seconds * 1e9, Metrics: map[string]Value{
		ConnectionsOpen.String(): {Kind: KindGauge, Unit: UnitOne, Max: &clients},
	}}
	for id, value := range counters {
		p.Metrics[id.String()] = Value{Kind: KindCounter, Unit: Catalogue[id].Unit, Value: &value}
	}
	return p
}

func documentOf(scenario string, phases ...PhaseResult) *Document {
	one := 1.0
	return &Document{Scenario: json.RawMessage(scenario), Phases: phases, Metrics: map[string]Value{WireReceived.String(): {Value: &one}}}
}

// A poller that asks every 5 s: 10 clients, 1,000 B a second between them while idle, and 500 B for each of 3 events a second of each.
func TestCostOf(t *testing.T) {
	idle := phaseOf("idle", PhaseHold, 10, map[ID]float64{WireReceived: 6000, WireSent: 4000, BytesReceived: 1, RequestsCount: 20, RequestsEmpty: 20})
	idle.Warmup = true
	busy := phaseOf("news", PhaseHold, 4, map[ID]float64{
		WireReceived: 50_000, WireSent: 14_000, RequestsCount: 8, RequestsEmpty: 2, DeliveriesReceived: 120,
	})
	ramp := phaseOf("ramp", PhaseRamp, 1, map[ID]float64{WireReceived: 1e9})
	late := phaseOf("late", PhaseHold, 4, map[ID]float64{WireReceived: 1e9})
	late.Warmup = true
	const scenario = `{"target":{"transport":"poll","poll":{"interval":"5s"}},"publish":{"from":"news"}}`
	c := CostOf(documentOf(scenario, ramp, idle, busy, late))
	want := Cost{
		Idle: Spell{Clients: 10, Seconds: 10, Bytes: 100, Requests: 0.2, Empty: 0.2},
		Busy: Spell{Clients: 10, Seconds: 4, Bytes: 1600, Requests: 0.2, Empty: 0.05, Events: 3}, OnLink: true, Transport: "poll", Interval: 5 * time.Second, cycle: 5 * time.Second,
	}
	if c != want {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if each, ok := c.EventBytes(); !ok || each != 500 || c.EventRequests() != 0 {
		t.Errorf("an event costs %v bytes (%v) and %v requests, want 500 and 0", each, ok, c.EventRequests())
	}
}

// What no phase shows is not known: a scenario that publishes from the start, and an idle phase shorter than a poller's interval.
func TestCostThatIsNotShown(t *testing.T) {
	busy := phaseOf("hold", PhaseHold, 4, map[ID]float64{WireReceived: 50_000, DeliveriesReceived: 120})
	idle := phaseOf("idle", PhaseHold, 4, map[ID]float64{WireReceived: 100})
	for scenario, phases := range map[string][]PhaseResult{
		`{"target":{"transport":"sse"},"publish":{}}`:                                                            {busy},
		`{"target":{"transport":"poll","poll":{"interval":"5s"}},"publish":{"from":"hold"}}`:                     {idle, busy},
		`{"target":{"transport":"long-poll","poll":{"interval":"1s","timeout":"5s"}},"publish":{"from":"hold"}}`: {idle, busy},
		`{"target":{"transport":"sse","heartbeat":"1m"},"publish":{"from":"hold"}}`:                              {idle, busy},
	} {
		c := CostOf(documentOf(scenario, phases...))
		if _, ok := c.EventBytes(); ok || c.HasIdle() || c.Busy.Events != 3 {
			t.Errorf("%s: %+v", scenario, c)
		}
	}
	if c := CostOf(&Document{Scenario: json.RawMessage("{"), Phases: []PhaseResult{busy}}); c.OnLink || c.Busy.Bytes != 0 {
		t.Errorf("a foreign document: %+v", c)
	}
}
