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

	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

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
				if e := cutNow(t, s, how, r); !e.Opened {
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

func TestCutEndsTheRequest(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		came, gone := make(chan struct{}, 1), make(chan struct{}, 1)
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			came <- struct{}{}
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
				<-came
				if path == "/open" {
					r.until("the opening", func() bool { return len(r.openings) == 1 })
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
	hello := make(chan struct{}, 1)
	quiet := script(t, func(p *peer) {
		if b, err := p.in.Peek(1); err == nil && b[0] == 0x16 { // a TLS handshake record
			hello <- struct{}{}
		}
		p.gone()
	})
	for _, how := range []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST, loadgen.CutSilent} {
		for _, c := range []Config{
			{Engine: EngineLoop},
			{Engine: EngineGoroutines},
			{Engine: EngineLoop, Protocol: H2C},
			{Engine: EngineLoop, Protocol: H2C, StreamsPerConnection: 2},
			{Engine: EngineGoroutines, Protocol: H2C},
		} {
			tr, _ := newTransport(t, c)
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
			<-hello
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
