package transport

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
)

// fill fills the receive buffer of a socket that nobody reads, until the kernel takes no more for a while.
func fill(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	from, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.Close() })
	to, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close() })
	from.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := from.Write(make([]byte, 64<<20)); err == nil {
		t.Fatal("the kernel took 64 MiB that nobody reads")
	}
}

// flood writes without end.
func flood(rw http.ResponseWriter, r *http.Request) {
	for b := []byte(strings.Repeat("data: 1\n\n", 1000)); ; {
		if _, err := rw.Write(b); err != nil {
			return
		}
	}
}

// What another one leaves unread is not ours; what our own reader leaves is, while it does and for some time after.
func TestStalledReads(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		if w.protocol != HTTP1 {
			return // a window of HTTP/2 ends what a server may send before the socket's buffer is full
		}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/flood" {
				flood(rw, r)
				return
			}
			io.WriteString(rw, "data: 1\n\n")
			flush(rw)
			<-r.Context().Done()
		})
		tr, _ := w.transport(t, Config{Lanes: 2})
		steady := newReader(t)
		open(tr, get(t, u+"/steady"), steady)
		steady.untilBody("data: 1")
		fill(t)
		if tr.Stalled() {
			t.Fatal("another one's full buffer is taken for ours")
		}
		blocked, resume := make(chan struct{}), make(chan struct{})
		stuck := newReader(t)
		stuck.accept = func([]byte) error {
			if stuck.body.Len() < 1<<10 || blocked == nil {
				return nil
			}
			close(blocked)
			blocked = nil
			<-resume
			return nil
		}
		began := blocked
		s := tr.Open(tr.Lanes()[1], get(t, u+"/flood"), time.Time{}, stuck)
		<-began
		time.Sleep(100 * time.Millisecond) // what takes the server to fill the buffer, and longer than what counts as late
		close(resume)
		for late := time.Now().Add(10 * time.Second); !tr.Stalled(); time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("our own full buffer is not noticed")
			}
		}
		cutNow(t, s, loadgen.CutFIN, stuck)
		steady.mu.Lock()
		defer steady.mu.Unlock()
		if len(steady.endings) > 0 {
			t.Errorf("endings %+v", steady.endings)
		}
	})
}
