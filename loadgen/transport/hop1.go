package transport

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// hop1 is a hop over HTTP/1.1.
func (s *stream) hop1() error {
	o := s.opening
	if c := s.reuse(origin(o.url)); c != nil {
		err := s.exchange(c)
		// A server may close a kept connection at the very moment we use it again. RFC 9110 section 9.2.2 lets a client repeat
		// what is safe to repeat.
		if err == nil || s.parser.started || o.method != http.MethodGet || !isStale(err) {
			return err
		}
	}
	c, err := s.connect(o)
	if err != nil {
		return err
	}
	return s.exchange(c)
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

// isStale tells the failures of a kept connection that the server had given up.
func isStale(err error) bool {
	f := failureOf(err)
	return f != nil && (f.Token == tokenNoResponse || f.Token == tokenReset)
}

// exchange sends the request and reads the answer. It takes the connection over: afterwards it is closed or kept.
func (s *stream) exchange(c *conn) error {
	s.opening.Remote = c.tcp.RemoteAddr().String()
	s.parser.reset(s.t.config.HeadLimit)
	err := s.guard(c)
	if err == nil {
		err = s.send(c)
	}
	if err == nil {
		err = s.ending(c.read())
	}
	if err == nil && s.parser.done() && s.parser.keep && !s.cut() {
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
		s.lane.traffic(0, int64(n))
	}
	c.flush(s.lane)
	if err == nil {
		s.lane.figures.Count(results.RequestsCount, 1)
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

// ending tells what the end of reading means.
func (s *stream) ending(err error) error {
	var f *loadgen.Failure
	switch {
	case s.cut():
		return errCut
	case s.opening != nil && s.opening.answered:
		// A login's or a redirect's body; whatever ended it, the answer itself is known.
		s.parser.keep = s.parser.keep && err == nil
		return nil
	case err == nil, errors.As(err, &f):
		return err
	case errors.Is(err, io.EOF):
		return s.parser.end()
	case errors.Is(err, io.ErrUnexpectedEOF):
		if s.parser.state == untilClose {
			return fail(tokenBodyTruncated, "the server closed the connection inside a TLS record")
		}
		return s.parser.end()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(tokenRead, "%v", err)
	}
	return readFailure(err)
}
