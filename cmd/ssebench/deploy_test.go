package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"ssebench/results"
)

// rollout is a way to restart two nodes behind nginx in turn, and who is subscribed meanwhile.
type rollout struct {
	proxy   string // in proxies
	how     string // drain or kill
	profile string // of the subscribers
}

func (r rollout) String() string { return r.proxy + " " + r.how + " " + r.profile }

// A deployment of two nodes behind nginx that restarts them in turn, with and without a drain: who came back, who never will, and what was
// missed. A real Chromium is subscribed beside the emulated one, and fares as that does.
func TestDeploy(t *testing.T) {
	rollouts := []rollout{{"patient", "kill", "chromium"}, {"patient", "drain", "chromium"}, {"stock", "drain", "chromium"}}
	down := 3 * time.Second // those who are drained come back after one to two
	if drill {
		rollouts, down = nil, 2500*time.Millisecond
		for _, proxy := range slices.Sorted(maps.Keys(proxies)) {
			for _, how := range []string{"kill", "drain"} {
				for _, profile := range []string{"chromium", "firefox", "safari", "library"} {
					rollouts = append(rollouts, rollout{proxy, how, profile})
				}
			}
		}
	}
	for _, r := range rollouts {
		t.Run(r.String(), func(t *testing.T) {
			if !drill {
				t.Parallel()
			}
			n := streams(200, 2000)
			d := deploy(t, r.proxy, down)
			look := func() []source { return nil }
			if r.profile == "chromium" {
				var urls []string
				for i := range 4 {
					urls = append(urls, fmt.Sprintf("%s/events?topic=t0&client=witness-%d", d.url, i))
				}
				look = subscribeChromium(t, urls...)
			}
			document := startScenario(t, fmt.Sprintf(`
name: deploy
target: {url: "%[1]s/events?topic={{.Topic}}&client={{.Client}}"}
load:
  connections: %[2]d
  reconnect: %[3]s
  gap: {event: gap}
  phases:
    - ramp: 1000/s
    - {hold: 2s, name: before}
    - outage: {restart: "fixture ask %[4]s/restart?how=%[5]s&node={{.Node}}", rolling: {nodes: 2}, until: 60s}
    - {hold: 3s, name: after}
publish: {rate: 10/s, hook: {http: {url: "%[4]s/publish?topic={{.Topic}}&id={{.ID}}"}}}
drain: 5s
thresholds: [connections.failed == 0]
`, d.url, n, r.profile, d.control, r.how))(t)
			r.check(t, document, n)
			var states []int
			for _, s := range look() {
				states = append(states, s.Ready)
			}
			r.witness(t, document, states)
			tellOutage(t, "Deployments", document, "proxy", r.proxy, "restart", r.how, "clients", r.profile, "Chromium's readyState", states)
		})
	}
}

func (r rollout) check(t *testing.T, d *results.Document, n int) {
	t.Helper()
	balanced(t, d)
	o := d.Outages[0]
	// Stock nginx looks at a node that it held for dead with one request in ten seconds, and holds it for alive once that has ended, which the
	// request for a stream does not: those who try again go on doing so.
	locked := r.proxy == "stock" && r.profile == "library"
	if o.Open != int64(n) || o.Dropped != int64(n) || o.Recovered+o.Stranded+o.Away != int64(n) || o.Away > 0 && !locked {
		t.Errorf("of %d streams %d dropped, %d came back, %d will not and %d try in vain", o.Open, o.Dropped, o.Recovered, o.Stranded, o.Away)
	}
	replays := int64(0)
	for _, n := range o.Replays {
		replays += n
	}
	if float64(replays) != value(d, "reconnect.count") {
		t.Errorf("%v reconnections, and their replays are %v", value(d, "reconnect.count"), o.Replays)
	}
	if o.Stranded != o.StrandedBy["status_502"] || value(d, "reconnect.stranded") != float64(o.Stranded) {
		t.Errorf("%d are stranded, by %v", o.Stranded, o.StrandedBy)
	}
	// Who came back and was not given all was told so.
	if value(d, "deliveries.duplicate") != 0 || o.Replays["partial"]+o.Replays["none"]+o.Replays["twice"]+o.Replays["reordered"] != 0 {
		t.Errorf("%v came twice; the replays were %v", value(d, "deliveries.duplicate"), o.Replays)
	}
	switch {
	case r.profile == "library": // it tries again
		if o.Stranded != 0 {
			t.Errorf("%d are stranded", o.Stranded)
		}
	case r.how == "drain" && r.proxy != "patient":
		// They come back before the node does. Where they have no other, or the other one is held for dead since it was away, the answer is 502.
		if o.Stranded == 0 || r.proxy == "pinned" && o.Stranded != int64(n) {
			t.Errorf("%d are stranded", o.Stranded)
		}
	case r.proxy == "patient":
		if o.Stranded != 0 {
			t.Errorf("%d are stranded, by %v", o.Stranded, o.StrandedBy)
		}
	}
	if r.proxy == "patient" && r.how == "drain" && value(d, "deliveries.lost") != 0 { // all found the node that had everything
		t.Errorf("%v were lost, %v of them in gaps", value(d, "deliveries.lost"), value(d, "deliveries.lost_gap"))
	}
}

// witness compares the states of a real Chromium's EventSources with what became of the emulated ones.
func (r rollout) witness(t *testing.T, d *results.Document, states []int) {
	t.Helper()
	closed := int64(0)
	for _, s := range states {
		if s == sourceClosed {
			closed++
		}
	}
	switch o := d.Outages[0]; o.Stranded {
	case 0, o.Dropped:
		if len(states) > 0 && closed != o.Stranded*int64(len(states))/o.Dropped {
			t.Errorf("%d of %d emulated clients are stranded, and Chromium's EventSources are in the states %v", o.Stranded, o.Dropped, states)
		}
	}
}
