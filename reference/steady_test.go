package reference

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"
)

// subscribers opens n streams of topic a over HTTP/1.1, each read to nowhere.
func subscribers(t *testing.T, s *Server, n int) {
	t.Helper()
	for range n {
		conn, err := net.Dial("tcp", s.gate.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, "GET /events?topic=a HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, conn)
	}
	await(t, func() bool { return s.counts.open.Load() == int64(n) })
}

// TestPublishAllocatesNothing publishes to few and to many: once the ring is
// full and the pool warm, hub, encoder and loops allocate nothing.
func TestPublishAllocatesNothing(t *testing.T) {
	for _, n := range []int{1, 100} {
		s := started(t, &Server{Ring: 8, Loops: 2})
		subscribers(t, s, n)
		e := &Event{Type: "message", Data: make([]byte, 100)}
		id := make([]byte, 0, 64)
		publish := func() {
			before := s.Sent()
			if _, got, err := s.hub.publish(id, "a", e); err != nil || got != n {
				t.Fatal(got, err)
			}
			for end := time.Now().Add(10 * time.Second); s.Sent() < before+uint64(n); {
				if time.Now().After(end) {
					t.Fatalf("%d of %d deliveries came", s.Sent()-before, n)
				}
				runtime.Gosched()
			}
		}
		for range 100 {
			publish()
		}
		// What other goroutines of the process allocate is counted too, so the
		// best of a few tries is the truth.
		got := testing.AllocsPerRun(100, publish)
		for i := 0; i < 4 && got > allocSlack; i++ {
			got = min(got, testing.AllocsPerRun(100, publish))
		}
		if got > allocSlack {
			t.Errorf("%d subscribers: %v allocations for each publish", n, got)
		}
		s.Close()
	}
}
