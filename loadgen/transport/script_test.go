package transport

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// peer is a server's end of a connection in a test.
type peer struct {
	net.Conn
	t       *testing.T
	in      *bufio.Reader
	n       int // which connection of the server it is, from 0
	request string
	body    string
}

// next reads a request and keeps its head, as it came, and its body.
func (p *peer) next() bool {
	var head strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			return false
		}
		if line == "\r\n" {
			break
		}
	}
	p.request, p.body = head.String(), ""
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(p.request)))
	if err != nil {
		p.t.Errorf("the request is malformed: %v\n%s", err, p.request)
		return false
	}
	if r.ContentLength > 0 {
		b := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(p.in, b); err != nil {
			return false
		}
		p.body = string(b)
	}
	return true
}

// say writes; it is no mistake if the client has gone.
func (p *peer) say(s string) { io.WriteString(p.Conn, s) }

// gone waits until the client closes, and tells whether it did so with a reset.
func (p *peer) gone() error {
	_, err := io.Copy(io.Discard, p.in)
	return err
}

// script serves each connection with a function of its own goroutine, and closes it when that returns. It gives the server's URL.
func script(t *testing.T, serve func(p *peer)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + scriptOn(t, l, serve)
}

func scriptOn(t *testing.T, l net.Listener, serve func(p *peer)) (address string) {
	var wait sync.WaitGroup
	var n atomic.Int32
	var mu sync.Mutex
	var open []net.Conn
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			p := &peer{Conn: c, t: t, in: bufio.NewReader(c), n: int(n.Add(1)) - 1}
			wait.Go(func() {
				defer c.Close()
				serve(p)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wait.Wait()
	})
	return l.Addr().String()
}

// answer serves one request a connection with fixed bytes and waits for the client to close.
func answer(t *testing.T, response string) string {
	return script(t, func(p *peer) {
		if p.next() {
			p.say(response)
		}
	})
}
