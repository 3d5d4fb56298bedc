package reference

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Streams is how many streams a client may have open on a connection;
// h2Pending how many bytes may wait for it before its streams have to queue;
// h2Drowned how many before a client that takes nothing is left.
const (
	h2Streams = 1000
	h2Pending = 256 << 10
	h2Drowned = 8 << 20
)

// h2conn is an HTTP/2 connection (RFC 9113). One goroutine reads it; frames are
// gathered in out under the lock and written by whoever is first: the lane,
// without waiting, or the connection's writer where the lane would have to.
type h2conn struct {
	srv    *Server
	lane   *lane
	nc     net.Conn
	tls    *tls.ConnectionState
	try    func(b []byte) int // writes without waiting; nil behind TLS
	framer *http2.Framer

	mu       sync.Mutex
	out      []byte
	spare    []byte
	bell     chan struct{} // of room 1: the writer has work
	busy     bool          // the writer is at it
	listed   bool          // on the lane's list for this batch
	closed   bool
	draining bool // GOAWAY was sent; closes with the last stream
	streams  map[uint32]*h2stream
	last     uint32 // highest stream of the client
	running  int    // handlers
	window   int64  // what the client takes, over all streams
	initial  int64  // window of a new stream
	frame    int    // the largest frame the client takes
	blocked  []*subscriber
	fields   bytes.Buffer
	hpack    *hpack.Encoder
	writing  sync.WaitGroup // the writer and the handlers
}

// serveH2 serves a connection whose preface is yet to be read from r, and
// returns when it is closed.
func (s *Server) serveH2(nc net.Conn, r io.Reader, preface string, state *tls.ConnectionState) {
	defer nc.Close()
	c := &h2conn{
		srv: s, nc: nc, tls: state, lane: s.hub.nextLane(), bell: make(chan struct{}, 1),
		streams: map[uint32]*h2stream{}, window: 65535, initial: 65535, frame: 16384,
	}
	if state == nil {
		c.try = nonBlocking(nc)
	}
	c.hpack = hpack.NewEncoder(&c.fields)
	if !s.h2.add(c) {
		return
	}
	defer s.h2.remove(c)
	// The deadline of the request that led here has no say over the connection.
	_ = nc.SetDeadline(time.Time{})
	_ = nc.SetReadDeadline(time.Now().Add(orDefault(s.HeaderTimeout, 10*time.Second)))
	got := make([]byte, len(preface))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != preface {
		return
	}
	_ = nc.SetReadDeadline(time.Time{})
	c.framer = http2.NewFramer(nil, r)
	c.framer.SetReuseFrames()
	c.framer.SetMaxReadFrameSize(16384)
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.framer.MaxHeaderListSize = uint32(orDefault(s.MaxHeader, 64<<10))
	c.writing.Go(c.write)
	c.mu.Lock()
	c.out = appendSettings(c.out, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: h2Streams},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: c.framer.MaxHeaderListSize})
	c.mu.Unlock()
	c.flushBatch()
	err := c.read()
	var code http2.ConnectionError
	c.mu.Lock()
	if errors.As(err, &code) {
		c.out = appendGoAway(c.out, c.last, http2.ErrCode(code))
	}
	c.mu.Unlock()
	c.close()
	c.writing.Wait()
}

// hijackH2 takes over a connection on which a client began with the preface of
// HTTP/2, whose first half net/http took for a request.
func (s *Server) hijackH2(w http.ResponseWriter) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	s.serving.Go(func() { s.serveH2(nc, rw.Reader, "SM\r\n\r\n", nil) })
}

// close ends the connection and all of its streams. What is gathered is still
// given to the kernel, as far as it takes it at once.
func (c *h2conn) close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	if len(c.out) > 0 && !c.busy && c.try != nil {
		c.try(c.out)
	}
	c.out = nil
	for id, st := range c.streams {
		if st.body != nil && st.body.timer != nil {
			st.body.timer.Stop()
		}
		c.forget(id, st)
	}
	c.mu.Unlock()
	c.ring()
	// A TLS connection that the client left has no one to say good-bye to.
	_ = c.nc.SetWriteDeadline(time.Now().Add(time.Second))
	c.nc.Close()
}

