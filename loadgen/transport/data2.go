package transport

import (
	"time"

	"golang.org/x/net/http2"
)

// dataFrame is the DATA frame that is being read (RFC 9113 section 6.1).
type dataFrame struct {
	stream  *stream2 // nil: what comes is thrown away
	left    int32    // bytes of the payload still to come, padding included
	pad     int32    // of these, the padding at the end
	reading bool
	padded  bool // the first byte of the payload, which tells the padding, is still to come
	last    bool // END_STREAM
}

// beginData handles the header of a DATA frame. The whole payload counts for the windows (section 6.9.1), also what nobody wants.
func (c *conn2) beginData(h frameHead, at time.Time) {
	s := c.addressed(h)
	if c.broken != nil {
		return
	}
	length := int32(h.length)
	d := &c.data
	*d = dataFrame{stream: s, left: length, reading: true, padded: h.flags.Has(http2.FlagDataPadded), last: h.flags.Has(http2.FlagDataEndStream)}
	if c.used += length; c.used > connWindow {
		c.fail(http2.ErrCodeFlowControl, fail(tokenFlowControl, "the server sent more than the connection's window of %d bytes", connWindow))
		return
	}
	if s != nil {
		s.used += length
		switch {
		case s.used > streamWindow:
			c.reset(s, http2.ErrCodeFlowControl, fail(tokenFlowControl, "the server sent more than the stream's window of %d bytes", streamWindow))
		case !s.answered && !s.silent: // section 8.1
			c.reset(s, http2.ErrCodeProtocol, fail(tokenHTTP2, "the server sent DATA before a response header"))
		}
	}
	if length > 0 {
		return
	}
	if d.padded {
		c.breach(http2.ErrCodeFrameSize, "the server sent DATA on stream %d without the length of its padding", h.stream)
		return
	}
	if !d.last {
		c.waste(at)
	}
	c.endData()
}

// payload passes on what came of a DATA frame, whether all of it or not.
func (c *conn2) payload(b []byte, at time.Time) (rest []byte) {
	d := &c.data
	if d.padded {
		d.padded, d.pad = false, int32(b[0])
		d.left--
		b = b[1:]
		if d.pad > d.left {
			c.breach(http2.ErrCodeProtocol, "the server sent DATA with more padding than payload")
			return nil
		}
	}
	n := min(len(b), int(d.left-d.pad))
	d.left -= int32(n)
	if n > 0 && d.stream != nil {
		c.content(d.stream, b[:n], at)
	}
	b = b[n:]
	if d.left == d.pad {
		n = min(len(b), int(d.left))
		d.left -= int32(n)
		d.pad = d.left
		b = b[n:]
		if d.left == 0 {
			c.endData()
		}
	}
	return b
}

func (c *conn2) content(s *stream2, b []byte, at time.Time) {
	surplus := s.left != unknownLength && int64(len(b)) > s.left
	if surplus {
		b = b[:s.left]
	}
	if s.left != unknownLength {
		s.left -= int64(len(b))
	}
	if len(b) > 0 {
		if err := s.sink.body(b, at); err != nil && c.data.stream == s {
			c.reset(s, http2.ErrCodeCancel, err)
		}
	}
	if surplus && c.data.stream == s { // section 8.1.1
		c.reset(s, http2.ErrCodeProtocol, fail(tokenHTTP2, "the server sent more than it announced in Content-Length"))
	}
}

// endData gives back what is used of the windows, half a window at a time.
func (c *conn2) endData() {
	d := &c.data
	s := d.stream
	d.stream, d.reading = nil, false
	if c.used >= connWindow/2 {
		c.write().WriteWindowUpdate(0, uint32(c.used))
		c.used = 0
	}
	switch {
	case s == nil:
	case d.last:
		c.endStream(s)
	case s.used >= streamWindow/2 && !s.silent:
		c.write().WriteWindowUpdate(s.id, uint32(s.used))
		s.used = 0
	}
}

// endStream handles the end of a response. What is left of the request then interests nobody (section 8.1).
func (c *conn2) endStream(s *stream2) {
	c.ended = s.id
	if len(s.rest) > 0 {
		c.write().WriteRSTStream(s.id, http2.ErrCodeNo)
	}
	c.remove(s)
	if s.left > 0 {
		s.sink.finished(fail(tokenBodyTruncated, "the server ended the stream with %d bytes of the announced body still to come", s.left))
		return
	}
	s.sink.finished(nil)
}
