package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// mostStreams is MAX_CONCURRENT_STREAMS.
const mostStreams = 250

// frameStreams are the streams of all HTTP/2 connections.
type frameStreams struct {
	apart bool
	mu    sync.Mutex
	conns []*frameConn
}

// frameConn is an HTTP/2 connection. Its goroutine reads; whoever holds mu may write.
type frameConn struct {
	mu      sync.Mutex
	conn    net.Conn
	framer  *http2.Framer // writes to out
	out     bytes.Buffer
	streams []frameStream
	windows map[uint32]int64 // send windows (RFC 9113, section 5.2); 0 is the connection's
	initial int64            // of a stream
	buf     []byte
}

type frameStream struct {
	id  uint32
	own bool // it gets the time of its own write
}

func serveFrames(l net.Listener, apart bool) (*frameStreams, error) {
	s := &frameStreams{apart: apart}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := &frameConn{conn: conn, windows: map[uint32]int64{0: 65535}, initial: 65535}
			go s.read(c)
		}
	}()
	return s, nil
}

// read serves a connection until it ends.
func (s *frameStreams) read(c *frameConn) {
	defer c.conn.Close()
	r := bufio.NewReader(c.conn)
	if _, err := io.ReadFull(r, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	c.framer = http2.NewFramer(&c.out, r)
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.framer.SetReuseFrames()
	c.mu.Lock()
	c.framer.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: mostStreams})
	c.mu.Unlock()
	s.mu.Lock()
	s.conns = append(s.conns, c)
	s.mu.Unlock()
	for {
		if r.Buffered() == 0 && c.flush() != nil {
			return
		}
		f, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.take(f)
		c.mu.Unlock()
	}
}

// flush writes the answers to what was read.
func (c *frameConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.conn.Write(c.out.Bytes())
	c.out.Reset()
	return err
}

// take handles one frame.
func (c *frameConn) take(f http2.Frame) {
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			return
		}
		if v, ok := f.Value(http2.SettingInitialWindowSize); ok {
			for id := range c.windows {
				if id != 0 {
					c.windows[id] += int64(v) - c.initial
				}
			}
			c.initial = int64(v)
		}
		c.framer.WriteSettingsAck()
	case *http2.PingFrame:
		if !f.IsAck() {
			c.framer.WritePing(true, f.Data)
		}
	case *http2.WindowUpdateFrame:
		c.windows[f.StreamID] += int64(f.Increment)
	case *http2.MetaHeadersFrame:
		c.streams = append(c.streams, frameStream{f.StreamID, strings.HasSuffix(f.PseudoValue("path"), exact)})
		c.windows[f.StreamID] += c.initial
		var block bytes.Buffer
		e := hpack.NewEncoder(&block)
		e.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
		e.WriteField(hpack.HeaderField{Name: "content-type", Value: "text/event-stream"})
		e.WriteField(hpack.HeaderField{Name: "cache-control", Value: "no-store"})
		c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: f.StreamID, BlockFragment: block.Bytes(), EndHeaders: true})
	case *http2.RSTStreamFrame:
		c.streams = slices.DeleteFunc(c.streams, func(s frameStream) bool { return s.id == f.StreamID })
	}
}

// broadcast implements broadcaster.
func (s *frameStreams) broadcast(t *text) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.begin()
	kept := s.conns[:0]
	for _, c := range s.conns {
		gone, err := c.broadcast(t, s.apart)
		if err != nil {
			return err
		}
		if !gone {
			kept = append(kept, c)
		}
	}
	s.conns = kept
	return nil
}

// broadcast writes the text to all streams of the connection; gone: the client left. A window that is too small is an error of the
// bench: no client may be spared work by it.
func (c *frameConn) broadcast(t *text, apart bool) (gone bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = c.buf[:0]
	for _, stream := range c.streams {
		for _, w := range [...]uint32{0, stream.id} {
			if c.windows[w] -= int64(len(t.shared)); c.windows[w] < 0 {
				return false, fmt.Errorf("the flow-control window of stream %d is used up: this server does not wait for it", w)
			}
		}
		if apart {
			c.buf = appendData(c.buf[:0], stream, t)
			if c.write() != nil {
				return true, nil
			}
			continue
		}
		c.buf = appendData(c.buf, stream, t)
	}
	return !apart && len(c.buf) > 0 && c.write() != nil, nil
}

func (c *frameConn) write() error {
	c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err := c.conn.Write(c.buf)
	return err
}

// appendData appends a DATA frame (RFC 9113, section 6.1).
func appendData(b []byte, s frameStream, t *text) []byte {
	n, id := len(t.shared), s.id
	b = append(b, byte(n>>16), byte(n>>8), byte(n), byte(http2.FrameData), 0, byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	return append(b, t.bytes(s.own)...)
}
