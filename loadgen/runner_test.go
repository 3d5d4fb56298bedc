package loadgen

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

const hook = "publish: {hook: {http: {url: http://127.0.0.1:9/publish}}, rate: 10/s}\n"

const steady = hook + `
load:
  connections: 40
  phases: [{ramp: 100/s}, {hold: 5s}]
`

func TestSteadyRunAccountsForEveryPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 7 * time.Millisecond }
		d := runMemory(t, m, steady)
		wantCounters(t, d, map[string]float64{
			"connections.attempted": 40, "connections.opened": 40, "connections.failed": 0, "connections.abandoned": 0,
			"publish.count": 50, "publish.failed": 0,
			"deliveries.expected": 2000, "deliveries.received": 2000, "deliveries.lost": 0, "deliveries.duplicate": 0,
			"deliveries.reordered": 0, "deliveries.unexpected": 0, "deliveries.corrupt": 0, "events.received": 2000,
		})
		for name, n := range map[string]int64{
			"fanout.latency": 2000, "fanout.from_send": 2000, "fanout.first": 50, "fanout.last": 50, "fanout.spread": 50, "publish.lag": 50,
			"connect.total": 40, "connect.first_event": 40, "events.interval": 1960,
		} {
			h := d.Metrics[name].Histogram
			if h == nil || h.Count != n {
				t.Errorf("%s: %+v, want a count of %d", name, h, n)
			}
		}
		if p50 := *d.Metrics["fanout.latency"].Histogram.P50; p50 < 6.99e6 || p50 > 7.01e6 {
			t.Errorf("fanout.latency.p50 = %v, want 7 ms", p50)
		}
		if !d.Verdict.Pass || d.ExitCode() != 0 || d.Run.Partial || d.Run.Failure != "" {
			t.Errorf("verdict %+v, run %+v", d.Verdict, d.Run)
		}
	})
}

func TestFaultsAreCountedExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			one := frame(ev)
			switch {
			case s.client == 0 && ev.Seq == 3, s.client == 0 && ev.Seq == 50: // midstream, and in the tail
				return "", 0
			case s.client == 1 && ev.Seq == 4:
				return one + one, time.Millisecond
			case s.client == 2 && ev.Seq == 5: // overtaken by 6
				return one, 150 * time.Millisecond
			case s.client == 3 && ev.Seq == 6:
				return strings.Replace(one, string(ev.Payload), string(ev.Payload[:len(ev.Payload)-1])+"!", 1), time.Millisecond
			case s.client == 4 && ev.Seq == 7: // the mark itself
				return strings.Replace(one, "ssb1.", "ssb1.zz", 1), time.Millisecond
			case s.client == 5 && ev.Seq == 8:
				return one, 60 * time.Millisecond
			}
			return one, time.Millisecond
		}
		d := runMemory(t, m, "late_after: 50ms\n"+steady)
		wantCounters(t, d, map[string]float64{
			"deliveries.expected": 2000, "deliveries.received": 1997, "deliveries.lost": 3, "deliveries.lost_midstream": 2,
			"deliveries.lost_tail": 1, "deliveries.lost_gap": 0, "deliveries.duplicate": 1, "deliveries.reordered": 1,
			"deliveries.corrupt": 1, "deliveries.late": 2, "deliveries.unexpected": 0,
		})
		if c := d.Metrics["fanout.latency"].Histogram.Censored; c != 3 {
			t.Errorf("%d censored", c)
		}
		if n := d.Metrics["fanout.last"].Histogram.Count; n != 47 {
			t.Errorf("fanout.last of %d events, want 47: three were lost by somebody", n)
		}
		if d.Metrics["fanout.first"].Histogram.Count != 50 {
			t.Error("fanout.first must count every event")
		}
		if d.ExitCode() != 99 {
			t.Errorf("exit code %d: a loss crosses the default threshold", d.ExitCode())
		}
	})
}

func TestOutageIsAttributedToTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 21 {
				go m.outage()
			}
			return nil
		}
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 0 }
		d := runMemory(t, m, hook+"load: {connections: 10, reconnect: {profile: chromium, delay: 1s}, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		value := func(name string) float64 { return *d.Metrics[name].Value }
		wantCounters(t, d, map[string]float64{
			"connections.attempted": 20, "connections.opened": 20, "connections.closed_by_server": 10, "reconnect.count": 10,
			"deliveries.expected": 500, "deliveries.lost_midstream": 0, "deliveries.lost_tail": 0,
		})
		if value("deliveries.lost_gap") != value("deliveries.lost") || value("deliveries.lost") < 90 || value("deliveries.lost") > 120 {
			t.Errorf("lost %v, of them in the gap %v: an outage of 1 s at 10 events/s", value("deliveries.lost"), value("deliveries.lost_gap"))
		}
		if h := d.Metrics["reconnect.delay_error"].Histogram; h == nil || h.Count != 10 || h.Max > 1e6 {
			t.Errorf("reconnect.delay_error %+v", h)
		}
		if by := d.Metrics["connections.closed_by_server"].By; by["reset"] != 10 {
			t.Errorf("closed by %v", by)
		}
	})
}

func TestHeadersThatComeWithTheFirstEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		first := make(chan struct{})
		m.answer = func(int, int) int { <-first; return 200 }
		m.publish = func(ev *Event) error {
			if ev.Seq == 1 {
				close(first)
				time.Sleep(5 * time.Millisecond) // the answer is under way before the event
			}
			return nil
		}
		d := runMemory(t, m, "load: {connections: 4, open_within: 2s, phases: [{ramp: at_once}, {hold: 2s}]}\n"+hook)
		wantCounters(t, d, map[string]float64{"deliveries.expected": 80, "deliveries.received": 80, "deliveries.lost": 0})
		if !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool {
			return w.Token == "headers_delayed" && strings.Contains(w.Message, "4 streams")
		}) {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}

func TestStreamsThatNeverOpen(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  func(client, opening int) int
		failure string
		code    int
		want    map[string]float64
	}{
		{
			"all refused", func(int, int) int { return 503 }, "no stream opened: 40 attempts ended with status_503", 1,
			map[string]float64{"connections.failed": 40, "connections.opened": 0, "publish.count": 0},
		},
		{
			"all pending", func(int, int) int { return 0 }, "no stream opened: 40 connections never got response headers", 1,
			map[string]float64{"connections.abandoned": 40, "connections.opened": 0, "deliveries.lost": 2000},
		},
		{
			"one refused", func(c, _ int) int {
				if c == 7 {
					return 404
				}
				return 200
			}, "", 99,
			map[string]float64{"connections.failed": 1, "connections.opened": 39, "deliveries.expected": 1950, "deliveries.lost": 0},
		},
		{
			"one pending for good is a subscriber that got nothing", func(c, _ int) int {
				if c == 7 {
					return 0
				}
				return 200
			}, "", 99,
			map[string]float64{
				"connections.abandoned": 1, "connections.opened": 39, "deliveries.expected": 2000, "deliveries.lost": 50, "deliveries.lost_tail": 50,
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.answer = tt.status
				d := runMemory(t, m, steady)
				wantCounters(t, d, tt.want)
				if !strings.HasPrefix(d.Run.Failure, tt.failure) || (tt.failure == "") != (d.Run.Failure == "") || d.ExitCode() != tt.code {
					t.Errorf("failure %q, exit code %d; want %q and %d", d.Run.Failure, d.ExitCode(), tt.failure, tt.code)
				}
			})
		})
	}
}

func TestSlowHookMovesNoDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(*Event) error { time.Sleep(150 * time.Millisecond); return nil }
		d := runMemory(t, m, "drain: 10s\n"+steady)
		wantCounters(t, d, map[string]float64{"publish.count": 50, "deliveries.expected": 2000, "deliveries.received": 2000})
		// Event n is due at n·100 ms and called at n·150 ms, so the last one is called 49·50 ms late.
		lag := d.Metrics["publish.lag"].Histogram
		if lag.Max < 2.44e9 || lag.Max > 2.46e9 {
			t.Errorf("publish.lag.max = %v, want 2.45 s", time.Duration(lag.Max))
		}
		if sched := d.Metrics["generator.schedule_lag"].Histogram; sched.Max > 1e6 {
			t.Errorf("generator.schedule_lag.max = %v: the hook's slowness is not the generator's", time.Duration(sched.Max))
		}
		if max := d.Metrics["fanout.latency"].Histogram.Max; max < 2.59e9 {
			t.Errorf("fanout.latency.max = %v: it counts from the due time", time.Duration(max))
		}
	})
}

