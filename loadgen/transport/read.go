package transport

import (
	"io"
	"sync"
	"time"
)

// readBufferSize is that of a stream that cannot share its lane's, in bytes.
const readBufferSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { return new([readBufferSize]byte) }}

// readBuffered reads with a buffer of the stream's own until the response is complete or the connection fails.
func (c *conn) readBuffered() error {
	b := readBuffers.Get().(*[readBufferSize]byte)
	defer readBuffers.Put(b)
	s := c.reader
	for {
		n, err := c.Conn.Read(b[:s.allow(len(b), nil)])
		at := time.Now()
		s.lane.Hold()
		c.flush(s.lane)
		var feed error
		if n > 0 {
			feed = s.parser.feed(b[:n], at, s)
		}
		s.lane.Release()
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
