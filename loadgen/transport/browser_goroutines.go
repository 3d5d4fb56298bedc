package transport

import (
	"sync"
	"time"
)

// windows are the browsers of the engine of goroutines, over HTTP/1.1. A stream that reads takes no lock of theirs.
type windows struct {
	mu       sync.Mutex
	byNumber map[int]*window
}

// window is a browser: its tabs, and their connections while they are idle.
type window struct {
	browser[*stream]
	kept  map[*stream]*conn      // by who used it last
	turns map[*stream]chan *conn // of those that wait; nil is sent to who may dial
}

// of gives a stream's browser. The windows are locked.
func (w *windows) of(s *stream) *window {
	b := w.byNumber[s.request.Browser]
	if b == nil {
		if w.byNumber == nil {
			w.byNumber = make(map[int]*window)
		}
		b = &window{kept: make(map[*stream]*conn), turns: make(map[*stream]chan *conn)}
		w.byNumber[s.request.Browser] = b
	}
	return b
}

// takeOut gives the idle connection that the stream used last; nil: there is none.
func (b *window) takeOut(s *stream) *conn {
	c := b.kept[s]
	delete(b.kept, s)
	return c
}

// serve gives connections to those that wait.
func (b *window) serve() {
	for {
		s, from, ok := b.next()
		if !ok {
			return
		}
		b.turns[s] <- b.takeOut(from)
		delete(b.turns, s)
	}
}

// seek finds a connection of the browser for the next request, which is the kept one then, or leave to dial one; it waits for it if need be.
func (s *stream) seek() error {
	w, o := &s.engine.windows, s.opening
	w.mu.Lock()
	b := w.of(s)
	var elsewhere *conn // its own, to another origin
	from, ok := b.ask(s, origin(o.url))
	if ok && from != s || b.seatOf(s) == nil {
		elsewhere = b.takeOut(s)
	}
	var turn chan *conn
	if ok {
		s.take(b.takeOut(from))
	} else {
		turn = make(chan *conn, 1)
		b.turns[s] = turn
	}
	b.serve()
	w.mu.Unlock()
	if elsewhere != nil {
		s.discard(elsewhere)
	}
	if ok {
		return nil
	}
	return s.await(turn)
}

// take makes a connection the kept one; nil: there is none.
func (s *stream) take(c *conn) {
	if c != nil {
		c.reader = s
	}
	s.kept = c
}

// await waits for a connection.
func (s *stream) await(turn chan *conn) error {
	since := time.Now()
	s.queued()
	ctx, cancel, err := s.untilCut()
	if err == nil {
		defer cancel()
		select {
		case c := <-turn:
			if s.cut() {
				s.kept = c
				break
			}
			if o := s.opening; o.Dialed.IsZero() {
				o.Queued += time.Since(since)
			}
			s.take(c)
			s.seated(since)
			return nil
		case <-ctx.Done():
		}
	}
	w := &s.engine.windows
	w.mu.Lock()
	b := w.of(s)
	b.leave(s)
	delete(b.turns, s)
	select {
	case s.kept = <-turn: // both happened at once
	default:
	}
	w.mu.Unlock()
	s.unseated(tokenBrowserLimit, since)
	return errCut
}

// yield gives the stream's connection to the others after a request, and its place where it has no connection.
func (s *stream) yield() {
	w := &s.engine.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.of(s)
	if s.kept != nil {
		b.kept[s], s.kept = s.kept, nil
		b.rest(s)
	} else if b.kept[s] == nil {
		b.drop(s)
	}
	b.serve()
}

// quit takes the stream out of its browser. Its connection, where nobody has taken it over, is the kept one again.
func (s *stream) quit() {
	w := &s.engine.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.of(s)
	if c := b.takeOut(s); c != nil {
		s.kept = c
	}
	b.drop(s)
	b.serve()
}
