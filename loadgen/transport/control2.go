package transport

import (
	"time"

	"golang.org/x/net/http2"
)

// resetByServer handles RST_STREAM (RFC 9113 section 6.4). On a stream that is closed already it says nothing: after a complete
// response it is how a server refuses the rest of a request.
func (c *conn2) resetByServer(h frameHead, code http2.ErrCode) {
	s := c.addressed(h)
	if s == nil {
		return
	}
	c.remove(s)
	f := fail(tokenStreamReset, "the server reset the stream with %s", code)
	if code == http2.ErrCodeRefusedStream {
		s.sink.finished(unprocessed{f})
		return
	}
	s.sink.finished(f)
}

// settings puts the server's settings in force and acknowledges them (section 6.5).
func (c *conn2) settings(f *http2.SettingsFrame, at time.Time) {
	if f.IsAck() {
		if c.unanswered--; c.unanswered < 0 {
			c.breach(http2.ErrCodeProtocol, "the server acknowledged SETTINGS that were never sent")
		}
		return
	}
	if c.settled {
		c.waste(at)
	}
	c.settled = true
	for i := range f.NumSettings() {
		c.setting(f.Setting(i))
	}
	if c.broken == nil {
		c.write().WriteSettingsAck()
		c.answer()
		c.sendAll() // windows may have grown
	}
}

// setting takes one setting. The size of the header table is of no interest, because we use none (see writeHead); nor is the greatest
// frame, because we send none above the size that every server takes, or the greatest header, which the server will refuse itself.
func (c *conn2) setting(s http2.Setting) {
	err := s.Valid()
	if s.ID == http2.SettingEnablePush && s.Val != 0 { // section 6.5.2
		err = http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if code, invalid := err.(http2.ConnectionError); invalid {
		c.breach(http2.ErrCode(code), "the server's setting %s is invalid: %d", s.ID, s.Val)
		return
	}
	switch s.ID {
	case http2.SettingMaxConcurrentStreams:
		c.limit = s.Val
	case http2.SettingInitialWindowSize: // also of streams that are open (section 6.9.2)
		more := int64(s.Val) - int64(c.initial)
		c.initial = int32(s.Val)
		for _, o := range c.streams.slots {
			if o == nil {
				continue
			}
			if int64(o.window)+more > largestWindow {
				c.fail(http2.ErrCodeFlowControl, fail(tokenFlowControl, "the server's setting %s takes the window of stream %d over its limit", s.ID, o.id))
				return
			}
			o.window += int32(more)
		}
	}
}

// ping answers PING (section 6.7). We send none, so an answer of the server's says nothing.
func (c *conn2) ping(f *http2.PingFrame, at time.Time) {
	c.waste(at)
	if !f.IsAck() && c.broken == nil {
		c.write().WritePing(true, f.Data)
		c.answer()
	}
}

// answer bounds the answers that wait because the server does not read.
func (c *conn2) answer() {
	if c.answers++; c.answers > idleLimit {
		c.breach(http2.ErrCodeEnhanceYourCalm, "the server asks with PING and SETTINGS, and does not read the answers")
	}
}

// goAway handles GOAWAY (section 6.8): streams beyond the last that the server works on were never begun, the others go on.
func (c *conn2) goAway(f *http2.GoAwayFrame) {
	said := ""
	if debug := f.DebugData(); len(debug) > 0 {
		said = ": " + string(debug[:min(len(debug), 200)])
	}
	c.goaway = fail(tokenGoAway, "the server gave up the connection with GOAWAY and %s%s", f.ErrCode, said)
	failure, last := unprocessed{c.goaway}, f.LastStreamID
	c.streams.each(func(s *stream2) {
		if s.id > last {
			c.remove(s)
			s.sink.finished(failure)
		}
	})
}

// windowUpdate handles WINDOW_UPDATE (section 6.9).
func (c *conn2) windowUpdate(h frameHead, more uint32, at time.Time) {
	c.waste(at)
	if c.broken != nil {
		return
	}
	if h.stream == 0 {
		if int64(c.window)+int64(more) > largestWindow {
			c.fail(http2.ErrCodeFlowControl, fail(tokenFlowControl, "the server's WINDOW_UPDATE takes the connection's window over its limit"))
			return
		}
		c.window += int32(more)
		c.sendAll()
		return
	}
	s := c.addressed(h)
	switch {
	case s == nil:
	case int64(s.window)+int64(more) > largestWindow:
		c.reset(s, http2.ErrCodeFlowControl, fail(tokenFlowControl, "the server's WINDOW_UPDATE takes the stream's window over its limit"))
	default:
		s.window += int32(more)
		c.sendRest(s)
	}
}
