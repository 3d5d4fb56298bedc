package reference

import (
	"context"
	"strconv"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2stream is a stream of an HTTP/2 connection, under the connection's lock: a
// subscriber's sink, or a request that a handler answers.
type h2stream struct {
	conn   *h2conn
	sub    *subscriber
	held   *h2held // the answer's head, to be written with the first bytes
	window int64   // what the client takes on this stream

	cancel context.CancelFunc // of a request with a handler
	body   *h2body
	room   *sync.Cond // what a handler waits on

	id      uint32
	gone    bool // reset, ended, or its connection closed
	starved bool // something waits for the stream's window
}

// h2held is on its own since streams are many and few are held.
type h2held struct{ fields []hpack.HeaderField }

// headers appends a HEADERS frame, and CONTINUATION frames where it is long.
// The connection's lock is held.
func (c *h2conn) appendHeaders(id uint32, fields []hpack.HeaderField, end bool) {
	c.fields.Reset()
	for _, f := range fields {
		// It writes to a buffer, which takes everything.
		_ = c.hpack.WriteField(f)
	}
	block := c.fields.Bytes()
	kind, flags := http2.FrameHeaders, http2.Flags(0)
	if end {
		flags = http2.FlagHeadersEndStream
	}
	for {
		part := block[:min(len(block), c.frame)]
		if block = block[len(part):]; len(block) == 0 {
			flags |= http2.FlagHeadersEndHeaders
		}
		c.out = appendFrameHead(c.out, len(part), kind, flags, id)
		c.out = append(c.out, part...)
		if len(block) == 0 {
			return
		}
		kind, flags = http2.FrameContinuation, 0
	}
}

// attach makes the stream the sink of a subscriber that is about to join.
func (st *h2stream) attach(sub *subscriber, fields []hpack.HeaderField, hold bool) bool {
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if st.gone || c.closed {
		return false
	}
	sub.out, sub.lane, st.sub = st, c.lane, sub
	if hold {
		st.held = &h2held{fields}
	} else {
		c.appendHeaders(st.id, fields, false)
	}
	return true
}

// list sees to it that the lane writes the connection's frames at the end of
// its batch. The lock is held; the lane calls.
func (c *h2conn) list() {
	if !c.listed {
		c.listed = true
		c.lane.sinks = append(c.lane.sinks, c)
	}
}

func (c *h2conn) appendHeld(st *h2stream) {
	if st.held != nil {
		c.appendHeaders(st.id, st.held.fields, false)
		st.held = nil
	}
}

// send implements sink: a DATA frame for each event.
func (st *h2stream) send(s *subscriber, r *run) bool {
	if s.queue != nil {
		return false
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	n := int64(r.streamBytes)
	if st.gone || n > st.window || n > c.window || len(c.out) > h2Pending {
		return false
	}
	st.window -= n
	c.window -= n
	c.appendHeld(st)
	for _, ev := range r.evs {
		c.out = appendDataFrames(c.out, ev.stream(), c.frame, st.id, false)
	}
	c.lane.sent += uint64(len(r.evs))
	c.list()
	return true
}

// flush implements sink.
func (st *h2stream) flush(s *subscriber) {
	if s.is(flagStalled) {
		return
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if st.gone {
		return
	}
	c.list()
	n := 0
	last := actSend
	for n < len(s.queue) && last <= actAlone {
		d := &s.queue[n]
		b := d.stream()[s.written:]
		if d.act > actAlone && len(b) == 0 {
			last = d.act
			n++
			break
		}
		can := int(min(int64(len(b)), st.window, c.window))
		if len(c.out) > h2Pending {
			can = 0
		}
		if can > 0 {
			c.appendHeld(st)
			c.out = appendDataFrames(c.out, b[:can], c.frame, st.id, false)
			st.window -= int64(can)
			c.window -= int64(can)
		}
		if can < len(b) {
			s.written += int32(can)
			if st.window == 0 {
				st.starved = true
			} else {
				c.blocked = append(c.blocked, s)
			}
			break
		}
		s.written = 0
		last = d.act
		n++
		c.lane.sent++
	}
	s.mu.Lock()
	s.done(n)
	s.mu.Unlock()
	st.finish(s, last)
}

// finish does what the last delivery asks for. The lock is held.
func (st *h2stream) finish(s *subscriber, last act) {
	c := st.conn
	switch last {
	case actEnd:
		c.appendHeld(st)
		c.out = appendFrameHead(c.out, 0, http2.FrameData, http2.FlagDataEndStream, st.id)
		c.forget(st.id, st)
	case actCut, actReset, actHalf:
		c.resetLocked(st.id, http2.ErrCodeInternal)
	case actStall:
		s.flags |= flagStalled
	}
}

// cut implements sink.
func (st *h2stream) cut(*subscriber) {
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !st.gone {
		c.resetLocked(st.id, http2.ErrCodeInternal)
		c.list()
	}
}

// h2Fields is the head of an answer as HTTP/2 has it.
func h2Fields(status int, header map[string][]string) []hpack.HeaderField {
	fields := []hpack.HeaderField{{Name: ":status", Value: strconv.Itoa(status)}}
	for name, values := range header {
		name = lowerASCII(name)
		switch name {
		case "connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection":
			continue
		}
		for _, v := range values {
			fields = append(fields, hpack.HeaderField{Name: name, Value: v})
		}
	}
	return fields
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
