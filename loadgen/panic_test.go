package loadgen

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// bomb panics the first time that it goes off.
type bomb struct{ gone atomic.Bool }

func (b *bomb) goOff() {
	if b.gone.CompareAndSwap(false, true) {
		panic("boom")
	}
}

type panickyServer struct {
	*fakeServer
	down, exited bomb
	panics       string
}

func (p *panickyServer) Down(ctx context.Context, kill bool) error {
	if p.panics == "down" {
		p.down.goOff()
	}
	return p.fakeServer.Down(ctx, kill)
}

func (p *panickyServer) Exited() string {
	if p.panics == "exited" {
		p.exited.goOff()
	}
	return ""
}

type panickyHost struct {
	machine
	b     bomb
	calls int
}

func (h *panickyHost) Sample() (results.ProcessSample, error) {
	if h.calls++; h.calls == 3 {
		h.b.goOff()
	}
	return h.machine.Sample()
}

type panickyBreaker struct{ Breaker }

func (panickyBreaker) Restart(context.Context, []string, string) error { panic("boom") }

type panickyTransport struct {
	*memory
	opens int
	panic string
}

func (p *panickyTransport) Open(l *Lane, r *Request, at time.Time, h StreamHandler) Stream {
	if p.opens++; p.panic == "open" && p.opens == 30 {
		panic("boom")
	}
	return p.memory.Open(l, r, at, h)
}

func (p *panickyTransport) Close() error {
	err := p.memory.Close()
	if p.panic == "close" {
		panic("boom")
	}
	return err
}

// A panic, wherever it is, ends the run as one that failed: with the document so far, a line that says what happened, and a journal that
// can be read.
func TestAPanicEndsTheRunWithItsDocument(t *testing.T) {
	for name, c := range map[string]struct {
		scenario string
		arm      func(m *memory, r *Runner)
		who      string
		whole    bool // the ledger was closed
	}{
		"in the hook": {steady, func(m *memory, _ *Runner) {
			m.publish = func(ev *Event) error {
				if ev.Seq == 20 {
					panic("boom")
				}
				return nil
			}
		}, "the publisher", true},
		"in the hook, concurrently": {strings.Replace(steady, "rate: 10/s", "rate: 10/s, concurrent: true", 1), func(m *memory, _ *Runner) {
			m.publish = func(ev *Event) error {
				if ev.Seq == 20 {
					panic("boom")
				}
				return nil
			}
		}, "the publisher", true},
		"in the naps of the dispatcher": {steady, func(_ *memory, r *Runner) { r.Host = &nappingHost{} }, "the dispatcher of the publisher", true},
		"in the ticker, with its lock":  {steady, func(_ *memory, r *Runner) { r.Host = &panickyHost{} }, "the ticker", true},
		"in the journal": {steady, func(_ *memory, r *Runner) {
			write, b := r.OnInterval, new(bomb)
			r.OnInterval = func(in *results.Interval) error {
				if in.StartNS > 1e9 {
					b.goOff()
				}
				return write(in)
			}
		}, "the ticker", true},
		"in the journal's last line": {steady, func(_ *memory, r *Runner) {
			write, b := r.OnInterval, new(bomb)
			r.OnInterval = func(in *results.Interval) error {
				err := write(in)
				if in.End != nil {
					b.goOff()
				}
				return err
			}
		}, "the end of the run", true},
		"in a handler": {steady, func(m *memory, _ *Runner) {
			b := new(bomb)
			m.handling = func() {
				if len(m.all()) == 40 {
					b.goOff()
				}
			}
		}, "a stream", true},
		"in the conductor, after the ramp": {steady, func(_ *memory, r *Runner) { r.Settled = func() { panic("boom") } }, "the conductor", true},
		"in an opening":                    {steady, func(m *memory, r *Runner) { r.Transport = &panickyTransport{memory: m, panic: "open"} }, "the conductor", true},
		"in an outage": {outages("reconnect: chromium", "outage: {server: kill, shut: 1s}"), func(m *memory, r *Runner) {
			r.Server = &panickyServer{fakeServer: &fakeServer{m: m}, panics: "down"}
		}, "the conductor", true},
		"in a command of an outage": {outages("reconnect: chromium", "outage: {restart: x}"), func(m *memory, r *Runner) {
			r.Breaker = panickyBreaker{}
		}, "a restart", true},
		"in what looks after the server": {steady, func(m *memory, r *Runner) {
			r.Server = &panickyServer{fakeServer: &fakeServer{m: m}, panics: "exited"}
		}, "the end of the run", false},
		"in the transport's end": {steady, func(m *memory, r *Runner) { r.Transport = &panickyTransport{memory: m, panic: "close"} }, "the end of the run", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, written, closed := newMemory(), &bytes.Buffer{}, 0
			journal := results.JournalWriter{W: written}
			d := runMemory(t, m, c.scenario, func(r *Runner) {
				r.Started, r.OnInterval = journal.WriteHeader, journal.WriteInterval
				r.Close = func() []results.Warning { closed++; return nil }
				c.arm(m, r)
			})
			want := "internal: " + c.who + " panicked: boom (loadgen/"
			if d.ExitCode() != results.ExitFailed || !strings.HasPrefix(d.Run.Failure, want) || strings.Contains(d.Run.Failure, "\n") || closed != 1 {
				t.Errorf("%s: exit %d, %q, closed %d times", name, d.ExitCode(), d.Run.Failure, closed)
			}
			if _, ok := d.Metrics["deliveries.lost"]; d.Metrics["connections.opened"].Value == nil || c.whole && !ok || len(d.Phases) == 0 {
				t.Errorf("%s: the document is empty: %v", name, d.Phases)
			}
			read, err := results.FoldJournal(bytes.NewReader(written.Bytes()))
			if err != nil || read.Run.Partial && c.who != "the end of the run" {
				t.Errorf("%s: the journal: %v, %+v", name, err, read)
			}
		})
	}
}

