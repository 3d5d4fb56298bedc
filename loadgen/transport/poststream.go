package transport

import (
	"context"
	"time"

	"ssebench/loadgen"
)

// outbox is what a subscriber posts with, beside its stream: a second stream, which over HTTP/1.1 keeps a connection of its own between two
// requests and over HTTP/2 goes along on the subscriber's. Whoever posts does so in his own goroutine, in his turn.
type outbox struct {
	turn   chan struct{} // full: somebody has it
	stream *stream       // of who has the turn; Cut of whoever has the engine's lock
	over   bool          // so is the subscriber's stream
}

// Post implements loadgen.Poster.
func (s *stream) Post(ctx context.Context, r *loadgen.Request) (*loadgen.Answer, error) {
	c := s.engine.outbox(s)
	if c == nil {
		return nil, notOpen()
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.turn }()
	q := s.engine.postsWith(s, c)
	if q == nil {
		return nil, notOpen()
	}
	h := newPost(r, s.request)
	q.request, q.handler = r, h
	stop := context.AfterFunc(ctx, func() { q.Cut(loadgen.CutFIN) })
	err := q.sleep(time.Time{})
	if err == nil && s.lane.t.config.Protocol == HTTP1 {
		err = q.open(time.Time{})
	} else if err == nil {
		err = q.goAlong(s.carrier())
	}
	if err != nil && s.cut() {
		err = errCut // whatever it looked like on a connection that was given up
	}
	q.end(err)
	if !stop() || q.cut() {
		q.drop()
		s.engine.gaveUp(c)
	}
	if h.err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return h.result()
}

// goAlong sends the request on the connection of another stream, nil where that has none.
func (s *stream) goAlong(c *shared) error {
	o := &opening{config: &s.lane.t.config}
	o.DialStart = time.Now()
	s.opening, s.dialStart = o, o.DialStart
	o.take(s.request)
	if err := o.start(); err != nil {
		return err
	}
	if c == nil {
		return notOpen()
	}
	if err := checkBeside(origin(o.url), c.origin); err != nil {
		return err
	}
	if c.Reserve() != nil {
		if c.gone() {
			return notOpen()
		}
		return noRoom()
	}
	_, err := s.exchange2(c)
	return err
}

// carrier is the HTTP/2 connection that the stream has.
func (s *stream) carrier() *shared {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.blocked.(*request2); ok {
		return r.conn
	}
	return s.own
}

// outbox gives what a subscriber posts with; nil: its stream is over, or a WebSocket.
func (g *goroutines) outbox(s *stream) *outbox {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, here := g.streams[s]; !here || s.cut() || s.socket() != nil {
		return nil
	}
	c := g.outboxes[s]
	if c == nil {
		if g.outboxes == nil {
			g.outboxes = make(map[*stream]*outbox)
		}
		c = &outbox{turn: make(chan struct{}, 1)}
		g.outboxes[s] = c
	}
	return c
}

// postsWith gives the stream of an outbox to who has the turn; nil: the subscriber's own is over.
func (g *goroutines) postsWith(s *stream, c *outbox) *stream {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.over {
		return nil
	}
	if c.stream == nil {
		c.stream = &stream{engine: g, lane: s.lane}
	}
	return c.stream
}

// gaveUp makes room for another stream.
func (g *goroutines) gaveUp(c *outbox) {
	g.mu.Lock()
	c.stream = nil
	g.mu.Unlock()
}

// dismiss ends what a subscriber posts with in the way that its stream was ended, and waits for it. What is silent over HTTP/2 would keep its
// goroutine, which is another's: there its request is cancelled.
func (g *goroutines) dismiss(c *outbox, how loadgen.Cut) {
	g.mu.Lock()
	c.over = true
	q := c.stream
	g.mu.Unlock()
	if q == nil {
		return
	}
	if how == loadgen.CutSilent && q.lane.t.config.Protocol != HTTP1 {
		how = loadgen.CutFIN
	}
	q.Cut(max(how, loadgen.CutFIN))
	c.turn <- struct{}{}
	q.drop()
}
