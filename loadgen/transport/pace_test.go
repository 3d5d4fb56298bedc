//go:build unix

package transport

import (
	"bytes"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"ssebench/loadgen"
)

func (r *reader) length() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.body.Len()
}

// paced runs a test in every way to speak in which a stream can read slowly.
func paced(t *testing.T, test func(t *testing.T, w *way)) {
	inEvery(t, func(t *testing.T, w *way) {
		if w.engine == EngineGoroutines || w.shared == 0 {
			test(t, w)
		}
	})
}

func TestWhoReadsNothingHoldsTheServerUp(t *testing.T) {
	paced(t, func(t *testing.T, w *way) {
		const whole = 24 << 20 // more than the kernel keeps for both
		var written atomic.Int64
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			block := bytes.Repeat([]byte("x"), 64<<10)
			for range whole / len(block) {
				n, err := rw.Write(block)
				if written.Add(int64(n)); err != nil {
					return
				}
			}
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		s := open(tr, get(t, u), r)
		s.(loadgen.Pacer).Pace(0)
		r.until("the opening", func() bool { return len(r.openings) == 1 })
		early := r.length() // what came with the head
		await(t, &written, 64<<10)
		if n := r.length(); n > early+64<<10 || written.Load() >= whole {
			t.Errorf("%d bytes read, %d written", n, written.Load())
		}
		s.(loadgen.Pacer).Pace(-1)
		r.untilToken(loadgen.TokenEOF)
		if n := r.length(); n != whole || written.Load() != whole {
			t.Errorf("%d bytes read, %d written", n, written.Load())
		}
	})
}

func TestAPaceIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	paced(t, func(t *testing.T, w *way) {
		write := make(chan struct{})
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			flush(rw)
			<-write
			_, _ = rw.Write(bytes.Repeat([]byte("x"), 1<<20))
			flush(rw)
			<-r.Context().Done()
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		large := 0 // reads of more than the 200 bytes of a tenth of a second
		r.accept = func(b []byte) error {
			if len(b) > 200 {
				large++
			}
			return nil
		}
		s := open(tr, get(t, u), r)
		s.(loadgen.Pacer).Pace(2000)
		close(write)
		before := r.length()
		r.until("some reads", func() bool { return r.body.Len() > before+600 })
		r.mu.Lock()
		if large > 1 && w.protocol == HTTP1 && !w.tls { // one may have been under way
			t.Errorf("%d reads were too large", large)
		}
		r.mu.Unlock()
		cutNow(t, s, loadgen.CutRST, r)
	})
}

func TestWhoReadsNothingCanBeCut(t *testing.T) {
	paced(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			flush(rw)
			<-r.Context().Done()
		})
		for _, how := range []loadgen.Cut{loadgen.CutFIN, loadgen.CutRST, loadgen.CutSilent} {
			tr, _ := w.transport(t, Config{})
			r := newReader(t)
			s := open(tr, get(t, u), r)
			s.(loadgen.Pacer).Pace(0)
			r.until("the opening", func() bool { return len(r.openings) == 1 })
			cutNow(t, s, how, r)
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAResetIsHeardOfThoughNothingIsRead(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		reset := make(chan struct{})
		u := script(t, func(p *peer) {
			p.next()
			p.say(okHead + "\r\n")
			<-reset
			if err := p.Conn.(*net.TCPConn).SetLinger(0); err != nil {
				t.Error(err)
			}
		})
		tr, _ := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		s := open(tr, get(t, u), r)
		s.(loadgen.Pacer).Pace(0)
		r.until("the opening", func() bool { return len(r.openings) == 1 })
		close(reset)
		r.untilToken(tokenReset)
	})
}
