package loadgen

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

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
		ctxHook := &slowHook{memory: m, slow: 210 * time.Millisecond}
		d := runMemory(t, m, strings.Replace("drain: 1s\n"+steady, "rate: 10/s", "rate: 20/s", 1), func(r *Runner) { r.Publisher = ctxHook })
		wantCounters(t, d, map[string]float64{"publish.failed": 0, "deliveries.lost": 0, "publish.due": 100, "publish.count": 29, "publish.unsent": 71})
		if d.Run.Failure != "" || !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool {
			return w.Token == "publish_cut_off" && strings.HasPrefix(w.Message, "hook calls were under way and unanswered when the run ended: 1, the oldest for ")
		}) {
			t.Errorf("failure %q, warnings %v", d.Run.Failure, d.Warnings)
		}
	})
}

// However a run ends, what was due was sent or is known not to be.
func TestWhatWasDueWasSentOrNot(t *testing.T) {
	for name, tt := range map[string]struct {
		change      string
		end         func(stop chan struct{}, cancel func())
		due, unsent float64
	}{
		"to its end":          {due: 100, unsent: 71},
		"concurrent":          {change: "concurrent: true, ", due: 100},
		"interrupted":         {end: func(stop chan struct{}, _ func()) { close(stop) }, due: 50, unsent: 33},
		"interrupted twice":   {end: func(_ chan struct{}, cancel func()) { cancel() }, due: 50, unsent: 38},
		"concurrent, as well": {change: "concurrent: true, ", end: func(_ chan struct{}, cancel func()) { cancel() }, due: 50},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				stop := make(chan struct{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.end != nil {
					go func() {
						time.Sleep(2485 * time.Millisecond) // about the half of the hold
						tt.end(stop, cancel)
					}()
				}
				d := runMemoryContext(t, ctx, m, "drain: 1s\npublish: {hook: {http: {url: http://127.0.0.1:9/publish}}, "+tt.change+"rate: 20/s}\n"+
					"load: {connections: 4, phases: [{ramp: at_once}, {hold: 5s}]}\n", func(r *Runner) {
					r.Publisher, r.Stop = &slowHook{memory: m, slow: 210 * time.Millisecond}, stop
				})
				wantCounters(t, d, map[string]float64{"publish.due": tt.due, "publish.unsent": tt.unsent, "publish.count": tt.due - tt.unsent})
			})
		})
	}
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
