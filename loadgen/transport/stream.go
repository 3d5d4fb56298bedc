package transport

import (
	"net/http"
	"sync"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// stream is one subscription's connection, kept over its reopenings. A goroutine of its own owns it; other goroutines only cut it.
type stream struct {
	exchange
	engine *goroutines
	lane   *lane

	mu        sync.Mutex
	blocked   waker     // what the goroutine may be blocked in
	requested time.Time // when the last request was written
	pace      pace      // of reading

	// Owned by the goroutine.
	kept      *conn   // an HTTP/1.1 connection that outlived its response
	own       *shared // the HTTP/2 connection, where streams share none
	dialStart time.Time
	queuedAt  time.Time // when it began to wait for a place that it did not get
	limit     string    // because of which
	resumes   bool      // there was a TLS session before
	finished  bool      // its goroutine came to its end
}

// waker is what a stream's goroutine may be blocked in, as Cut sees it.
type waker interface{ wake(loadgen.Cut) }

// longAgo is a deadline that wakes whoever is blocked.
var longAgo = time.Unix(1, 0)

// Cut implements loadgen.Stream. It wakes the stream's goroutine, which does the rest.
func (s *stream) Cut(how loadgen.Cut) {
	s.mu.Lock()
	if s.cutHow.CompareAndSwap(0, int32(how)+1) && s.blocked != nil {
		s.blocked.wake(how)
	}
	s.mu.Unlock()
}

// guard names what Cut has to wake; nil for nothing. It fails if the stream was cut already.
func (s *stream) guard(w waker) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked = w
	if s.cut() {
		return errCut
	}
	return nil
}

// setDeadline sets a deadline on the guarded connection unless the stream was cut, whose own deadline must stay. Requests of
// HTTP/2 have none.
func (s *stream) setDeadline(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.blocked.(*conn); ok && !s.cut() {
		c.SetDeadline(at)
	}
}

// wrote notes when a request was written. Under HTTP/2 another goroutine calls it.
func (s *stream) wrote(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requested = at
}

// written is when the last request of this opening was written; zero: none was.
func (s *stream) written() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requested
}

// run is the stream's goroutine.
func (s *stream) run(due time.Time) {
	defer s.lane.Recovered("a stream")
	defer s.engine.forget(s)
	defer s.giveUp()
	for {
		err := s.sleep(due)
		if err == nil {
			err = s.open(due)
		}
		reopen := s.end(err)
		if reopen.IsZero() {
			s.drop()
			s.finished = true
			return
		}
		due = reopen
	}
}

// giveUp closes the connection of a stream whose goroutine panicked.
func (s *stream) giveUp() {
	if s.finished {
		return
	}
	s.mu.Lock()
	c, reading := s.blocked.(*conn)
	s.mu.Unlock()
	if reading {
		c.Close()
	}
	s.drop()
}

// sleep waits until an opening is due.
func (s *stream) sleep(due time.Time) error {
	s.opening, s.opened, s.dialStart, s.limit = nil, false, time.Time{}, ""
	s.wrote(time.Time{})
	now := time.Now()
	if wait := due.Sub(now); wait > 0 && !due.IsZero() {
		ctx, cancel, err := s.untilCut()
		if err != nil {
			return err
		}
		defer cancel()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			now = time.Now()
		case <-ctx.Done():
			return errCut
		}
	}
	if s.cut() {
		return errCut
	}
	if !due.IsZero() {
		s.lane.woke(due, now)
	}
	return nil
}

// end tells the handler how the opening ended.
func (s *stream) end(err error) (reopen time.Time) {
	s.lane.Hold()
	defer s.lane.Release()
	return s.ended(err, loadgen.Ending{At: time.Now(), DialStart: s.dialStart, Requested: s.written(), QueuedAt: s.queuedAt, Limit: s.limit})
}

// head implements answerSink: what is left of an answer to a login, of a redirect, or of a refusal may take only so long.
func (s *stream) head(status int, proto string, h http.Header, at time.Time) error {
	o := s.opening
	o.Requested = s.written()
	err := s.exchange.head(status, proto, h, at)
	if o.answered || o.refused != nil {
		s.setDeadline(time.Now().Add(discardWait))
	}
	return err
}

// body implements answerSink.
func (s *stream) body(b []byte, at time.Time) error {
	if s.isContent() {
		s.lane.figures.Count(results.BodyReceived, int64(len(b)))
	}
	return s.exchange.body(b, at)
}

// queued counts the stream as one that has to wait for a place on a connection that streams share.
func (s *stream) queued() {
	s.wrote(time.Time{}) // what was written is a login
	s.lane.Hold()
	defer s.lane.Release()
	s.lane.figures.Count(results.ConnectionsQueued, 1)
	s.tell(true)
}

// seated records how long it waited; since is zero if it did not.
func (s *stream) seated(since time.Time) {
	if since.IsZero() {
		return
	}
	s.lane.Hold()
	defer s.lane.Release()
	s.lane.figures.Record(results.ConnectQueue, int64(time.Since(since)))
	s.tell(false)
}

// unseated ends the wait of a stream that gets no place, as its ending will tell. limit is what kept it from one; empty: nothing did.
func (s *stream) unseated(limit string, since time.Time) {
	s.lane.Hold()
	defer s.lane.Release()
	s.limit, s.queuedAt = limit, since
	s.tell(false)
}

// drop closes the connection that the stream kept.
func (s *stream) drop() {
	s.dropOwn()
	if s.request.Browser != 0 {
		s.quit()
	}
	if s.kept != nil {
		s.discard(s.kept)
		s.kept = nil
	}
}

// discard closes a connection, in the way that the stream was cut if it was.
func (s *stream) discard(c *conn) {
	s.guard(nil)
	switch loadgen.Cut(s.cutHow.Load() - 1) {
	case loadgen.CutSilent:
		s.engine.silence(c)
		return
	case loadgen.CutRST:
		c.reset()
	default:
		s.sayClose(c)
		c.Close()
	}
	s.lane.Hold()
	c.flush(s.lane)
	s.lane.Release()
}
