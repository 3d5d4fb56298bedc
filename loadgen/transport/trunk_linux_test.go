package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"ssebench/loadgen"
	"ssebench/results"
)

// h2cOnLoop speaks HTTP/2 on a loop, with so many streams on a connection.
func h2cOnLoop(streams int) Config {
	return Config{Engine: EngineLoop, Protocol: H2C, StreamsPerConnection: streams, Lanes: 1}
}

// What a server sees of each way to cut the only stream of a connection, and one of several.
func TestCutOverHTTP2(t *testing.T) {
	type seen struct{ frames, end string }
	for how, want := range map[loadgen.Cut]map[int]seen{
		loadgen.CutFIN:    {1: {"RST_STREAM 1 CANCEL ", "closed"}, 2: {"RST_STREAM 1 CANCEL ", "alive"}},
		loadgen.CutRST:    {1: {"", "reset"}, 2: {"RST_STREAM 1 CANCEL ", "alive"}},
		loadgen.CutSilent: {1: {"", "silent"}, 2: {"", "alive"}},
	} {
		for streams, want := range want {
			t.Run(fmt.Sprint(how, " of ", streams), func(t *testing.T) {
				cut, asked, over := make(chan struct{}), make(chan struct{}), make(chan seen, 1)
				pinged := make(chan struct{})
				u := frames(t, nil, func(f *framed, stream uint32) {
					f.head(stream, ":status", "200")
					if stream = f.opened(streams); stream != 0 {
						f.head(stream, ":status", "200")
					}
					close(asked)
					<-cut
					if streams > 1 || how == loadgen.CutSilent {
						f.WritePing(false, [8]byte{})
					}
					var got seen
					for got.end == "" {
						if how == loadgen.CutSilent && streams == 1 {
							untilTaken(t, f.peer) // by the client's kernel: whoever reads would answer
							close(pinged)
							<-cut // the loop has looked at all sockets since
							got.end = fmt.Sprint(pending(t, f.peer))
							if got.end == syscall.EAGAIN.Error() {
								got.end = "silent"
							}
							break
						}
						in, err := f.ReadFrame()
						switch {
						case errors.Is(err, io.EOF):
							got.end = "closed"
						case errors.Is(err, syscall.ECONNRESET):
							got.end = "reset"
						case err != nil:
							got.end = err.Error()
						}
						switch in := in.(type) {
						case *http2.RSTStreamFrame:
							got.frames += fmt.Sprintf("RST_STREAM %d %s ", in.StreamID, in.ErrCode)
						case *http2.PingFrame:
							got.end = "alive"
						}
					}
					over <- got
				})
				tr, _ := newTransport(t, h2cOnLoop(streams))
				first := newReader(t)
				s := open(tr, get(t, u), first)
				first.until("the opening", func() bool { return len(first.openings) == 1 })
				if streams > 1 {
					open(tr, get(t, u), newReader(t))
				}
				<-asked
				cutNow(t, s, how, first)
				cut <- struct{}{}
				if how == loadgen.CutSilent && streams == 1 {
					<-pinged
					other := newReader(t) // a loop looks at what its sockets have before it opens a stream
					open(tr, get(t, "http://127.0.0.1:1/"), other)
					other.untilToken(tokenDialRefused)
					cut <- struct{}{}
				}
				if got := <-over; got != want {
					t.Errorf("the server saw %+v, want %+v", got, want)
				}
			})
		}
	}
}

// A stream that its own handler cuts silently says nothing either.
func TestSilenceFromTheHandler(t *testing.T) {
	for _, in := range []string{"opened", "bytes"} {
		done := make(chan struct{})
		u := frames(t, nil, func(f *framed, stream uint32) {
			defer close(done)
			f.head(stream, ":status", "200")
			f.WriteData(stream, false, []byte("data: 1\n\n"))
			f.WritePing(false, [8]byte{})
			for {
				switch in, err := f.ReadFrame(); in := in.(type) {
				case *http2.PingFrame:
					return
				case *http2.RSTStreamFrame:
					t.Errorf("the client sent %v", in)
				case nil:
					t.Error(err)
					return
				}
			}
		})
		tr, _ := newTransport(t, h2cOnLoop(2))
		r := newReader(t)
		ready := make(chan loadgen.Stream, 1)
		cut := func(when string) error {
			if in == when {
				(<-ready).Cut(loadgen.CutSilent)
			}
			return nil
		}
		r.refuse = func(loadgen.Opening) error { return cut("opened") }
		r.accept = func([]byte) error { return cut("bytes") }
		ready <- open(tr, get(t, u), r)
		r.untilToken(loadgen.TokenCut)
		<-done
		if len(r.endings) != 1 {
			t.Errorf("%+v", r.endings)
		}
	}
}

