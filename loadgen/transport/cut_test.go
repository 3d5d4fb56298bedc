//go:build unix

package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

// cutNow cuts from outside and checks that nothing else comes of it.
func cutNow(t *testing.T, s loadgen.Stream, how loadgen.Cut, r *reader) loadgen.Ending {
	t.Helper()
	s.Cut(how)
	e := r.untilToken(loadgen.TokenCut)
	s.Cut(loadgen.CutFIN)
	if e.Message != "" || e.Permanent || e.At.IsZero() {
		t.Errorf("ending %+v", e)
	}
	return e
}

// What the server sees of each way to cut an open stream. reader.change fails the test if the handler is called afterwards.
func TestCutOpenStream(t *testing.T) {
	for how, name := range map[loadgen.Cut]string{loadgen.CutFIN: "FIN", loadgen.CutRST: "RST", loadgen.CutSilent: "silent"} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " TLS ", secure), func(t *testing.T) {
				seen := make(chan error, 1)
				peers := make(chan *peer, 1)
				look := make(chan struct{})
				serve := func(p *peer) {
					p.next()
					p.say(okHead + "\r\ndata: 1\n\n")
					peers <- p
					<-look
					seen <- p.gone()
				}
				var u string
				c := Config{}
				if secure {
					u, c.TLS = secureScript(t, serve)
				} else {
					u = script(t, serve)
				}
				tr, _ := newTransport(t, c)
				r := newReader(t)
				r.reopen = func(loadgen.Ending) time.Time { return time.Now() } // not heeded
				s := open(tr, get(t, u), r)
				r.untilBody("data: 1\n\n")
				if e := cutNow(t, s, how, r); !e.Opened || e.Requested.IsZero() {
					t.Errorf("ending %+v", e)
				}
				if how == loadgen.CutSilent {
					if err := pending(t, <-peers); !errors.Is(err, syscall.EAGAIN) {
						t.Errorf("the server noticed: %v", err)
					}
					if err := tr.Close(); err != nil {
						t.Fatal(err)
					}
				}
				close(look)
				if err := <-seen; errors.Is(err, syscall.ECONNRESET) != (how == loadgen.CutRST) {
					t.Errorf("the server saw %v", err)
				}
			})
		}
	}
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

func TestCutEndsTheRequest(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		gone := make(chan struct{}, 1)
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/open" {
				flush(rw)
			}
			<-r.Context().Done()
			gone <- struct{}{}
		})
		for _, how := range []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST} {
			tr, _ := w.transport(t, Config{})
			for _, path := range []string{"/open", "/pending"} {
				r := newReader(t)
				s := open(tr, get(t, u+path), r)
				if path == "/open" {
					r.until("the opening", func() bool { return len(r.openings) == 1 })
				} else {
					s := s.(*stream)
					for s.written().IsZero() {
						time.Sleep(time.Millisecond)
					}
				}
				cutNow(t, s, how, r)
				<-gone
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A cut before the opening was due, while it dials, shakes hands or waits between openings.
func TestCutAtAnyOtherTime(t *testing.T) {
	quiet := script(t, func(p *peer) { p.gone() })
	for _, how := range []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST, loadgen.CutSilent} {
		for _, protocol := range []string{HTTP1, H2C} {
			tr, _ := newTransport(t, Config{Protocol: protocol})
			r := newReader(t)
			e := cutNow(t, tr.Open(tr.Lanes()[0], get(t, quiet), time.Now().Add(time.Hour), r), how, r)
			if !e.DialStart.IsZero() || !e.Requested.IsZero() || e.Opened {
				t.Errorf("not yet due: %+v", e)
			}
			r = newReader(t)
			tr.Open(tr.Lanes()[0], get(t, quiet), time.Now(), r).Cut(how)
			r.untilToken(loadgen.TokenCut)

			r = newReader(t)
			s := open(tr, get(t, "https"+quiet[len("http"):]), r)
			for len(tr.streamsBlockedInDial()) == 0 {
				time.Sleep(time.Millisecond)
			}
			if e := cutNow(t, s, how, r); e.DialStart.IsZero() || !e.Requested.IsZero() {
				t.Errorf("in the handshake: %+v", e)
			}

			r = newReader(t)
			r.reopen = func(loadgen.Ending) time.Time { return time.Now().Add(time.Hour) }
			s = open(tr, get(t, "http://127.0.0.1:1/"), r)
			r.until("the first ending", func() bool { return len(r.endings) == 1 })
			e = cutNow(t, s, how, r)
			if len(r.endings) != 2 || !e.DialStart.IsZero() {
				t.Errorf("between openings: %+v", r.endings)
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// streamsBlockedInDial gives the streams whose opening has begun and whose request was not written.
func (t *Transport) streamsBlockedInDial() (out []*stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.streams {
		s.mu.Lock()
		if s.blocked != nil && s.requested.IsZero() {
			out = append(out, s)
		}
		s.mu.Unlock()
	}
	return out
}

// A handler may cut its own stream, with the lane held, in every call.
func TestCutFromTheHandler(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/short" {
				return
			}
			for range 1000 {
				io.WriteString(rw, "data: 1\n\n")
				flush(rw)
			}
			<-r.Context().Done()
		})
		for _, how := range []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST, loadgen.CutSilent} {
			tr, _ := w.transport(t, Config{})
			for _, in := range []string{"opened", "bytes", "ended"} {
				r := newReader(t)
				ready := make(chan loadgen.Stream, 1)
				cut := func(when string) {
					if in == when {
						(<-ready).Cut(how)
					}
				}
				r.refuse = func(loadgen.Opening) error { cut("opened"); return nil }
				r.accept = func([]byte) error { cut("bytes"); return nil }
				r.reopen = func(loadgen.Ending) time.Time {
					if len(r.endings) > 1 {
						return time.Time{}
					}
					cut("ended")
					return time.Now()
				}
				path := "/long"
				if in == "ended" {
					path = "/short"
				}
				ready <- open(tr, get(t, u+path), r)
				endings := 1
				if in == "ended" {
					endings = 2 // the first one was under way when the cut came
				}
				if r.untilToken(loadgen.TokenCut); len(r.endings) != endings || in == "opened" && r.body.Len() > 0 {
					t.Errorf("%s: endings %+v, body %q", in, r.endings, r.body.String())
				}
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// pending tells without waiting whether anything is to be read from the client: EAGAIN if not.
func pending(t *testing.T, p *peer) (err error) {
	t.Helper()
	c := p.Conn
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	raw, e := c.(*net.TCPConn).SyscallConn()
	if e != nil {
		t.Fatal(e)
	}
	if e := raw.Control(func(fd uintptr) {
		_, _, err = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	}); e != nil {
		t.Fatal(e)
	}
	return err
}

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
		time.Sleep(10 * time.Millisecond) // the stream's goroutine most likely waits for the lane now, which nothing tells
		s.Cut(loadgen.CutFIN)
		lane.Release()
		if r.untilToken(loadgen.TokenCut); r.body.Len() > 0 {
			t.Errorf("body %q", r.body.String())
		}
	})
}

// Nothing goes out on a silent HTTP/2 stream, whatever comes in.
func TestSilentStreamSendsNothing(t *testing.T) {
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
	tr, _ := newTransport(t, Config{Protocol: H2C})
	r := newReader(t)
	s := open(tr, get(t, u), r)
	r.untilBody("data: 1")
	cutNow(t, s, loadgen.CutSilent, r)
	close(cut)
	<-done
	if r.body.String() != "data: 1\n\n" {
		t.Errorf("body %q", r.body.String())
	}
}
