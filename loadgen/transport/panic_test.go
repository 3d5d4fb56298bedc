package transport

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
	"ssebench/scenarios"
)

// tripwire is a transport whose handlers panic at the third call of a kind, in the middle of a run.
type tripwire struct {
	*Transport
	at string
}

func (w *tripwire) Open(l *loadgen.Lane, r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream {
	return w.Transport.Open(l, r, at, &tripping{StreamHandler: h, at: w.at})
}

type tripping struct {
	loadgen.StreamHandler
	at string
}

func (t *tripping) trip(at string) {
	if t.at == at {
		panic("boom")
	}
}

func (t *tripping) Opened(o loadgen.Opening) error {
	t.trip("opened")
	return t.StreamHandler.Opened(o)
}

func (t *tripping) Bytes(b []byte, at time.Time) error {
	t.trip("bytes")
	return t.StreamHandler.Bytes(b, at)
}

func (t *tripping) Ended(e loadgen.Ending) time.Time {
	t.trip("ended")
	return t.StreamHandler.Ended(e)
}

func (t *tripping) Resume(to *loadgen.Resumption) {
	t.trip("resume")
	t.StreamHandler.Resume(to)
}

// A panic in a handler, whatever carries the stream, ends the run with its document.
func TestAPanicInAHandlerEndsTheRun(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/event-stream")
			flush(rw)
			io.WriteString(rw, "data: 1\n\n")
			flush(rw)
			<-r.Context().Done()
		})
		s, err := scenarios.Decode(scenarios.Source{Name: "x.yaml", Bytes: []byte("target: {url: '" + u + "'}\nload: {connections: 4, phases: [{ramp: at_once}, {hold: 300ms}]}\n")})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := s.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"opened", "bytes", "ended", "resume"} {
			tr, _ := w.transport(t, Config{Lanes: 2})
			d, err := (&loadgen.Runner{Transport: &tripwire{tr, at}}).Run(context.Background(), plan)
			if err != nil {
				t.Fatal(err)
			}
			if d.ExitCode() != results.ExitFailed || !strings.HasPrefix(d.Run.Failure, "internal: ") || !strings.Contains(d.Run.Failure, " panicked: boom (transport/panic_test.go:") {
				t.Errorf("%s: exit %d, %q", at, d.ExitCode(), d.Run.Failure)
			}
			if len(d.Phases) == 0 {
				t.Errorf("%s: the document is empty", at)
			}
		}
	})
}
