package loadgen

import (
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlowReadersHaveNoPartInTheDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq != 41 {
				return nil
			}
			for _, s := range m.all() { // the server gives up who does not read
				s.lane.Hold()
				paced := s.paced
				s.lane.Release()
				if paced {
					s.end(Ending{At: time.Now(), Token: "reset", Message: "connection reset by peer"})
				}
			}
			return nil
		}
		d := runMemory(t, m, hook+"load: {connections: 40, slow_readers: 10%, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{
			"slow.opened": 4, "slow.cut": 4, "deliveries.expected": 36 * 50, "deliveries.received": 36 * 50, "deliveries.lost": 0, "events.received": 36 * 50,
		})
		if by := d.Metrics["slow.cut"].By; !maps.Equal(by, map[string]int64{"reset": 4}) {
			t.Errorf("cut %v", by)
		}
		if age := d.Metrics["slow.age"].Histogram; age.Count != 4 || age.Min < float64(4*time.Second) {
			t.Errorf("age %+v", age)
		}
		if age := d.Metrics["stream.age"].Histogram; age != nil && age.Count > 0 {
			t.Errorf("stream.age has %d", age.Count)
		}
	})
}

func TestSlowReadersReadInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, newMemory(), hook+"load: {connections: 40, slow_readers: 10%, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		wantCounters(t, d, map[string]float64{"slow.cut": 0, "deliveries.received": 36 * 50, "events.received": 40 * 50})
	})
}

// A server that a slow reader freezes must not be cured before the account is taken.
func TestSlowReadersStaySlowUntilTheAccountIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var mu sync.Mutex
		held := make(map[*memoryStream]string)
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			if ev.Seq <= 20 || s.paced {
				return frame(ev), time.Millisecond
			}
			mu.Lock()
			defer mu.Unlock()
			held[s] += frame(ev)
			return "", 0
		}
		over := make(chan struct{})
		thaw := func() {
			for slow := true; slow; time.Sleep(10 * time.Millisecond) {
				slow = len(m.all()) == 0
				for _, s := range m.all() {
					s.lane.Hold()
					slow = slow || s.paced || !s.open
					s.lane.Release()
				}
				select {
				case <-over:
					return
				default:
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for s, data := range held {
				s.write(data)
			}
		}
		var waiting sync.WaitGroup
		m.publish = func(ev *Event) error {
			if ev.Seq == 21 {
				waiting.Go(thaw)
			}
			return nil
		}
		d := runMemory(t, m, hook+"drain: 1s\nload: {connections: 40, slow_readers: 10%, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		close(over)
		waiting.Wait()
		wantCounters(t, d, map[string]float64{"deliveries.received": 36 * 20, "deliveries.lost": 36 * 30, "events.received": 40 * 50})
		if w := warning(d, "slow_readers_block"); !strings.HasPrefix(w, "1080 events came to other streams only when the slow readers were read at the end") {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}

// rigid is a transport whose streams cannot be slowed down.
type rigid struct{ *memory }

func (r rigid) Open(l *Lane, q *Request, at time.Time, h StreamHandler) Stream {
	return struct{ Stream }{r.memory.Open(l, q, at, h)}
}

func TestATransportThatCannotReadSlowlyFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		d := runMemory(t, m, hook+"load: {connections: 4, slow_readers: 50%, phases: [{ramp: at_once}, {hold: 1s}]}\n", func(r *Runner) { r.Transport = rigid{m} })
		if d.ExitCode() != 1 || d.Run.Failure != "load.slow_readers: streams of this protocol cannot be read slowly on this system" {
			t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
		}
	})
}

func TestSilenceAndHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			switch {
			case s.client == 1: // events alone, and from 3 s on nothing until the server ends it
				if ev.Seq == 50 {
					m.wait.Go(func() { s.end(Ending{At: time.Now(), Token: TokenEOF}) })
				}
				if ev.Seq > 30 {
					return "", 0
				}
				return frame(ev), time.Millisecond
			case ev.Seq%10 == 0: // a comment a second
				return ": beat\n\n", time.Millisecond
			}
			return "", 0
		}
		d := runMemory(t, m, hook+"drain: 1s\nload: {connections: 2, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		heartbeat, silence, idle := d.Metrics["stream.heartbeat"].Histogram, d.Metrics["stream.silence"].Histogram, d.Metrics["stream.idle"].Histogram
		if heartbeat.Count != 4 || heartbeat.Min < 0.99e9 || heartbeat.Max > 1.01e9 {
			t.Errorf("heartbeat %+v", heartbeat)
		}
		if silence.Count != 2 || silence.Max < 1.8e9 || silence.Max > 2.1e9 {
			t.Errorf("silence %+v", silence)
		}
		if idle.Count != 1 || idle.Max < 1.8e9 || idle.Max > 2.1e9 {
			t.Errorf("idle %+v", idle)
		}
	})
}
