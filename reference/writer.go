package reference

import (
	"context"
	"net"
	"net/http"
)

// writer is a subscriber's sink where a goroutine of net/http writes: behind
// TLS, over HTTP/2, and where the lanes have no sockets.
type writer struct {
	counts *counts
	form   form
	below  net.Conn      // of a WebSocket, whose connection net/http has given away; nil: none
	bell   chan struct{} // of room 1: something is queued, or the stream is cut
	gone   chan struct{} // closed by the lane: write nothing more
	taken  []delivery
}

func newWriter(c *counts) *writer {
	return &writer{counts: c, bell: make(chan struct{}, 1), gone: make(chan struct{})}
}

func (w *writer) send(*subscriber, *run) bool { return false }

func (w *writer) cut(*subscriber) {
	close(w.gone)
	if w.below != nil {
		w.below.Close()
	}
}

func (w *writer) flush(*subscriber) {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// write writes for s until its end, or until the client has left or cannot be
// reached; the handler returns after it. The head goes out at once unless it is
// to be held for the first bytes of the body.
func (w *writer) write(ctx context.Context, rw http.ResponseWriter, s *subscriber, held bool) {
	out := http.NewResponseController(rw)
	if !held && out.Flush() != nil {
		return
	}
	for {
		s.mu.Lock()
		w.taken = append(w.taken[:0], s.queue...)
		clear(s.queue)
		s.queue = s.queue[:0]
		s.mu.Unlock()
		if !w.writeTaken(ctx, out, rw) {
			return
		}
		select {
		case <-w.bell:
		case <-w.gone:
			panic(http.ErrAbortHandler)
		case <-ctx.Done():
			return
		}
	}
}

// writeTaken writes what was queued; it says false when the stream has ended.
func (w *writer) writeTaken(ctx context.Context, out *http.ResponseController, rw http.ResponseWriter) bool {
	defer func() {
		for i := range w.taken {
			if ev := w.taken[i].ev; ev != nil {
				ev.release()
			}
		}
		clear(w.taken)
		w.taken = w.taken[:0]
	}()
	for i := range w.taken {
		d := &w.taken[i]
		w.counts.sent.Add(1)
		if b := w.form.content(d); len(b) > 0 {
			if _, err := rw.Write(b); err != nil {
				return false
			}
		}
		if d.act == actSend && i < len(w.taken)-1 {
			continue
		}
		if out.Flush() != nil {
			return false
		}
		switch d.act {
		case actEnd:
			return false
		case actCut:
			panic(http.ErrAbortHandler)
		case actReset, actHalf:
			w.breakOff(ctx, out, d.act)
			return false
		case actStall:
			select {
			case <-ctx.Done():
			case <-w.gone:
				panic(http.ErrAbortHandler)
			}
			return false
		}
	}
	return true
}

// breakOff ends the connection below HTTP. Over HTTP/2, where it carries other
// streams too, only the stream is reset.
func (w *writer) breakOff(ctx context.Context, out *http.ResponseController, how act) {
	conn, _, err := out.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if how == actHalf {
		if c, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = c.CloseWrite()
		}
		done := make(chan struct{})
		go func() { // the client's end of the connection
			defer close(done)
			var b [512]byte
			for {
				if _, err := conn.Read(b[:]); err != nil {
					return
				}
			}
		}()
		select {
		case <-done:
		case <-w.gone:
		}
		conn.Close()
		<-done
		return
	}
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = c.NetConn()
	}
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = c.SetLinger(0)
	}
	conn.Close()
}
