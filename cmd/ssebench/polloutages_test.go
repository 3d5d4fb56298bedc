package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"ssebench/results"
)

// pollersThrough runs 40 pollers of the bundled server through a phase. Between two polls of a poller passes a second, between two events 50 ms; the
// phase begins in the middle of both.
func pollersThrough(t *testing.T, transport, phase string) *results.Document {
	t.Helper()
	d := startScenario(t, fmt.Sprintf(`
reference: true
target: {transport: %s, poll: {interval: 1s}}
load: {connections: 40, phases: [{ramp: at_once}, {hold: 1525ms}, {%s}, {hold: 500ms}]}
publish: {rate: 20/s}
drain: 3s
`, transport, phase))(t)
	balanced(t, d)
	attempted, opened, failed := value(d, "connections.attempted"), value(d, "connections.opened"), value(d, "connections.failed")
	if d.Run.Failure != "" || attempted != opened+failed+value(d, "connections.abandoned") || value(d, "deliveries.duplicate") > 0 {
		t.Errorf("failure %q; attempted %v, opened %v, failed %v; %v came twice", d.Run.Failure, attempted, opened, failed, value(d, "deliveries.duplicate"))
	}
	return d
}

// pollTransports are those whose answers are polled for.
var pollTransports = []string{"poll", "long-poll"}

// Who leaves expects nothing any more, and who comes in their place nothing from before.
func TestPollersChurn(t *testing.T) {
	for _, transport := range pollTransports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			d := pollersThrough(t, transport, "churn: {rate: 20/s, for: 1s}")
			left, opened := value(d, "connections.left"), value(d, "connections.opened")
			if left != 20 || opened != 40+left || value(d, "deliveries.lost") > 0 || value(d, "reconnect.count") > 0 {
				t.Errorf("%v left, %v opened, %v lost, %v reconnections", left, opened, value(d, "deliveries.lost"), value(d, "reconnect.count"))
			}
		})
	}
}

// A cut between two polls takes the kept connection, and nobody is dropped: the next poll takes another. Who waits for a long poll is
// dropped, and asks again from its cursor.
func TestPollersCut(t *testing.T) {
	for _, transport := range pollTransports {
		for _, by := range []string{"fin", "rst", "silence"} {
			t.Run(transport+" "+by, func(t *testing.T) {
				t.Parallel()
				d := pollersThrough(t, transport, "outage: {cut: 50%, by: "+by+"}")
				o := outageOf(t, d)
				if cut := d.Metrics["connections.cut"].By; !maps.Equal(cut, map[string]int64{"cut_" + by: 20}) {
					t.Errorf("cut: %v", cut)
				}
				if dials := d.Metrics["connect.dial"].Histogram; transport == "long-poll" && dials.Count != 60 { // a poll's is no opening
					t.Errorf("%d dials, want 40 and 20", dials.Count)
				}
				want := map[string]int64{"poll": 0, "long-poll": 20}[transport]
				if o.Open != 40 || o.Dropped != want || o.Recovered != want || o.Replays["exact"] != want || value(d, "deliveries.lost") > 0 {
					t.Errorf("of %d open %d dropped, %d came back, want %d; replays %v, %v lost", o.Open, o.Dropped, o.Recovered, want, o.Replays,
						value(d, "deliveries.lost"))
				}
			})
		}
	}
}

// Polls that meet no server fail, and their clients go on polling until there is one. What it forgot is lost in the gap.
func TestPollersSurviveAKill(t *testing.T) {
	for _, transport := range pollTransports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			d := pollersThrough(t, transport, "outage: {server: kill, shut: 1500ms}")
			o := outageOf(t, d)
			if o.Open != 40 || o.Dropped != 40 || o.Recovered != 40 || o.BackNS == nil || value(d, "reconnect.count") != 40 {
				t.Errorf("of %d open %d dropped, %d came back; the server after %v", o.Open, o.Dropped, o.Recovered, o.BackNS)
			}
			for _, token := range slices.Sorted(maps.Keys(o.Failed)) {
				if token != "dial_refused" && token != "reset" && token != "eof" {
					t.Errorf("%d failed by %s", o.Failed[token], token)
				}
			}
			if lost := value(d, "deliveries.lost"); value(d, "publish.failed") == 0 || lost != value(d, "deliveries.lost_gap") {
				t.Errorf("%v calls of the hook failed; %v lost, %v of them in gaps", value(d, "publish.failed"), lost, value(d, "deliveries.lost_gap"))
			}
		})
	}
}

// A poller that is refused comes back, unlike a browser's event stream, and misses nothing.
func TestPollersAtAShutDoor(t *testing.T) {
	for _, transport := range pollTransports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			d := pollersThrough(t, transport, "outage: {door: status_503, shut: 1500ms}")
			o := outageOf(t, d)
			if o.Open != 40 || o.Dropped != 40 || o.Recovered != 40 || o.Replays["exact"] != 40 || value(d, "deliveries.lost") > 0 {
				t.Errorf("of %d open %d dropped, %d came back; replays %v, %v lost", o.Open, o.Dropped, o.Recovered, o.Replays, value(d, "deliveries.lost"))
			}
			if refused := o.Failed["status_503"]; len(o.Failed) != 1 || refused < 40 || float64(refused) != value(d, "connections.failed") {
				t.Errorf("failed: %v of %v", o.Failed, value(d, "connections.failed"))
			}
		})
	}
}
