package transport

import (
	"context"
	"slices"

	"ssebench/loadgen"
)

// loopedOutbox is what a subscriber posts with, beside its stream: a second stream, which over HTTP/1.1 keeps a connection of its own between two
// requests and over HTTP/2 goes along on the subscriber's. It lives in the loop's table, and only there where somebody posts.
type loopedOutbox struct {
	of      *looped
	stream  *looped // nil: none yet, or the last one was given up
	waiting []*post
}

// Post implements loadgen.Poster. Where there is a connection it writes at once, between two batches of the loop, without waiting for the
// poller; only the loop dials, since the wheel is its own.
func (s *looped) Post(ctx context.Context, r *loadgen.Request) (*loadgen.Answer, error) {
	h := newPost(r, s.request)
	p := s.loop
	p.lane.Hold()
	s.post(h)
	p.lane.count(&p.traffic)
	p.lane.Release()
	select {
	case <-h.done:
		return h.result()
	case <-ctx.Done():
	}
	p.post(message{do: doCall, call: func() { s.withdraw(h) }})
	<-h.done
	if h.err != nil { // else the answer was there first
		return nil, ctx.Err()
	}
	return h.result()
}

// post takes a request of the subscriber.
func (s *looped) post(h *post) {
	if s.phase == finished || s.cut() || s.socket() != nil {
		h.end(notOpen())
		return
	}
	p := s.loop
	c := p.outboxes[s]
	if c == nil {
		if p.outboxes == nil {
			p.outboxes = make(map[*looped]*loopedOutbox)
		}
		c = &loopedOutbox{of: s}
		p.outboxes[s] = c
	}
	c.waiting = append(c.waiting, h)
	c.next()
}

// next begins the request that waited longest, unless one is under way.
func (c *loopedOutbox) next() {
	if len(c.waiting) == 0 || c.stream != nil && c.stream.phase != waiting {
		return
	}
	h := c.waiting[0]
	c.waiting = slices.Delete(c.waiting, 0, 1)
	h.then = c.later
	p, q := c.of.loop, c.stream
	if q == nil {
		q = p.newLooped()
		q.index = int32(len(p.streams))
		p.streams = append(p.streams, q)
		c.stream = q
	}
	q.exchange.request, q.exchange.handler, q.atOnce, q.opened, q.phase = h.request, h, true, false, queued
	switch {
	case p.codec != nil:
		q.goAlong(c.of.trunk)
	case q.fd != noSocket && !q.leaving && isQuiet(q.fd) && p.remotes[q.peer].origin == origin(h.request.URL):
		q.begin()
	default:
		p.post(message{do: doCall, call: func() {
			if q.handler == h && q.phase == queued {
				p.due = append(p.due, q) // before this batch ends it gets a place among the dials in flight, if there is one
			}
		}})
	}
}

// goAlong sends the request on the connection of another stream, nil where that has none.
func (s *looped) goAlong(t *trunk) {
	p := s.loop
	o := p.newOpening()
	s.opening, o.DialStart = o, p.instant(p.clock.now())
	o.take(s.request)
	err := o.start()
	switch {
	case err != nil:
	case t == nil || t.shut || t.settling || t.failed != nil || !t.conn.usable():
		err = notOpen()
	case t.conn.room() == 0:
		err = noRoom()
	default:
		err = checkBeside(origin(o.url), p.remotes[t.peer].origin)
	}
	if err != nil {
		s.finish(err)
		return
	}
	o.Remote = p.remotes[t.peer].text
	s.trunk, s.phase = t, answering
	s.id = t.conn.open(s.outgoing(o), s)
	t.posts++
	t.flush(false)
	s.asked()
}

// posted goes on after a request beside a stream.
func (s *looped) posted() {
	s.phase = waiting
	s.handler.(*post).then()
}

// later has the loop begin what waits, if anything does: not from inside of an answer.
func (c *loopedOutbox) later() {
	if len(c.waiting) > 0 {
		c.of.loop.post(message{do: doCall, call: c.next})
	}
}

// withdraw gives up a request whose caller waits no longer, and with it the connection that waits for the answer.
func (s *looped) withdraw(h *post) {
	c := s.loop.outboxes[s]
	if c == nil {
		return
	}
	if at := slices.Index(c.waiting, h); at >= 0 {
		c.waiting = slices.Delete(c.waiting, at, at+1)
		h.end(errCut)
		return
	}
	if q := c.stream; q != nil && q.handler == h && q.phase != waiting {
		c.stream = nil
		q.give(loadgen.CutFIN)
		c.next()
	}
}

// give ends what a subscriber posts with.
func (s *looped) give(how loadgen.Cut) {
	s.cutHow.CompareAndSwap(0, int32(how)+1)
	s.wasCut()
}

// forsake ends the requests that go along on a trunk whose connection is given up.
func (t *trunk) forsake() {
	if t.posts == 0 {
		return
	}
	t.conn.streams.each(func(o *stream2) {
		if q, ok := o.sink.(*looped); ok && q.posting() {
			t.conn.remove(o)
			q.finished(fail(loadgen.TokenCut, "the connection of the subscriber's stream was given up before the answer was complete"))
		}
	})
}

// dismiss ends what the subscriber posts with, as its stream was ended.
func (s *looped) dismiss() {
	p := s.loop
	c := p.outboxes[s]
	if c == nil {
		return
	}
	delete(p.outboxes, s)
	if c.stream != nil {
		c.stream.give(max(loadgen.Cut(s.cutHow.Load()-1), loadgen.CutFIN))
	}
	for _, h := range c.waiting {
		h.end(notOpen())
	}
}
