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

// A poller that asks every 4 s: 10 clients, 1,000 B a second between them while idle. In 4 s each gets 9 events, of 500 B, and after them 3
// more, which were due before.
func TestCostOf(t *testing.T) {
	idle := phaseOf("idle", PhaseHold, 10, map[ID]float64{WireReceived: 6000, WireSent: 4000, BytesReceived: 1, RequestsCount: 20, RequestsEmpty: 20})
	idle.Warmup = true
	busy := phaseOf("news", PhaseHold, 4, map[ID]float64{
		WireReceived: 40_000, WireSent: 9_000, RequestsCount: 8, RequestsEmpty: 2, DeliveriesReceived: 120, EventsReceived: 90,
	})
	ramp := phaseOf("ramp", PhaseRamp, 1, map[ID]float64{WireReceived: 1e9})
	late := phaseOf("late", PhaseHold, 4, map[ID]float64{WireReceived: 1e9})
	late.Warmup = true
	const scenario = `{"target":{"transport":"poll","poll":{"interval":"4s"}},"publish":{"from":"news"}}`
	c := CostOf(documentOf(scenario, ramp, idle, busy, late))
	want := Cost{
		Idle: Spell{Clients: 10, Seconds: 10, Bytes: 100, Requests: 0.2, Empty: 0.2},
		Busy: Spell{Clients: 10, Seconds: 4, Bytes: 1225, Requests: 0.2, Empty: 0.05, Events: 3, Came: 2.25}, OnLink: true,
		Transport: "poll", Interval: 4 * time.Second, cycle: 4 * time.Second,
	}
	if c != want {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if each, ok := c.EventBytes(); !ok || each != 500 {
		t.Errorf("an event more costs %v bytes (%v), want 500", each, ok)
	}
	if each, ok := c.DeliveryBytes(); !ok || each != 1225/2.25 {
		t.Errorf("a delivery costs %v bytes (%v), want 1225/2.25", each, ok)
	}
	if each, ok := c.EventRequests(); !ok || each != 0 {
		t.Errorf("an event more costs %v requests (%v), want none", each, ok)
	}
}

// Duplicates cost what they cost, but are no deliveries; a long poll is a request more for each event.
func TestCostOfLongPolls(t *testing.T) {
	idle := phaseOf("idle", PhaseHold, 2, map[ID]float64{WireReceived: 400, RequestsCount: 20})
	busy := phaseOf("news", PhaseHold, 2, map[ID]float64{WireReceived: 4400, RequestsCount: 60, DeliveriesReceived: 40, EventsReceived: 80})
	c := CostOf(documentOf(`{"target":{"transport":"long-poll","poll":{"timeout":"2s"}},"publish":{"from":"news"}}`, idle, busy))
	if each, ok := c.EventBytes(); !ok || each != 100 {
		t.Errorf("an event more costs %v bytes (%v), want 100", each, ok)
	}
	if each, ok := c.EventRequests(); !ok || each != 1 {
		t.Errorf("an event more costs %v requests (%v), want 1", each, ok)
	}
}

// What no phase shows is not known: a scenario that publishes from the start, phases shorter than a poller's interval, and an idle phase in which
// few of those came back whom the server holds for a time of its own.
func TestCostThatIsNotShown(t *testing.T) {
	busy := phaseOf("hold", PhaseHold, 4, map[ID]float64{WireReceived: 50_000, DeliveriesReceived: 120, EventsReceived: 120})
	idle := phaseOf("idle", PhaseHold, 4, map[ID]float64{WireReceived: 100, RequestsCount: 1})
	for scenario, phases := range map[string][]PhaseResult{
		`{"target":{"transport":"sse"},"publish":{}}`:                                                            {busy},
		`{"target":{"transport":"poll","poll":{"interval":"5s"}},"publish":{"from":"hold"}}`:                     {idle, busy},
		`{"target":{"transport":"long-poll","poll":{"interval":"1s","timeout":"5s"}},"publish":{"from":"hold"}}`: {idle, busy},
		`{"target":{"transport":"long-poll","poll":{"interval":"1s"}},"publish":{"from":"hold"}}`:                {idle, busy},
		`{"target":{"transport":"finite-sse"},"publish":{"from":"hold"}}`:                                        {idle, busy},
		`{"target":{"transport":"sse","heartbeat":"1m"},"publish":{"from":"hold"}}`:                              {idle, busy},
	} {
		c := CostOf(documentOf(scenario, phases...))
		if _, ok := c.EventBytes(); ok || c.HasIdle() || c.Busy.Events != 3 {
			t.Errorf("%s: %+v", scenario, c)
		}
	}
	idle.EndNS = 5e9
	c := CostOf(documentOf(`{"target":{"transport":"poll","poll":{"interval":"5s"}},"publish":{"from":"hold"}}`, idle, busy))
	if _, ok := c.EventBytes(); ok || !c.HasIdle() {
		t.Errorf("4 s of events show what they cost a poller of 5 s: %+v", c)
	}
	if c := CostOf(&Document{Scenario: json.RawMessage("{"), Phases: []PhaseResult{busy}}); c.OnLink || c.Busy.Bytes != 0 {
		t.Errorf("a foreign document: %+v", c)
	}
}

// What a message costs that is sent has no idle bytes in it where a phase shows them, and is not known where none was sent.
func TestCostOfWhatIsSent(t *testing.T) {
	const scenario = `{"target":{"transport":"sse","heartbeat":"2s"},"publish":{"from":"chat","hook":{"subscribers":{}}}}`
	chat := phaseOf("chat", PhaseHold, 2, map[ID]float64{WireReceived: 2000, WireSent: 2400, PublishCount: 11, PublishFailed: 1, DeliveriesReceived: 100})
	for seconds, want := range map[int64]float64{2: 400, 1: 440} { // an idle phase shorter than the heartbeat shows nothing
		idle := phaseOf("idle", PhaseHold, seconds, map[ID]float64{WireReceived: 200 * float64(seconds)})
		c := CostOf(documentOf(scenario, idle, chat))
		if each, ok := c.SentBytes(); !ok || !c.Duplex || each != want {
			t.Errorf("after %d s a message costs %v bytes (%v), want %v", seconds, each, ok, want)
		}
	}
	if c := CostOf(documentOf(scenario, phaseOf("chat", PhaseHold, 2, map[ID]float64{WireReceived: 2000}))); c.Busy.Sent != 0 {
		t.Errorf("%+v", c)
	} else if each, ok := c.SentBytes(); ok {
		t.Errorf("nothing was sent, and it costs %v bytes", each)
	}
}