// opened reads until so many streams are open, the first of which is known, and gives the last one; 0: there is only one.
func (f *framed) opened(streams int) (last uint32) {
	for n := 1; n < streams; {
		in, err := f.ReadFrame()
		if err != nil {
			return 0
		}
		if h, ok := in.(*http2.HeadersFrame); ok {
			last = h.StreamID
			n++
		}
	}
	return last
}

// Streams beyond what a connection takes wait for a place, are counted and timed, and get one when another stream ends.
func TestStreamsWaitForAPlace(t *testing.T) {
	var connections, requests atomic.Int32
	release := make(chan struct{})
	u := framesOnAll(t, []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 2}}, func(f *framed) {
		n := connections.Add(1)
		if n > 1 {
			<-release // the SETTINGS of further connections come late
		}
	}, func(f *framed, stream uint32) {
		requests.Add(1)
		f.head(stream, ":status", "200")
		if stream == 1 {
			f.WriteData(stream, true, nil)
		}
	})
	tr, sum := newTransport(t, h2cOnLoop(3))
	var h counter
	for range 4 {
		open(tr, get(t, u), &h)
	}
	// The first dials for itself and two more; the fourth makes a second dial. Two have places then, and one more when the first ends.
	await(t, &h.opened, 3)
	close(release)
	await(t, &h.opened, 4)
	if n := sum.of(results.ConnectionsQueued); n != 2 {
		t.Errorf("%d streams waited, want 2", n)
	}
	sum.mu.Lock()
	queue := sum.recorded[results.ConnectQueue]
	sum.mu.Unlock()
	if len(queue) != 2 || queue[0] <= 0 || queue[1] <= 0 {
		t.Errorf("they waited %v", queue)
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// framesOnAll serves all streams of each connection; before is called ahead of the server's SETTINGS.
func framesOnAll(t *testing.T, settings []http2.Setting, before func(f *framed), serve func(f *framed, stream uint32)) (url string) {
	t.Helper()
	return script(t, func(p *peer) {
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(p.in, preface); err != nil {
			return
		}
		f := &framed{p, http2.NewFramer(p.Conn, p.in)}
		f.AllowIllegalWrites = true
		before(f)
		f.WriteSettings(settings...)
		for {
			in, err := f.ReadFrame()
			if err != nil {
				return
			}
			switch in := in.(type) {
			case *http2.SettingsFrame:
				if !in.IsAck() {
					f.WriteSettingsAck()
				}
			case *http2.HeadersFrame:
				serve(f, in.StreamID)
			}
		}
	})
}

// A request that the server never worked on goes out again: on another connection after GOAWAY, or after it refused the stream.
func TestUnprocessedRequestsAreRepeated(t *testing.T) {
	for name, refuse := range map[string]func(f *framed, stream uint32){
		"goaway":         func(f *framed, stream uint32) { f.WriteGoAway(stream-1, http2.ErrCodeNo, nil) },
		"refused stream": func(f *framed, stream uint32) { f.WriteRSTStream(stream, http2.ErrCodeRefusedStream) },
	} {
		for _, streams := range []int{1, 10} {
			t.Run(fmt.Sprint(name, " ", streams), func(t *testing.T) {
				for _, times := range []int32{attempts - 1, attempts} {
					var requests, connections atomic.Int32
					u := framesOnAll(t, nil, func(*framed) { connections.Add(1) }, func(f *framed, stream uint32) {
						if requests.Add(1) <= times {
							refuse(f, stream)
							return
						}
						f.head(stream, ":status", "200")
						f.WriteData(stream, true, []byte("served"))
					})
					tr, sum := newTransport(t, h2cOnLoop(streams))
					r := newReader(t)
					open(tr, get(t, u), r)
					e := r.untilOver()
					served := times < attempts
					if (e.Token == loadgen.TokenEOF) != served || (r.body.String() == "served") != served || len(r.endings) != 1 {
						t.Errorf("%d times: %+v, body %q", times, e, r.body.String())
					}
					if n, c := requests.Load(), connections.Load(); n != attempts || c != attempts || sum.of(results.RequestsCount) != attempts {
						t.Errorf("%d times: %d requests on %d connections, counted %d", times, n, c, sum.of(results.RequestsCount))
					}
				}
			})
		}
	}
}

// A dial that fails is the failure of all that it was for.
func TestAFailedDialIsTheFailureOfAllItIsFor(t *testing.T) {
	accepted, release := make(chan struct{}, 10), make(chan struct{})
	u := script(t, func(p *peer) {
		accepted <- struct{}{}
		<-release
	})
	tr, _ := newTransport(t, h2cOnLoop(3))
	readers := make([]*reader, 4)
	for i := range readers {
		readers[i] = newReader(t)
		open(tr, get(t, u), readers[i])
	}
	<-accepted
	<-accepted
	close(release)
	for _, r := range readers {
		if e := r.untilToken(tokenHTTP2); e.DialStart.IsZero() || !e.Requested.IsZero() {
			t.Errorf("%+v", e)
		}
	}
	select {
	case <-accepted:
		t.Error("there was a third dial")
	default:
	}
}

// When the stream that dials is cut, those that waited dial on.
func TestCutOfTheDialer(t *testing.T) {
	var connections atomic.Int32
	u := framesOnAll(t, nil, func(f *framed) {
		if connections.Add(1) == 1 {
			f.gone()
		}
	}, func(f *framed, stream uint32) { f.head(stream, ":status", "200") })
	for _, how := range []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST} {
		connections.Store(0)
		tr, _ := newTransport(t, h2cOnLoop(10))
		first, second, third := newReader(t), newReader(t), newReader(t)
		dialer := open(tr, get(t, u), first)
		open(tr, get(t, u), second)
		waits := open(tr, get(t, u), third)
		for connections.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cutNow(t, waits, how, third)
		cutNow(t, dialer, how, first)
		second.until("the opening", func() bool { return len(second.openings) == 1 })
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A server that takes no stream at all ends an opening, and does not have us dial for ever.
func TestNoStreamsAtAll(t *testing.T) {
	for _, streams := range []int{1, 10} {
		var connections atomic.Int32
		u := framesOnAll(t, []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 0}}, func(*framed) { connections.Add(1) }, nil)
		tr, _ := newTransport(t, h2cOnLoop(streams))
		r, other := newReader(t), newReader(t)
		open(tr, get(t, u), r)
		open(tr, get(t, u), other)
		r.untilToken(tokenHTTP2)
		other.untilToken(tokenHTTP2)
		if n := connections.Load(); n != 2 {
			t.Errorf("%d connections", n)
		}
	}
}

