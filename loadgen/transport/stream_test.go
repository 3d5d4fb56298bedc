package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

func TestBytesArriveAsTheyAreSent(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		step := make(chan string)
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/event-stream")
			flush(rw)
			for s := range step {
				io.WriteString(rw, s)
				flush(rw)
			}
		})
		tr, sum := w.transport(t, Config{})
		r := newReader(t)
		open(tr, get(t, u), r)
		r.until("the opening", func() bool { return len(r.openings) == 1 })
		for i := range 3 {
			step <- fmt.Sprintf("data: %d\n\n", i)
			r.untilBody(fmt.Sprintf("data: %d\n\n", i))
		}
		close(step)
		e := r.untilToken(loadgen.TokenEOF)
		o := r.openings[0]
		if o.Status != 200 || o.Protocol != w.proto || o.Remote != strings.SplitAfter(u, "://")[1] || o.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("opening %+v", o)
		}
		if o.TLSDone.IsZero() == w.tls {
			t.Errorf("TLSDone is %v", o.TLSDone)
		}
		last := o.DialStart
		for i, at := range []time.Time{o.Dialed, o.TLSDone, o.Requested, o.Headers, e.At} {
			if at.IsZero() && i != 1 || at.Before(last) && i != 1 {
				t.Errorf("instant %d is %v after %v", i, at, last)
			}
			last = at
		}
		if sum.of(results.RequestsCount) != 1 || sum.of(results.BytesReceived) == 0 || sum.of(results.BytesSent) == 0 {
			t.Errorf("counts %v", sum.counts)
		}
	})
}

// Some servers send no header before the first event. However many streams wait for theirs, the next one opens all the same.
func TestPendingHeadersHoldNothingUp(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		pending := int64(300) // more than an HTTP/2 server allows on one connection
		if w.protocol == HTTP1 {
			pending = 60
		}
		release := make(chan struct{})
		var waiting atomic.Int64
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				waiting.Add(1)
				<-release
			}
			io.WriteString(rw, "data: 1\n\n")
		})
		tr, _ := w.transport(t, Config{Lanes: 3})
		var h counter
		lanes := tr.Lanes()
		for i := range pending {
			tr.Open(lanes[i%3], get(t, u+"/slow"), time.Now(), &h)
		}
		await(t, &waiting, pending)
		r := newReader(t)
		open(tr, get(t, u+"/quick"), r)
		r.untilToken(loadgen.TokenEOF)
		if n := h.opened.Load(); n != 0 {
			t.Errorf("%d opened before their time", n)
		}
		close(release)
		await(t, &h.ended, pending)
		if n := h.opened.Load(); n != pending {
			t.Errorf("%d of %d opened", n, pending)
		}
	})
}

func TestStatusIsTheHandlersAffair(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			status := 0
			fmt.Sscanf(r.URL.Path, "/%d", &status)
			rw.WriteHeader(status)
		})
		tr, _ := w.transport(t, Config{})
		for _, status := range []int{200, 204, 300, 304, 305, 401, 404, 500, 503} {
			r := newReader(t)
			open(tr, get(t, fmt.Sprintf("%s/%d", u, status)), r)
			if e := r.untilToken(loadgen.TokenEOF); r.openings[0].Status != status || !e.Opened {
				t.Errorf("%d came as %+v", status, r.openings[0])
			}
		}
	})
}

func TestInterimResponsesAreSkipped(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Link", "</a>; rel=preload")
			rw.WriteHeader(103)
			rw.Header().Del("Link")
			io.WriteString(rw, "data: 1\n\n")
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		open(tr, get(t, u), r)
		r.untilToken(loadgen.TokenEOF)
		if len(r.openings) != 1 || r.openings[0].Status != 200 || r.openings[0].Header["Link"] != nil || r.body.String() != "data: 1\n\n" {
			t.Errorf("openings %+v, body %q", r.openings, r.body.String())
		}
	})
}

