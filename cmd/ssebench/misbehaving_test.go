package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// misbehaving is a server over raw sockets that is wrong in one way. What is published with POST /publish goes to all who read; with
// emits it sends by itself: a time in milliseconds and a number, ten times a second.
type misbehaving struct {
	way      way
	emits    bool
	listener net.Listener

	mu      sync.Mutex
	readers map[chan string]bool
	calls   int // of the hook
	streams int
}

// way is how a server misbehaves. A field that is nil leaves that part as it should be.
type way struct {
	// answer takes the whole of a request for a stream; nil: 200, chunked, and then stream.
	answer func(c *served)
	// stream writes what was published on a stream whose head is out, until it gives up.
	stream func(c *served)
	// alter changes what is published on its way to the streams: none, one or several events.
	alter func(n int, data string) []string
	// hook answers a call of the hook, and says whether the event is delivered.
	hook func(s *misbehaving, call int, c net.Conn) (deliver bool)
	// skew is what the server's clock is ahead.
	skew time.Duration
	// frame makes an event of data; nil: a line of data.
	frame func(data string) string
}

// served is a request that is being answered.
type served struct {
	net.Conn
	s      *misbehaving
	number int    // of the stream, from 1
	key    string // of the opening handshake of a WebSocket
	events chan string
	begun  time.Time
}

func serveMisbehaving(t *testing.T, w way, emits bool) *misbehaving {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &misbehaving{way: w, emits: emits, listener: l, readers: make(map[chan string]bool)}
	var all sync.WaitGroup
	ended := make(chan struct{})
	var conns sync.Map
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(c, true)
			all.Go(func() { defer c.Close(); s.serve(c) })
		}
	})
	if emits {
		all.Go(func() { s.emit(ended) })
	}
	t.Cleanup(func() {
		close(ended)
		l.Close()
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		s.mu.Lock()
		for reader := range s.readers {
			close(reader)
		}
		s.readers = nil
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

func (s *misbehaving) emit(ended chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ended:
			return
		case now := <-tick.C:
			s.broadcast(n, fmt.Sprintf(`{"t":%d,"n":%d}`, now.Add(s.way.skew).UnixMilli(), n))
		}
	}
}

// broadcast hands what is published to all who read, as far as they have room.
func (s *misbehaving) broadcast(n int, data string) {
	all := []string{data}
	if s.way.alter != nil {
		all = s.way.alter(n, data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for reader := range s.readers {
		for _, d := range all {
			select {
			case reader <- d:
			default:
			}
		}
	}
}

func (s *misbehaving) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if r.URL.Path != "/publish" {
			s.subscribe(c, r)
			return
		}
		s.mu.Lock()
		s.calls++
		call := s.calls
		s.mu.Unlock()
		deliver := true
		if s.way.hook != nil {
			deliver = s.way.hook(s, call, c)
		} else {
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
		if deliver {
			s.broadcast(call, string(body))
		}
	}
}

func (s *misbehaving) subscribe(c net.Conn, r *http.Request) {
	s.mu.Lock()
	if s.readers == nil {
		s.mu.Unlock()
		return
	}
	s.streams++
	to := &served{Conn: c, s: s, number: s.streams, key: r.Header.Get("Sec-WebSocket-Key"), events: make(chan string, 1000), begun: time.Now()}
	s.readers[to.events] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.readers, to.events)
		s.mu.Unlock()
	}()
	if s.way.answer != nil {
		s.way.answer(to)
		return
	}
	to.head("text/event-stream")
	to.goOn()
}

// goOn streams as the way does, or as it should be.
func (c *served) goOn() {
	if c.s.way.stream != nil {
		c.s.way.stream(c)
		return
	}
	c.until(time.Hour)
}

func (c *served) say(format string, args ...any) { _, _ = fmt.Fprintf(c, format, args...) }

func (c *served) head(kind string) {
	c.say("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n", kind)
}

func (c *served) chunk(text string) { c.say("%x\r\n%s\r\n", len(text), text) }

// until sends events for as long after the beginning.
func (c *served) until(limit time.Duration) {
	over := time.NewTimer(time.Until(c.begun.Add(limit)))
	defer over.Stop()
	for {
		select {
		case data, ok := <-c.events:
			if !ok {
				return
			}
			frame := "data: " + data + "\n\n"
			if c.s.way.frame != nil {
				frame = c.s.way.frame(data)
			}
			c.chunk(frame)
		case <-over.C:
			return
		}
	}
}

// held keeps the connection open without a word, until the client leaves.
func (c *served) held() { _, _ = io.Copy(io.Discard, c) }

func (c *served) reset() {
	_ = c.Conn.(*net.TCPConn).SetLinger(0) // the close that follows is a reset
}

// aSecondLater gives a stream that is as it should be for a second and then does something.
func aSecondLater(then func(c *served)) func(c *served) {
	return func(c *served) { c.until(time.Second); then(c) }
}

// says gives an answer of a text, after which the connection closes.
func says(text string) func(c *served) {
	return func(c *served) { c.say("%s", strings.ReplaceAll(text, "\n", "\r\n")) }
}

// hookAnswers gives a hook that answers a text and delivers.
func hookAnswers(text string, deliver bool) func(*misbehaving, int, net.Conn) bool {
	return func(_ *misbehaving, _ int, c net.Conn) bool {
		_, _ = io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n"))
		return deliver
	}
}

func encoded(_ int, data string) []string {
	return []string{base64.StdEncoding.EncodeToString([]byte(data))}
}
