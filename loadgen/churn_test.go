package loadgen

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestThoseWhoLeaveAreFollowedByOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 30 * time.Millisecond }
		d := runMemory(t, m, hook+"load: {connections: 40, phases: [{ramp: at_once}, {churn: {rate: 20/s, for: 10s}}, {hold: 1s}]}\n")
		wantCounters(t, d, map[string]float64{
			"connections.left": 200, "connections.opened": 240, "connections.attempted": 240, "connections.failed": 0, "connections.abandoned": 0,
			"deliveries.lost": 0, "deliveries.duplicate": 0, "deliveries.unexpected": 0, "connections.closed_by_server": 0,
			"deliveries.received": *d.Metrics["deliveries.expected"].Value,
		})
		// Each of 110 events finds 40 subscribers, but for those who change at that moment.
		if n := *d.Metrics["deliveries.expected"].Value; n < 110*38 || n > 110*40 {
			t.Errorf("%v pairs expected", n)
		}
		if *d.Metrics["connections.peak"].Value > 42 || d.ExitCode() != 0 {
			t.Errorf("peak %v, exit %d, %s", *d.Metrics["connections.peak"].Value, d.ExitCode(), d.Run.Failure)
		}
	})
}

// What a server failed to send long before a subscriber left is lost; what was on its way is not.
func TestWhatALeaverMissedIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
			if ev.Seq == 5 || ev.Seq > 20 { // one is missing in the middle, and from 2 s on all are
				return "", 0
			}
			return frame(ev), time.Millisecond
		}
		d := runMemory(t, m, hook+"drain: 500ms\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 4s}, {churn: {share: 100%, for: 1s}}]}\n")
		lost := *d.Metrics["deliveries.lost"].Value
		wantCounters(t, d, map[string]float64{"deliveries.lost_midstream": 10, "deliveries.lost_tail": lost - 10})
		left := *d.Metrics["connections.left"].Value
		// Who was there from the start missed 20 events of the hold, less the last half second; those who stay miss it all.
		if left != 10 || lost < 10*(1+15) || lost > 10*(1+30) {
			t.Errorf("%v left, %v lost", left, lost)
		}
	})
}

// What leavers missed for good, or had on its way to them, is nothing that a drain could wait for.
func TestADrainDoesNotWaitForThoseWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, deliver := range map[string]func(ev *Event) (string, time.Duration){
			"lost": func(ev *Event) (string, time.Duration) {
				if ev.Seq == 5 {
					return "", 0
				}
				return frame(ev), time.Millisecond
			},
			"on its way": func(ev *Event) (string, time.Duration) { return frame(ev), 400 * time.Millisecond },
		} {
			m := newMemory()
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return deliver(ev) }
			d := runMemory(t, m, hook+"load: {connections: 10, phases: [{ramp: at_once}, {hold: 2s}, {churn: {rate: 200/s, for: 1s}}, {hold: 1s}]}\n")
			drain := d.Phases[len(d.Phases)-1]
			if lasted := time.Duration(drain.EndNS - drain.StartNS); drain.Kind != "drain" || lasted > time.Second {
				t.Errorf("%s: the drain lasted %v", name, lasted)
			}
			if left := *d.Metrics["connections.left"].Value; left != 200 {
				t.Errorf("%s: %v left", name, left)
			}
		}
	})
}

func TestMemoryOfThoseWhoLeftIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		runMemory(t, m, hook+"load: {connections: 10, phases: [{ramp: at_once}, {churn: {rate: 5/s, for: 30s}}]}\n")
		if n := len(m.clients); n > 30 { // 160 subscribers came
			t.Errorf("%d subscriptions were made", n)
		}
	})
}

func TestCover(t *testing.T) {
	for _, c := range []struct {
		ranges []Range
		last   Range
		want   []Range
	}{
		{nil, Range{5, 9}, []Range{{5, 9}}},
		{[]Range{{1, 2}, {4, 4}}, Range{5, 9}, []Range{{1, 2}, {4, 4}, {5, 9}}},
		{[]Range{{1, 2}, {4, 6}, {8, 8}}, Range{5, 9}, []Range{{1, 2}, {4, 9}}},
	} {
		if got := cover(c.ranges, c.last); !slices.Equal(got, c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}