// nappingHost panics in its tenth nap.
type nappingHost struct {
	machine
	naps int
}

func (h *nappingHost) Nap(d time.Duration) {
	if h.naps++; h.naps == 10 {
		panic("boom")
	}
	h.machine.Nap(d)
}

// A goroutine that panicked with a lock in its hand does not keep the run from its end.
func TestALockLeftBehindDoesNotHangTheRun(t *testing.T) {
	defer func(d time.Duration) { crashTimeout = d }(crashTimeout)
	crashTimeout = 100 * time.Millisecond
	m := newMemory()
	m.answer = func(int, int) int { return http.StatusOK }
	d := runMemory(t, m, "load: {connections: 4, phases: [{ramp: at_once}, {hold: 20s}]}\n", func(r *Runner) {
		r.Settled = func() {
			lane := m.lanes[0]
			go func() {
				defer lane.Recovered("a stream")
				lane.Hold()
				panic("boom")
			}()
		}
	})
	if want := "internal: a stream panicked: boom (loadgen/"; d.ExitCode() != results.ExitFailed || !strings.HasPrefix(d.Run.Failure, want) {
		t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
	}
}

func TestAPanicOfATransportWithoutARunGoesOn(t *testing.T) {
	defer func() {
		if recover() != "boom" {
			t.Error("the panic is lost")
		}
	}()
	func() {
		defer new(Lane).Recovered("a stream")
		panic("boom")
	}()
}

// A goroutine of the hook's own that panicked fails the run, whatever the scenario tolerates of its calls.
func TestAHookThatPanickedFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 20 {
				return &Failure{TokenPanicked, "internal: boom"}
			}
			return nil
		}
		if d := runMemory(t, m, "thresholds: [publish.failed < 1000]\n"+steady); d.ExitCode() != results.ExitFailed || d.Run.Failure != "internal: boom" {
			t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
		}
	})
}
