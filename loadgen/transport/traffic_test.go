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
		checkLayers(t, w, sum, 2*int64(len(long)))
	})
}

// checkLayers holds what each layer has of the bytes against what two requests and answers of so much content can have.
func checkLayers(t *testing.T, w *way, sum *tally, content int64) {
	t.Helper()
	if got := sum.of(results.BodyReceived); got != content {
		t.Errorf("%d bytes of content, want %d", got, content)
	}
	in, out := sum.of(results.TLSReceived), sum.of(results.TLSSent)
	if http := sum.of(results.BytesReceived) - in - content; http < 100 || http > 2000 {
		t.Errorf("HTTP has %d bytes of what was received", http)
	}
	if http := sum.of(results.BytesSent) - out; http < 60 || http > 2000 {
		t.Errorf("HTTP has %d bytes of what was sent", http)
	}
	const record = 22 // of TLS 1.3 with AES-GCM, around 16 KiB at most
	switch {
	case !w.tls && (in != 0 || out != 0):
		t.Errorf("TLS has %d bytes of what was received and %d of what was sent, where there is none", in, out)
	case w.tls && (in < 600+content/(16<<10)*record || in > 6000 || out < 200 || out > 2000):
		t.Errorf("TLS has %d bytes of what was received, %d of what was sent", in, out)
	}
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
