package loadgen

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

func TestASubscriberOfALaterRampIsExpectedFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, newMemory(), hook+"load: {phases: [{ramp: at_once, connections: 10}, {hold: 2s}, {ramp: at_once, connections: 30}, {hold: 2s}]}\n")
		published, expected := *d.Metrics["publish.count"].Value, *d.Metrics["deliveries.expected"].Value
		if published != 41 && published != 40 {
			t.Errorf("%v published over two holds of 2 s and a ramp of some milliseconds", published)
		}
		// The first ten see all events, the later twenty those of the last 2 s.
		if expected < 10*published+20*19 || expected > 10*published+20*21 {
			t.Errorf("%v pairs expected of %v events", expected, published)
		}
		wantCounters(t, d, map[string]float64{"deliveries.lost": 0, "deliveries.received": expected, "deliveries.unexpected": 0, "connections.opened": 30})
	})
}

func TestAStreamClosedForGoodStaysASubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 31 {
				m.outage()
			}
			return nil
		}
		d := runMemory(t, m, steady)
		wantCounters(t, d, map[string]float64{
			"deliveries.expected": 2000, "deliveries.received": 1200, "deliveries.lost": 800, "deliveries.lost_tail": 800,
			"connections.closed_by_server": 40, "reconnect.count": 0,
		})
	})
}

func TestConflatingServerLosesNothingButTheTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
			if ev.Seq%10 == 4 || ev.Seq == 50 {
				return "", 0
			}
			return frame(ev), time.Millisecond
		}
		d := runMemory(t, m, strings.Replace(steady, "rate: 10/s", "rate: 10/s, conflates: true", 1))
		wantCounters(t, d, map[string]float64{
			"deliveries.superseded": 200, "deliveries.expected": 1800, "deliveries.received": 1760, "deliveries.lost": 40, "deliveries.lost_tail": 40,
		})
	})
}

func TestReplayedReceiptsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var missed []string
		down := false
		m.publish = func(ev *Event) error {
			if ev.Seq == 21 {
				down = true
				m.outage()
			}
			if down && ev.Seq < 26 {
				missed = append(missed, frame(ev))
			}
			if ev.Seq == 26 { // all are back: the server replays
				for _, s := range m.all() {
					s.write(strings.Join(missed, ""))
				}
			}
			return nil
		}
		d := runMemory(t, m, hook+"load: {connections: 10, reconnect: {profile: chromium, delay: 450ms}, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{"deliveries.expected": 500, "deliveries.received": 500, "deliveries.lost": 0, "deliveries.replayed": 50})
		if n := d.Metrics["fanout.replayed"].Histogram.Count + d.Metrics["fanout.latency"].Histogram.Count; n != 500 {
			t.Errorf("fanout.replayed and fanout.latency have %d receipts together", n)
		}
	})
}

func TestAPendingStreamThatIsRefusedWasNoSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		decided := make(chan struct{})
		m.answer = func(client, _ int) int {
			if client != 7 {
				return 200
			}
			<-decided
			return 503
		}
		m.publish = func(ev *Event) error {
			if ev.Seq == 10 {
				close(decided)
			}
			return nil
		}
		d := runMemory(t, m, steady+"  open_within: 1s\n")
		wantCounters(t, d, map[string]float64{
			"connections.failed": 1, "connections.opened": 39, "deliveries.expected": 1950, "deliveries.received": 1950, "deliveries.lost": 0,
		})
		if n := d.Metrics["fanout.last"].Histogram.Count; n != 50 {
			t.Errorf("fanout.last of %d events, want all 50", n)
		}
	})
}

func TestAnOpeningThatNeverBeganWasNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 45 {
				m.outage() // with 3 s to wait, they are still waiting at the end
			}
			return nil
		}
		d := runMemory(t, m, "drain: 100ms\n"+hook+"load: {connections: 10, reconnect: chromium, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{
			"connections.attempted": 10, "connections.opened": 10, "connections.abandoned": 0, "connections.closed_by_server": 10, "reconnect.count": 0,
		})
	})
}

func TestADuplicateBehindTheLastEventIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 50 {
				again := frame(ev)
				m.wait.Go(func() {
					time.Sleep(120 * time.Millisecond)
					m.all()[0].write(again)
				})
			}
			return nil
		}
		wantCounters(t, runMemory(t, m, steady), map[string]float64{"deliveries.received": 2000, "deliveries.duplicate": 1})
	})
}

func TestObservedSequencesBalanceInEveryPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		go func() {
			time.Sleep(500 * time.Millisecond)
			for n := 100; n < 180; n++ { // 50 ms apart, every tenth missing
				if n%10 != 3 {
					for _, s := range m.all() {
						s.write("data: {\"n\":" + strconv.Itoa(n) + "}\n\n")
					}
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		d := runMemory(t, m, "observe: {sequence: {pointer: /n}}\nload: {connections: 3, phases: [{ramp: at_once}, {hold: 2s, warmup: true}, {hold: 3s}]}\n")
		value := func(name string) float64 { return *d.Metrics[name].Value }
		if d.Run.Failure != "" || value("deliveries.expected") != value("deliveries.received")+value("deliveries.lost") {
			t.Errorf("failure %q: %v expected, %v received, %v lost", d.Run.Failure, value("deliveries.expected"), value("deliveries.received"), value("deliveries.lost"))
		}
		if lost := value("deliveries.lost"); lost != 3*5 { // 133 to 173, after the warm-up
			t.Errorf("%v lost, want 15", lost)
		}
	})
}

func TestAStreamThatWaitsToComeBackIsNoSubscriberYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.answer = func(client, opening int) int {
			if client == 0 && opening == 1 {
				return 503
			}
			return 200
		}
		d := runMemory(t, m, hook+"load: {connections: 4, reconnect: {profile: library, delay: 4s}, open_within: 500ms, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{"connections.failed": 1, "connections.opened": 4, "deliveries.lost": 0, "deliveries.unexpected": 0})
		if slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == "headers_delayed" }) {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}

// A stream that loses all the time has no account of each loss, and what comes very late counts by itself.
func TestTheAccountOfALossyStreamBalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var old string
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
			switch {
			case ev.Seq == 2:
				old = frame(ev)
			case ev.Seq == 1999:
				return frame(ev) + old, time.Millisecond
			}
			if ev.Seq%2 == 0 {
				return "", 0
			}
			return frame(ev), time.Millisecond
		}
		d := runMemory(t, m, strings.Replace(hook, "10/s", "400/s", 1)+"drain: 100ms\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{
			"deliveries.expected": 20_000, "deliveries.received": 10_000, "deliveries.lost": 10_000, "deliveries.lost_midstream": 9_990, "deliveries.lost_tail": 10,
			"deliveries.stale": 10, "deliveries.duplicate": 0,
		})
		if d.Run.Failure != "" {
			t.Error(d.Run.Failure)
		}
	})
}

// What nobody listens to was sent all the same; a mark in it is no delivery.
func TestEventsThatNobodyListensTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
			return "event: other\n" + frame(ev) + "event: other\ndata: 12345\n\n" + frame(ev), time.Millisecond
		}
		d := runMemory(t, m, "target: {listen: [message]}\n"+steady)
		wantCounters(t, d, map[string]float64{
			"deliveries.expected": 2000, "deliveries.received": 2000, "deliveries.duplicate": 0, "events.received": 6000,
			"payload.unused": 2000 * (100 + 5), "payload.received": 2000 * (100 + 5 + 100),
		})
	})
}
