package transport

import (
	"io"
	"sync"
	"time"
)

// readBufferSize is that of a stream that cannot share its lane's, in bytes.
const readBufferSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { return new([readBufferSize]byte) }}

// parse has what was read parsed, with the lane held.
func (c *conn) parse(b []byte, at time.Time) error {
	s := c.reader
	s.lane.Hold()
	defer s.lane.Release()
	c.flush(s.lane)
	if len(b) == 0 {
		return nil
	}
	return s.parser.feed(b, at, s)
}

// readBuffered reads with a buffer of the stream's own until the response is complete or the connection fails.
func (c *conn) readBuffered() error {
	b := readBuffers.Get().(*[readBufferSize]byte)
	defer readBuffers.Put(b)
	s := c.reader
	for {
		n, err := c.Conn.Read(b[:s.allow(len(b), nil)])
		feed := c.parse(b[:n], time.Now())
		if said := s.reply(c); feed == nil {
			feed = said
		}
		switch {
		case feed != nil:
			return feed
		case s.parser.done():
			return nil
		case err == io.EOF && c.meter != nil && c.meter.ended: // crypto/tls does not tell it from close_notify
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
}
