package loadgen

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

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

func TestAJournalThatCannotBeWrittenFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		d := runMemory(t, newMemory(), steady, func(r *Runner) { r.OnInterval = func(*results.Interval) error { return full } })
		if d.ExitCode() != 1 || d.Run.Failure != full.Error() {
			t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
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