func TestBodiesAndTrailers(t *testing.T) {
	long := strings.Repeat("data: 0123456789\n\n", 20_000)
	for name, serve := range map[string]http.HandlerFunc{
		"length": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", fmt.Sprint(len(long)))
			io.WriteString(rw, long)
		},
		"chunked": func(rw http.ResponseWriter, r *http.Request) {
			flush(rw)
			io.WriteString(rw, long)
		},
		"trailers": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Trailer", "A")
			io.WriteString(rw, long)
			rw.Header().Set("A", "b")
			rw.Header().Set(http.TrailerPrefix+"C", "d")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEvery(t, func(t *testing.T, w *way) {
				u := w.serve(t, serve)
				tr, _ := w.transport(t, Config{})
				r := newReader(t)
				open(tr, get(t, u), r)
				r.untilToken(loadgen.TokenEOF)
				if r.body.String() != long {
					t.Errorf("%d bytes of %d", r.body.Len(), len(long))
				}
			})
		})
	}
}

func TestHeaderBeyondTheLimit(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			for i := range defaultHeadLimit / 900 { // far beyond it net/http gives up the connection
				rw.Header().Set(fmt.Sprint("A", i), strings.Repeat("x", 1000))
			}
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		open(tr, get(t, u), r)
		if e := r.untilToken(tokenHeaderTooLarge); len(r.openings) > 0 || e.Opened || e.Requested.IsZero() {
			t.Errorf("openings %+v, ending %+v", r.openings, e)
		}
	})
}

func TestHandlerEndsTheStream(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	inEvery(t, func(t *testing.T, w *way) {
		gone := make(chan struct{}, 4)
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			io.WriteString(rw, "data: 1\n\n")
			flush(rw)
			<-r.Context().Done()
			gone <- struct{}{}
		})
		tr, _ := w.transport(t, Config{})
		refused := &loadgen.Failure{Token: "content_type", Message: "text/html"}
		for _, c := range []struct {
			err   error
			token string
		}{{refused, "content_type"}, {fmt.Errorf("wrapped: %w", refused), "content_type"}, {errors.New("no"), tokenHandler}} {
			r := newReader(t)
			r.refuse = func(loadgen.Opening) error { return c.err }
			open(tr, get(t, u), r)
			if e := r.untilToken(c.token); e.Opened || r.body.Len() > 0 || e.Message == "" {
				t.Errorf("ending %+v, body %q", e, r.body.String())
			}
			<-gone
		}
		r := newReader(t)
		r.accept = func([]byte) error { return refused }
		open(tr, get(t, u), r)
		if e := r.untilToken("content_type"); !e.Opened || e.Message != "text/html" {
			t.Errorf("ending %+v", e)
		}
		<-gone
	})
}

func TestOpenWaitsUntilDue(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		u := answer(t, okHead+"\r\n")
		tr, sum := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		due := time.Now().Add(50 * time.Millisecond)
		tr.Open(tr.Lanes()[0], get(t, u), due, r)
		r.untilToken(loadgen.TokenEOF)
		if o := r.openings[0]; !o.Due.Equal(due) || o.DialStart.Before(due) {
			t.Errorf("due %v, opening %+v", due, o)
		}
		lags := sum.recorded[results.GeneratorScheduleLag]
		if len(lags) != 1 || lags[0] < 0 {
			t.Errorf("lags %v", lags)
		}
	})
}

func TestCloseCutsWhatIsLeft(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			flush(rw)
			<-r.Context().Done()
		})
		tr, _ := w.transport(t, Config{})
		var readers []*reader
		for i := range 10 {
			r := newReader(t)
			readers = append(readers, r)
			due := time.Now()
			if i == 9 {
				due = due.Add(time.Hour)
			}
			tr.Open(tr.Lanes()[0], get(t, u), due, r)
		}
		readers[0].until("the opening", func() bool { return len(readers[0].openings) == 1 })
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		for i, r := range readers {
			if len(r.endings) != 1 || r.endings[0].Token != loadgen.TokenCut {
				t.Errorf("stream %d: endings %+v", i, r.endings)
			}
		}
		late := newReader(t)
		open(tr, get(t, u), late).Cut(loadgen.CutFIN)
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		if len(late.endings) > 0 {
			t.Error("a handler was called after Close")
		}
	})
}