// What one stream reads slowly, or does not take, is no matter of the others on its connection.
func TestAConnectionOutlivesItsStreams(t *testing.T) {
	s := newHTTP2Server(t, func(rw http.ResponseWriter, r *http.Request) {
		flush(rw)
		io.WriteString(rw, "data: 1\n\n")
		flush(rw)
		if r.URL.Path != "/short" {
			<-r.Context().Done()
		}
	})
	tr, _ := newTransport(t, h2cOnLoop(100))
	stays := newReader(t)
	open(tr, get(t, s+"/long"), stays)
	stays.untilBody("data: 1")
	for range 3 {
		short, long, refused := newReader(t), newReader(t), newReader(t)
		refused.refuse = func(loadgen.Opening) error { return fail("content_type", "not that") }
		open(tr, get(t, s+"/short"), short)
		cut := open(tr, get(t, s+"/long"), long)
		open(tr, get(t, s+"/long"), refused)
		short.untilToken(loadgen.TokenEOF)
		refused.untilToken("content_type")
		long.untilBody("data: 1")
		cutNow(t, cut, loadgen.CutRST, long)
		for _, r := range []*reader{short, long, refused} {
			if r.openings[0].Remote != stays.openings[0].Remote || !r.openings[0].Dialed.IsZero() {
				t.Errorf("%+v", r.openings[0])
			}
		}
	}
}

// newHTTP2Server serves HTTP/2 in cleartext.
func newHTTP2Server(t *testing.T, h http.HandlerFunc) (url string) {
	w := &way{spoken: spoken{protocol: H2C}}
	return w.serve(t, h)
}

// Rounds of streams, with a connection each and with shared ones, ended in each way, leave no descriptor behind.
func TestRoundsOverHTTP2LeaveNoDescriptorBehind(t *testing.T) {
	const rounds, streams = 3, 600
	before := openDescriptors(t)
	for _, shared := range []int{1, 50} {
		for range rounds {
			t.Run(fmt.Sprint(shared), func(t *testing.T) {
				u := newHTTP2Server(t, func(rw http.ResponseWriter, r *http.Request) {
					flush(rw)
					<-r.Context().Done()
				})
				tr, err := New(h2cOnLoop(shared))
				if err != nil {
					t.Fatal(err)
				}
				var h counter
				request := get(t, u)
				all := make([]loadgen.Stream, streams)
				for i := range all {
					all[i] = open(tr, request, &h)
				}
				await(t, &h.opened, streams)
				for i, s := range all[:streams/2] {
					s.Cut(loadgen.Cut(i % 3))
				}
				if err := tr.Close(); err != nil {
					t.Fatal(err)
				}
				if n := h.ended.Load(); n != streams {
					t.Errorf("%d of %d ended", n, streams)
				}
			})
		}
	}
	if after := openDescriptors(t); after > before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}