// carries reports whether there are event streams on the connection.
func (c *h2conn) carries() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range c.streams {
		if st.sub != nil {
			return true
		}
	}
	return false
}

// drain asks the client to open no more streams, and closes with the last one.
func (c *h2conn) drain() {
	c.mu.Lock()
	if !c.draining {
		c.draining = true
		c.out = appendGoAway(c.out, c.last, http2.ErrCodeNo)
	}
	done := len(c.streams) == 0
	c.mu.Unlock()
	c.flushBatch()
	if done {
		c.ring()
	}
}

// forget takes a stream off the connection; the lock is held.
func (c *h2conn) forget(id uint32, st *h2stream) {
	delete(c.streams, id)
	st.gone = true
	if st.cancel != nil {
		st.cancel()
	}
	if st.sub != nil {
		c.lane.post(command{do: doLeave, sub: st.sub})
	}
	if st.room != nil {
		st.room.Broadcast()
	}
	if c.draining && len(c.streams) == 0 {
		c.ring()
	}
}

func (c *h2conn) ring() {
	select {
	case c.bell <- struct{}{}:
	default:
	}
}

// flushBatch writes what was gathered, as far as the kernel takes it; the rest
// is left to the writer.
func (c *h2conn) flushBatch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed = false
	if c.closed || c.busy || len(c.out) == 0 {
		return
	}
	if c.try != nil {
		n := c.try(c.out)
		if n == len(c.out) {
			c.out = c.out[:0]
			if cap(c.out) > h2Pending {
				c.out = nil
			}
			return
		}
		c.out = append(c.out[:0], c.out[n:]...)
	}
	c.busy = true
	c.ring()
}

// write is the connection's writer: it waits where the lane must not.
func (c *h2conn) write() {
	for range c.bell {
		for {
			c.mu.Lock()
			if c.closed || len(c.out) == 0 {
				c.busy = false
				over := c.closed || c.draining && len(c.streams) == 0
				c.mu.Unlock()
				if over {
					c.nc.Close() // the reader notices, and ends the rest
					return
				}
				break
			}
			c.busy = true
			b := c.out
			c.out, c.spare = c.spare[:0], nil
			c.mu.Unlock()
			_, err := c.nc.Write(b)
			c.mu.Lock()
			if cap(b) <= h2Pending {
				c.spare = b
			}
			if err != nil {
				c.out = nil
			}
			c.unblock()
			c.mu.Unlock()
			if err != nil {
				c.nc.Close()
			}
		}
	}
}

// unblock lets the streams try again that waited for the connection; the lock
// is held.
func (c *h2conn) unblock() {
	for i, s := range c.blocked {
		c.lane.post(command{do: doFlush, sub: s})
		c.blocked[i] = nil
	}
	c.blocked = c.blocked[:0]
	for _, st := range c.streams {
		if st.room != nil {
			st.room.Broadcast()
		}
	}
}

// h2set knows the open HTTP/2 connections.
type h2set struct {
	mu     sync.Mutex
	conns  map[*h2conn]struct{}
	closed bool
	empty  chan struct{} // closed with the last connection, once somebody waits for that
}

func (h *h2set) add(c *h2conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.conns == nil {
		h.conns = map[*h2conn]struct{}{}
	}
	h.conns[c] = struct{}{}
	return true
}

func (h *h2set) remove(c *h2conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	h.tell()
}

// ended returns a channel that is closed when no connection is left.
func (h *h2set) ended() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	empty := make(chan struct{})
	h.empty = empty
	h.tell()
	return empty
}

// tell closes the channel of ended with the last connection; the lock is held.
func (h *h2set) tell() {
	if len(h.conns) == 0 && h.empty != nil {
		close(h.empty)
		h.empty = nil
	}
}

// each calls do for every connection; with end set no further one is taken.
func (h *h2set) each(do func(*h2conn), end bool) {
	h.mu.Lock()
	h.closed = h.closed || end
	conns := make([]*h2conn, 0, len(h.conns))
	for c := range h.conns {
		conns = append(conns, c)
	}
	h.mu.Unlock()
	for _, c := range conns {
		do(c)
	}
}
