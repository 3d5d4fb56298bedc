package reference

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// stalled opens a stream of topic a over HTTP/1.1 and never
// reads from it, not even the head.
func stalled(t *testing.T, s *Server) net.Conn {
	t.Helper()
	before := s.counts.open.Load()
	conn, err := net.Dial("tcp", s.gate.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "GET /events?topic=a HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return s.counts.open.Load() == before+1 })
	return conn
}

// TestStalledReaderDelaysNobody publishes far more than the kernel buffers to
// one reader that reads and one that does not.
func TestStalledReaderDelaysNobody(t *testing.T) {
	s := started(t, &Server{Backlog: 10, Ring: 4})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	conn := stalled(t, s)
	good := open(t, c, s.URL()+"/events?topic=a")
	payload := strings.Repeat("x", 100<<10)
	const n = 200
	for i := 1; i <= n; i++ {
		publishTo(t, c, s, "topic=a", payload)
		good.expect(numbered(i, payload))
	}
	s.hub.settle(10 * time.Second) // the stalled one may be on another lane, which has not come to the last event yet
	dropped := int(s.counts.dropped.Load())
	if dropped < 50 || dropped > n-10 {
		t.Fatalf("dropped %d of %d", dropped, n)
	}
	// What the stalled one then reads is whole, and in order, and the rest.
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // first: closing the body reads to its end
	st := &stream{bufio.NewReader(resp.Body), t, resp}
	for i := range n - dropped {
		block := st.next()
		if i == n-dropped-1 && block != numbered(n, payload) {
			t.Fatalf("last: %.40q", block)
		}
		if !strings.HasSuffix(block, "|data: "+payload) {
			t.Fatalf("block %d is damaged: %.40q, %d bytes", i, block, len(block))
		}
	}
}

func TestSlowIsDisconnected(t *testing.T) {
	s := started(t, &Server{Backlog: 10, Slow: Disconnect, Ring: 4})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	stalled(t, s)
	payload := strings.Repeat("x", 100<<10)
	for range 200 {
		publishTo(t, c, s, "topic=a", payload)
	}
	await(t, func() bool { return s.counts.disconnected.Load() == 1 && s.counts.open.Load() == 0 })
	if n := s.counts.dropped.Load(); n != 0 {
		t.Fatalf("dropped %d", n)
	}
}

// TestSlowBlocks shows the behaviour of many servers: one reader that stops
// stops the other on its loop, until it goes.
func TestSlowBlocks(t *testing.T) {
	s := started(t, &Server{Backlog: 10, Slow: Block, Ring: 4, Loops: 1})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	conn := stalled(t, s)
	good := open(t, c, s.URL()+"/events?topic=a")
	payload := strings.Repeat("x", 100<<10)
	const n = 200
	for range n {
		publishTo(t, c, s, "topic=a", payload)
	}
	l := s.hub.lanes[0]
	await(t, func() bool { // the lane stands still with work before it
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.inbox) > 0 && len(l.all) == 2
	})
	conn.Close()
	for i := 1; i <= n; i++ {
		good.expect(numbered(i, payload))
	}
	if d := s.counts.dropped.Load() + s.counts.disconnected.Load(); d != 0 {
		t.Fatalf("%d dropped or disconnected", d)
	}
}

// TestTrickle reads a byte at a time from a full backlog.
func TestTrickle(t *testing.T) {
	s := started(t, &Server{Backlog: 1000})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	conn := stalled(t, s)
	payload := strings.Repeat("y", 30<<10)
	const n = 300
	for range n {
		publishTo(t, c, s, "topic=a", payload)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 777), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // first: closing the body reads to its end
	st := &stream{bufio.NewReaderSize(resp.Body, 555), t, resp}
	for i := 1; i <= n; i++ {
		st.expect(numbered(i, payload))
	}
}
