package transport

import (
	"time"

	"ssebench/loadgen"
)

// sendWithin bounds how long a goroutine may wait for the kernel to take a message.
const sendWithin = 10 * time.Second

// farewellWithin bounds how long a stream that is cut waits for the kernel to take its close frame.
const farewellWithin = 100 * time.Millisecond

// Send implements loadgen.Sender.
func (s *stream) Send(message []byte) error {
	s.mu.Lock()
	c, _ := s.blocked.(*conn)
	s.mu.Unlock()
	s.lane.Hold()
	w := s.socket()
	if c == nil || w == nil || !w.open || s.cut() {
		s.lane.Release()
		return fail(loadgen.TokenNotOpen, "the WebSocket is not open")
	}
	frame := w.appendPublished(nil, message)
	s.lane.Release()
	c.SetWriteDeadline(time.Now().Add(sendWithin))
	return s.writeFrames(c, frame)
}

// reply sends what the WebSocket itself has to say after a read. The goroutine of the stream calls it, without the lane.
func (s *stream) reply(c *conn) error {
	w := s.socket()
	if w == nil {
		return nil
	}
	s.lane.Hold()
	out := w.out
	w.out = nil
	s.lane.Release()
	if len(out) == 0 {
		return nil
	}
	return s.writeFrames(c, out)
}

// writeFrames writes whole frames with one write. Where only a part of them went out, the connection is of no use any more.
func (s *stream) writeFrames(c *conn, frames []byte) error {
	n, err := c.Write(frames)
	s.lane.Hold()
	if c.meter == nil {
		s.lane.count(&traffic{sent: int64(n)})
	}
	c.flush(s.lane)
	s.lane.Release()
	if err != nil {
		c.tcp.Close()
		return writeFailure(err)
	}
	return nil
}

// sayClose says close on a WebSocket that is cut in an orderly way. Its reader is back.
func (s *stream) sayClose(c *conn) {
	w := s.socket()
	if w == nil || loadgen.Cut(s.cutHow.Load()-1) != loadgen.CutFIN {
		return
	}
	s.lane.Hold()
	frame := w.goodbye(nil)
	s.lane.Release()
	if len(frame) > 0 {
		c.SetDeadline(time.Now().Add(farewellWithin))
		_ = s.writeFrames(c, frame) // who is gone need not be told
	}
}
