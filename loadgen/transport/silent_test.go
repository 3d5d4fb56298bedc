package transport

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"ssebench/loadgen"
)

// Once a stream is cut, what was on its way is not handed over.
func TestNoBytesAfterCut(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		more, sent := make(chan struct{}), make(chan struct{})
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			flush(rw)
			<-more
			io.WriteString(rw, "data: 1\n\n")
			flush(rw)
			close(sent)
			<-r.Context().Done()
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		s := open(tr, get(t, u), r)
		r.until("the opening", func() bool { return len(r.openings) == 1 })
		lane := tr.Lanes()[0]
		lane.Hold()
		close(more)
		<-sent
		untilLaneIsAwaited(t)
		s.Cut(loadgen.CutFIN)
		lane.Release()
		if r.untilToken(loadgen.TokenCut); r.body.Len() > 0 {
			t.Errorf("body %q", r.body.String())
		}
	})
}

// untilLaneIsAwaited waits until a goroutine stands where lanes are taken: that of the stream, or of its loop, with what came.
func untilLaneIsAwaited(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		for stack := range bytes.SplitSeq(stacks[:runtime.Stack(stacks, true)], []byte("\n\n")) {
			if bytes.Contains(stack, []byte("sync.(*Mutex).Lock")) && bytes.Contains(stack, []byte("loadgen.(*Lane).Hold")) {
				return
			}
		}
		if time.Now().After(late) {
			t.Fatal("nobody waits for the lane, though bytes came")
		}
	}
}

// Nothing goes out on a silent HTTP/2 stream, whatever comes in; the connection, which others may use, is alive.
func TestSilentStreamSendsNothing(t *testing.T) {
	overHTTP2(t, func(t *testing.T, c Config) {
		if c.Engine == EngineLoop && c.StreamsPerConnection == 0 {
			return // the connection falls silent, too: see TestSilentConnection
		}
		cut, done := make(chan struct{}), make(chan struct{})
		u := frames(t, nil, func(f *framed, stream uint32) {
			defer close(done)
			f.head(stream, ":status", "200")
			f.WriteData(stream, false, []byte("data: 1\n\n"))
			<-cut
			for i := range byte(20) {
				f.WriteData(stream, false, []byte("data: 2\n\n"))
				f.WritePing(false, [8]byte{i})
				for pong := false; !pong; {
					in, err := f.ReadFrame()
					if err != nil {
						t.Error(err)
						return
					}
					switch in := in.(type) {
					case *http2.PingFrame:
						pong = in.IsAck()
					case *http2.RSTStreamFrame:
						t.Errorf("the client sent %v", in)
						return
					}
				}
			}
		})
		tr, _ := newTransport(t, c)
		r := newReader(t)
		s := open(tr, get(t, u), r)
		r.untilBody("data: 1")
		cutNow(t, s, loadgen.CutSilent, r)
		close(cut)
		<-done
		if r.body.String() != "data: 1\n\n" {
			t.Errorf("body %q", r.body.String())
		}
	})
}

// Bytes that come after a silent cut are neither read nor handed over.
func TestSilentStreamReadsNothing(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		more := make(chan struct{})
		done := make(chan struct{})
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			io.WriteString(rw, "data: 1\n\n")
			flush(rw)
			<-more
			io.WriteString(rw, "data: 2\n\n")
			flush(rw)
			close(done)
			<-r.Context().Done()
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		s := open(tr, get(t, u), r)
		r.untilBody("data: 1")
		cutNow(t, s, loadgen.CutSilent, r)
		close(more)
		<-done
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		if r.body.String() != "data: 1\n\n" || len(r.endings) != 1 {
			t.Errorf("body %q, endings %+v", r.body.String(), r.endings)
		}
	})
}
