package transport

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"ssebench/loadgen"
	"ssebench/results"
)

func TestSegmentsAreCountedBeyond32Bits(t *testing.T) {
	const wrap = int64(1) << 32
	for _, c := range []struct {
		counter uint32
		bytes   int64
		want    int64
	}{
		{7, 700, 7},
		{1 << 31, 1448 << 31, 1 << 31},
		{5, 1448 * wrap, wrap + 5},
		{5, 1448 * (3*wrap + 5), 3*wrap + 5},
		{5, 1448 * (3*wrap + 6), 4*wrap + 5},
	} {
		if got := segments(c.counter, uint64(c.bytes), 1448); got != c.want {
			t.Errorf("%d segments of %d bytes: %d, want %d", c.counter, c.bytes, got, c.want)
		}
	}
}

func TestHeadersAreThoseOfTheLink(t *testing.T) {
	for name, c := range map[string]struct {
		link               headers
		header, reset, syn int64
	}{
		"Ethernet":                    {newHeaders(false, false, true, true, true), 66, 54, 8},
		"lo":                          {newHeaders(false, true, true, true, true), 52, 40, 8},
		"IPv6":                        {newHeaders(true, false, true, true, true), 86, 74, 8},
		"Ethernet without timestamps": {newHeaders(false, false, false, true, true), 54, 54, 12},
		"Ethernet without options":    {newHeaders(false, false, false, false, false), 54, 54, 4},
	} {
		if c.link.segment != c.header || c.link.reset != c.reset || c.link.syn != c.syn {
			t.Errorf("%s: %+v, want %d, %d and %d", name, c.link, c.header, c.reset, c.syn)
		}
	}
}

// Open sockets count as they are now, closed ones as they were, with the exchange at the end.
func TestWireCountsOpenAndClosedSockets(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		more := make(chan string)
		w := &way{spoken: spoken{protocol: HTTP1}}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			flush(rw)
			for s := range more {
				io.WriteString(rw, s)
				flush(rw)
			}
		})
		defer close(more)
		tr, sum := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		s := open(tr, get(t, u), r)
		r.until("the opening", func() bool { return len(r.openings) == 1 })
		const header = 52 // on lo
		in, out := tr.Wire()
		if a := tr.Account(); a.WireLayer != results.WireLoopback || a.WireHeader != header {
			t.Errorf("account %+v", a)
		}
		if extra := in - sum.of(results.BytesReceived) - 8; extra < 2*header || extra > 4*header || extra%header != 0 { // SYN, answer, ACK
			t.Errorf("%d bytes of headers were received, of segments of %d", extra, header)
		}
		if extra := out - sum.of(results.BytesSent) - 8; extra < 3*header || extra > 4*header || extra%header != 0 { // SYN, ACK, request, ACK
			t.Errorf("%d bytes of headers were sent, of segments of %d", extra, header)
		}
		more <- "news"
		r.untilBody("news")
		in2, out2 := tr.Wire()
		if got := in2 - in; got != header+int64(len("4\r\nnews\r\n")) {
			t.Errorf("an event took %d bytes", got)
		}
		cutNow(t, s, loadgen.CutFIN, r)
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		in3, out3 := tr.Wire()
		if got := in3 - in2; got != header {
			t.Errorf("at the end %d bytes were received", got)
		}
		if got := out3 - out; got < 2*header || got > 3*header || got%header != 0 || out2 > out3 {
			t.Errorf("at the end %d bytes were sent, of which an ACK may be", got)
		}
	})
}

// Whatever opens and closes meanwhile, nothing counts twice and nothing is forgotten: what was carried never becomes less.
func TestWireNeverShrinks(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		w := &way{spoken: spoken{protocol: HTTP1}}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			io.WriteString(rw, "data: x\n\n")
			flush(rw)
			<-r.Context().Done()
		})
		tr, _ := newTransport(t, Config{Engine: engine})
		request := get(t, u)
		done := make(chan struct{})
		var looking sync.WaitGroup
		looking.Go(func() {
			var in, out int64
			for {
				select {
				case <-done:
					return
				default:
				}
				newIn, newOut := tr.Wire()
				if newIn < in || newOut < out {
					t.Errorf("from %d and %d to %d and %d", in, out, newIn, newOut)
				}
				in, out = newIn, newOut
			}
		})
		const streams = 600 // more than are read in one step
		hows := []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST, loadgen.CutSilent}
		for range 2 {
			var h counter
			all := make([]loadgen.Stream, streams)
			for i := range all {
				all[i] = open(tr, request, &h)
			}
			await(t, &h.bytes, streams*int64(len("data: x\n\n")))
			for i, s := range all {
				s.Cut(hows[i%len(hows)])
			}
			await(t, &h.ended, streams)
		}
		close(done)
		looking.Wait()
	})
}
