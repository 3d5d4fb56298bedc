package transport

import (
	"time"
)

// hop1 is a hop over HTTP/1.1.
func (s *stream) hop1() error {
	o := s.opening
	if s.request.Browser != 0 {
		if err := s.seek(); err != nil {
			return err
		}
		defer s.yield()
	}
	if c := s.reuse(origin(o.url)); c != nil {
		if err := s.exchange1(c); !s.repeatable(err) {
			return err
		}
	}
	c, err := s.connect(o)
	if err != nil {
		return err
	}
	return s.exchange1(c)
}

// reuse takes the kept connection if it fits.
func (s *stream) reuse(origin string) *conn {
	c := s.kept
	if c == nil {
		return nil
	}
	s.kept = nil
	if c.origin != origin || !c.alive() {
		s.discard(c)
		return nil
	}
	return c
}

// exchange1 sends the request and reads the answer. It takes the connection over: afterwards it is closed or kept.
func (s *stream) exchange1(c *conn) error {
	s.opening.Remote = c.tcp.RemoteAddr().String()
	s.parser.reset(s.lane.t.config.HeadLimit)
	s.parser.upgrade = s.opening.upgrade
	err := s.guard(c)
	if err == nil {
		err = s.send(c)
	}
	if err == nil {
		err = s.meaning(c.read())
	}
	if c.asked && !s.parser.started {
		err = unanswered(err)
	}
	c.asked = false
	if err == nil && s.parser.done() && s.parser.keep && !s.request.Close && !s.cut() {
		s.setDeadline(time.Time{})
		s.kept = c
		return nil
	}
	s.discard(c)
	return err
}

// send writes the request with one write.
func (s *stream) send(c *conn) error {
	o := s.opening
	b := requestBuffers.Get().(*[]byte)
	*b = s.appendRequest((*b)[:0], o)
	n, err := c.Write(*b)
	if cap(*b) <= requestBufferSize {
		requestBuffers.Put(b)
	}
	s.lane.Hold()
	if c.meter == nil {
		s.lane.count(&traffic{sent: int64(n)})
	}
	c.flush(s.lane)
	if err == nil {
		s.lane.asked(s.published())
	}
	s.lane.Release()
	if err != nil {
		if s.cut() {
			return errCut
		}
		return writeFailure(err)
	}
	s.wrote(time.Now())
	return nil
}
