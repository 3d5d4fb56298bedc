package loadgen

import (
	"testing"
	"testing/synctest"
	"time"
)

// Of the eight tabs of each browser two get no place at first, and one of them one in the middle of the run. The ramp waits for neither, the
// one that starves expects nothing, and the other what was published since it opened.
func TestTabsThatStarveExpectNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.queue = func(client, _ int) time.Duration {
			switch client % 8 {
			case 6:
				return 2050 * time.Millisecond
			case 7:
				return time.Hour
			}
			return 0
		}
		lanes, browsers := map[int]*Lane{}, map[int]int{}
		m.publish = func(ev *Event) error {
			for _, s := range m.all() {
				if b := s.request.Browser; ev.Seq == 1 {
					if lanes[b] != nil && lanes[b] != s.lane {
						t.Errorf("browser %d is on several lanes", b)
					}
					lanes[b] = s.lane
					browsers[b]++
				}
			}
			return nil
		}
		d := runMemory(t, m, hook+"load: {connections: 20, clients: {profile: browser, tabs: 8}, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{
			"connections.attempted": 20, "connections.opened": 18, "connections.abandoned": 2, "connections.failed": 0,
			"deliveries.expected": 16*50 + 2*29, "deliveries.received": 16*50 + 2*29, "deliveries.lost": 0,
		})
		if by := d.Metrics["connections.starved"].By; len(by) != 1 || by["browser_limit"] != 2 {
			t.Errorf("starved by %v", by)
		}
		if h := d.Metrics["connect.starved"].Histogram; h == nil || h.Count != 2 || h.Min < 5e9 || h.Max > 5.5e9 {
			t.Errorf("connect.starved %+v", h)
		}
		if browsers[1] != 8 || browsers[2] != 8 || browsers[3] != 4 || len(browsers) != 3 {
			t.Errorf("tabs of each browser: %v", browsers)
		}
		if d.Run.DurationNS > 6e9 {
			t.Errorf("the run took %v: it waited for who starves", time.Duration(d.Run.DurationNS))
		}
		if !d.Verdict.Pass {
			t.Errorf("verdict %+v, %+v", d.Verdict, d.Thresholds)
		}
	})
}
