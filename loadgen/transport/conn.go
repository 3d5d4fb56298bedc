package transport

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"

	"ssebench/loadgen"
)

// conn is an HTTP/1.1 connection of one stream.
type conn struct {
	net.Conn                 // what HTTP is spoken on: the TCP connection, or TLS over it
	meter    *meter          // under TLS
	raw      syscall.RawConn // without TLS, on unix
	tcp      *tcpConn
	origin   string
	asked    bool    // for a client certificate, and has not answered yet
	reader   *stream // whose goroutine reads
	step     func(fd uintptr) bool
	err      error // that ended the reading
}

// wake implements waker: the goroutine finds out how the stream was cut, and closes the connection accordingly.
func (c *conn) wake(loadgen.Cut) { c.SetDeadline(longAgo) }

// reset closes the connection so that the peer sees RST.
func (c *conn) reset() {
	c.tcp.resetOnClose()
	c.tcp.Close()
}

// flush counts what crossed the wire since the last time. The lane must be held.
func (c *conn) flush(l *lane) {
	if c.meter != nil {
		c.meter.flush(l)
	}
}

// meter counts the bytes of a connection below TLS or HTTP/2.
type meter struct {
	net.Conn
	received, sent       atomic.Int64
	tlsReceived, tlsSent atomic.Int64 // of these, what TLS adds; a flight that is not decrypted yet counts as TLS until it is
	secure               bool         // TLS is above
	ended                bool         // the peer closed the connection; to be read by who reads
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	m.received.Add(int64(n))
	if m.secure {
		m.tlsReceived.Add(int64(n))
	}
	m.ended = m.ended || err == io.EOF
	return n, err
}

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.Conn.Write(b)
	m.sent.Add(int64(n))
	if m.secure {
		m.tlsSent.Add(int64(n))
	}
	return n, err
}

// flush counts what crossed the wire since the last time. The lane must be held.
func (m *meter) flush(l *lane) {
	l.count(&traffic{
		received: m.received.Swap(0), sent: m.sent.Swap(0), tlsReceived: m.tlsReceived.Swap(0), tlsSent: m.tlsSent.Swap(0),
	})
}

// carried is a TLS connection above a meter, which learns of what TLS carried.
type carried struct {
	net.Conn
	meter *meter
}

func (c *carried) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.meter.tlsReceived.Add(-int64(n))
	return n, err
}

func (c *carried) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.meter.tlsSent.Add(-int64(n))
	return n, err
}
