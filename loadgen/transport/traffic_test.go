package transport

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"ssebench/loadgen"
	"ssebench/results"
)

// Bytes are counted below TLS and HTTP/2, as they cross the wire.
func TestTrafficIsCountedOnTheWire(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		long := strings.Repeat("x", 100_000)
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, long) })
		relay := newRelay(t, strings.SplitAfter(u, "://")[1])
		tr, sum := w.transport(t, Config{ConnectTo: relay.address})
		r := newReader(t)
		r.reopen = onceMore(r)
		open(tr, get(t, u), r)
		r.untilToken(loadgen.TokenEOF)
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		up, down := relay.end()
		if got := sum.of(results.BytesSent); got != up {
			t.Errorf("%d bytes sent, the wire carried %d", got, up)
		}
		const closeNotify = 24 // the server's, which nobody waits for
		if got := sum.of(results.BytesReceived); got != down && got != down-closeNotify {
			t.Errorf("%d bytes received, the wire carried %d", got, down)
		}
	})
}

// relay passes bytes on and counts them.
type relay struct {
	address  string
	listener net.Listener
	wait     sync.WaitGroup
	mu       sync.Mutex
	up, down int64
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{address: l.Addr().String(), listener: l}
	pass := func(to, from net.Conn, n *int64) {
		defer to.(*net.TCPConn).CloseWrite()
		m, _ := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
		r.mu.Lock()
		*n += m
		r.mu.Unlock()
	}
	r.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", to)
			if err != nil {
				t.Error(err)
				c.Close()
				return
			}
			r.wait.Go(func() { pass(s, c, &r.up) })
			r.wait.Go(func() {
				pass(c, s, &r.down)
				c.Close()
				s.Close()
			})
		}
	})
	t.Cleanup(func() { r.end() })
	return r
}

// end waits until both sides are gone and gives what passed.
func (r *relay) end() (up, down int64) {
	r.listener.Close()
	r.wait.Wait()
	return r.up, r.down
}