func TestFailedCallsAreExpectedOnlyWhereTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq%10 == 0 {
				return &Failure{"hook_status_500", "the hook answered 500"}
			}
			return nil
		}
		d := runMemory(t, m, steady)
		wantCounters(t, d, map[string]float64{
			"publish.count": 50, "publish.failed": 5, "deliveries.expected": 1800, "deliveries.received": 1800, "deliveries.lost": 0,
		})
		if d.ExitCode() != 1 || !strings.Contains(d.Run.Failure, "5 of 50 calls, mostly with hook_status_500") {
			t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
		}
	})
}

func TestAHookThatNeverWorkedEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(*Event) error { return &Failure{"hook_status_401", "the hook answered 401"} }
		d := runMemory(t, m, steady)
		if d.Run.DurationNS > int64(3*time.Second) || d.ExitCode() != 1 || !strings.Contains(d.Run.Failure, "the hook answered 401") {
			t.Errorf("after %v: exit %d, %q", time.Duration(d.Run.DurationNS), d.ExitCode(), d.Run.Failure)
		}
	})
}

func TestStopDrainsAndKeepsTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		time.AfterFunc(2450*time.Millisecond, func() { close(stop) }) // 2 s into the hold phase, give or take
		d := runMemory(t, newMemory(), steady, func(r *Runner) { r.Stop = stop })
		n := *d.Metrics["publish.count"].Value
		if !d.Run.Partial || d.ExitCode() != 130 || n < 15 || n > 25 {
			t.Errorf("partial %v, exit %d, %v published", d.Run.Partial, d.ExitCode(), n)
		}
		wantCounters(t, d, map[string]float64{"deliveries.expected": 40 * n, "deliveries.received": 40 * n, "deliveries.lost": 0})
	})
}

func TestWarmupIsLeftOutAndPhasesFollowTheDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 250 * time.Millisecond }
		d := runMemory(t, m, hook+"load: {connections: 2, phases: [{ramp: at_once}, {hold: 1s, name: warm, warmup: true}, {hold: 2s, name: measure}]}\n")
		wantCounters(t, d, map[string]float64{"publish.count": 20, "deliveries.expected": 40, "deliveries.received": 40})
		for _, p := range d.Phases {
			want := map[string]float64{"warm": 20, "measure": 40}[p.Name]
			if got := p.Metrics["deliveries.received"].Value; want > 0 && (got == nil || *got != want) {
				t.Errorf("phase %s: received %v, want %v", p.Name, got, want)
			}
		}
	})
}

func TestTopicsAreSerialAndSeparate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			if s.client%4 != int(ev.Topic[1]-'0') {
				return "", 0
			}
			return frame(ev), 0
		}
		d := runMemory(t, m, hook+"load: {connections: 8, topics: 4, phases: [{ramp: at_once}, {hold: 4s}]}\n")
		wantCounters(t, d, map[string]float64{"publish.count": 40, "deliveries.expected": 80, "deliveries.received": 80, "deliveries.unexpected": 0})
	})
}

func TestAJournalThatCannotBeWrittenFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		d := runMemory(t, newMemory(), steady, func(r *Runner) { r.OnInterval = func(*results.Interval) error { return full } })
		if d.ExitCode() != 1 || d.Run.Failure != full.Error() {
			t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
		}
	})
}

func TestObservedServerThatHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		go func() {
			time.Sleep(time.Second)
			var held strings.Builder
			for range 5 {
				held.WriteString("data: " + time.Now().Format(time.RFC3339Nano) + "\n\n")
				time.Sleep(time.Second)
			}
			for _, s := range m.all() {
				s.write(held.String())
			}
		}()
		d := runMemory(t, m, "observe: {time: data, unit: rfc3339}\nload: {connections: 3, phases: [{ramp: at_once}, {hold: 10s}]}\n")
		if h := d.Metrics["observed.latency"].Histogram; h == nil || h.Count != 15 || h.Max < 4.9e9 {
			t.Errorf("observed.latency %+v", h)
		}
		if _, ok := d.Metrics["deliveries.expected"]; ok {
			t.Error("an observed run without a sequence has no deliveries")
		}
		if !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == "buffered" }) {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}

func TestContextEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(*memoryStream, *Event) (string, time.Duration) { return "", 0 } // a drain would wait for these
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1500*time.Millisecond, cancel)
		var ended time.Duration
		begun := time.Now()
		runMemoryContext(t, ctx, m, steady)
		if ended = time.Since(begun); ended > 1600*time.Millisecond {
			t.Errorf("ended after %v", ended)
		}
	})
}

func TestEveryMarkOfABatchCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		held := make(map[int]string)
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			if ev.Seq%5 != 0 {
				held[s.client] += `"` + string(ev.Payload) + `",`
				return "", 0
			}
			batch := "data: [" + held[s.client] + `"` + string(ev.Payload) + "\"]\n\n"
			held[s.client] = ""
			return batch, time.Millisecond
		}
		d := runMemory(t, m, steady)
		wantCounters(t, d, map[string]float64{
			"events.received": 400, "deliveries.expected": 2000, "deliveries.received": 2000, "deliveries.reordered": 0, "deliveries.corrupt": 0,
		})
	})
}

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

func TestConcurrentCallsAreNumberedAsTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error { time.Sleep(time.Duration(ev.Seq%7) * 10 * time.Millisecond); return nil }
		d := runMemory(t, m, "publish: {hook: {http: {url: http://127.0.0.1:9/publish}}, rate: 100/s, concurrent: true}\n"+
			"load: {connections: 4, phases: [{ramp: at_once}, {hold: 1s, warmup: true}, {hold: 2s}]}\n")
		wantCounters(t, d, map[string]float64{
			"publish.count": 200, "deliveries.expected": 800, "deliveries.received": 800, "deliveries.reordered": 0, "deliveries.lost": 0,
		})
	})
}

func TestACallThatTheEndCutsOffIsNoFailureOfTheHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		ctxHook := &slowHook{memory: m, slow: 200 * time.Millisecond}
		d := runMemory(t, m, strings.Replace("drain: 1s\n"+steady, "rate: 10/s", "rate: 20/s", 1), func(r *Runner) { r.Publisher = ctxHook })
		wantCounters(t, d, map[string]float64{"publish.failed": 0, "deliveries.lost": 0})
		if d.Run.Failure != "" || !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == "publish_backlog" }) {
			t.Errorf("failure %q, warnings %v", d.Run.Failure, d.Warnings)
		}
	})
}

// slowHook is a hook that heeds its context.
type slowHook struct {
	memory *memory
	slow   time.Duration
}

func (h *slowHook) Publish(ctx context.Context, ev *Event) error {
	select {
	case <-time.After(h.slow):
		return h.memory.Publish(ctx, ev)
	case <-ctx.Done():
		return &Failure{"hook_canceled", "cut off"}
	}
}

func TestStopInTheDrainIsAnInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 2 * time.Second }
		stop := make(chan struct{})
		time.AfterFunc(6*time.Second, func() { close(stop) }) // ramp 0.4 s, hold 5 s
		d := runMemory(t, m, steady, func(r *Runner) { r.Stop = stop })
		wantCounters(t, d, map[string]float64{"deliveries.expected": 2000, "deliveries.received": 2000})
		if !d.Run.Partial || d.ExitCode() != 130 {
			t.Errorf("partial %v, exit %d", d.Run.Partial, d.ExitCode())
		}
	})
}

func TestStopEndsARampThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		close(stop)
		m := newMemory()
		d := runMemory(t, m, "load: {connections: 500, phases: [{ramp: at_once}, {hold: 1s}]}\n", func(r *Runner) { r.Stop = stop })
		if n := len(m.all()); n > 0 || d.ExitCode() != 130 {
			t.Errorf("%d openings, exit %d", n, d.ExitCode())
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

func TestTheDrainWaitsForNobodyWhoIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 31 {
				m.outage()
			}
			return nil
		}
		d := runMemory(t, m, "drain: 60s\n"+steady)
		if d.Run.DurationNS > int64(7*time.Second) {
			t.Errorf("the run took %v", time.Duration(d.Run.DurationNS))
		}
		wantCounters(t, d, map[string]float64{"deliveries.lost": 800})
	})
}
