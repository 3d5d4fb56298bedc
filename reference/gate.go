package reference

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// gate is the listener. It can stop listening for a while and then take the
// same address again, and it puts our own words into the mouth of net/http
// where that answers a broken request by itself.
type gate struct {
	mu       sync.Mutex
	opened   sync.Cond
	listener net.Listener // nil while it is shut
	addr     net.Addr
	closed   bool
}

func newGate(l net.Listener) *gate {
	g := &gate{listener: l, addr: l.Addr()}
	g.opened.L = &g.mu
	return g
}

func (g *gate) Addr() net.Addr { return g.addr }

func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		for g.listener == nil && !g.closed {
			g.opened.Wait()
		}
		l := g.listener
		g.mu.Unlock()
		if l == nil {
			return nil, net.ErrClosed
		}
		conn, err := l.Accept()
		if err == nil {
			if c, ok := conn.(*net.TCPConn); ok {
				return &caller{TCPConn: c}, nil
			}
			return conn, nil
		}
		g.mu.Lock()
		shut := g.listener != l && !g.closed
		g.mu.Unlock()
		if !shut {
			return nil, err
		}
	}
}

func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.opened.Broadcast()
	if g.listener == nil {
		return nil
	}
	err := g.listener.Close()
	g.listener = nil
	return err
}

// shut refuses connections until reopen.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil && !g.closed {
		g.listener.Close()
		g.listener = nil
	}
}

func (g *gate) reopen() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.listener != nil {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", g.addr.String())
	if err != nil {
		return err
	}
	g.listener = l
	g.opened.Broadcast()
	return nil
}

// caller is a client's connection below net/http, in clear text or below TLS.
type caller struct {
	*net.TCPConn
	mu      sync.Mutex
	spoke   bool // something was written
	heard   bool // something was read
	overdue bool // a read ran into its deadline
}

func (c *caller) tcp() *net.TCPConn { return c.TCPConn }

func (c *caller) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = c.heard || n > 0
	c.overdue = c.overdue || errors.Is(err, os.ErrDeadlineExceeded)
	return n, err
}

// ownWords ends the head of the answers that net/http gives without asking a
// handler: to a broken request line or header, or to one that is too large.
var ownWords = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

func (c *caller) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.spoke = true
	c.mu.Unlock()
	if len(b) < 512 && bytes.HasPrefix(b, []byte("HTTP/1.1 ")) {
		if head, text, ok := bytes.Cut(b, ownWords); ok && bytes.IndexByte(head, '\n') < 0 {
			token := "bad_request"
			if bytes.HasPrefix(head, []byte("HTTP/1.1 431")) {
				token = "header_limit"
			}
			if _, err := c.TCPConn.Write(bareAnswer(string(head[len("HTTP/1.1 "):]), token, string(text))); err != nil {
				return 0, err
			}
			return len(b), nil
		}
	}
	return c.TCPConn.Write(b)
}

// Close tells a client that was too slow with its request why it is left.
func (c *caller) Close() error {
	c.mu.Lock()
	slow := c.heard && c.overdue && !c.spoke
	c.spoke = true
	c.mu.Unlock()
	if slow {
		// A client that does not read this either changes nothing.
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.TCPConn.Write(bareAnswer("408 Request Timeout", "header_timeout", "the request's header took too long"))
	}
	return c.TCPConn.Close()
}

// bareAnswer is a whole answer of one JSON line, without net/http.
func bareAnswer(status, token, message string) []byte {
	line := append([]byte(`{"error":"`+token+`","message":`), quoteJSON(message)...)
	line = append(line, "}\n"...)
	return append([]byte("HTTP/1.1 "+status+"\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"), line...)
}
