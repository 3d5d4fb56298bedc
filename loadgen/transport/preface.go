package transport

import (
	"bytes"
	"context"
	"net"
	"sync"
)

// preface watches the beginning of an HTTP/2 connection: until the server's SETTINGS are in force nobody knows how many streams
// it takes, and those beyond would wait without end. net/http does not tell when they are, but it acknowledges them at that moment
// (RFC 9113 section 6.5.3).
type preface struct {
	net.Conn
	settled chan struct{} // the acknowledgement was written
	closed  chan struct{}
	settle  sync.Once
	close   sync.Once
	asked   bool    // for a client certificate, in the TLS handshake
	answer  [5]byte // how the server began
	read    int
}

// settingsAck is a SETTINGS frame with the flag ACK.
var settingsAck = []byte{0, 0, 0, 4, 1, 0, 0, 0, 0}

func newPreface(c net.Conn, asked bool) *preface {
	return &preface{Conn: c, asked: asked, settled: make(chan struct{}), closed: make(chan struct{})}
}

// Read is called by one goroutine of net/http.
func (p *preface) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if p.read < len(p.answer) {
		p.read += copy(p.answer[p.read:], b[:n])
	}
	return n, err
}

func (p *preface) Write(b []byte) (int, error) {
	select {
	case <-p.settled:
	default:
		if bytes.Contains(b, settingsAck) {
			defer p.settle.Do(func() { close(p.settled) })
		}
	}
	return p.Conn.Write(b)
}

// Close is called by net/http from the goroutine that reads, or by us before there is one or after it ended.
func (p *preface) Close() error {
	p.close.Do(func() { close(p.closed) })
	return p.Conn.Close()
}

// wait waits for the server's SETTINGS.
func (p *preface) wait(ctx context.Context) error {
	select {
	case <-p.settled:
		return nil
	case <-ctx.Done():
		return fail(tokenHTTP2, "the server sent no SETTINGS frame: it does not speak HTTP/2")
	case <-p.closed:
	}
	select {
	case <-p.settled:
		return nil
	default:
	}
	if string(p.answer[:]) == "HTTP/" {
		return fail(tokenHTTP2, "the server answered in HTTP/1: it does not speak HTTP/2 here")
	}
	f := fail(tokenHTTP2, "the server closed the connection before its SETTINGS frame: it does not speak HTTP/2 here")
	if p.asked && p.read == 0 {
		return certificateRequired(f)
	}
	return f
}
