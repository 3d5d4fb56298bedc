package transport

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// link is a secure connection that a test drives with a little poll loop of its own, in place of an event loop.
type link struct {
	t      testing.TB
	fd     int32
	secure *secure
	state  tls.ConnectionState
	step   int // bytes fed at a time; 0: all that was read
	got    bytes.Buffer
	buffer []byte
}

// shaker makes handshakes for links. By default it has no sessions, so that every connection is free to use our own record layer.
func shaker(t testing.TB, c *tls.Config) *handshaker {
	t.Helper()
	tr, err := New(Config{Engine: EngineGoroutines, TLS: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return &handshaker{tr}
}

// connected gives a non-blocking socket that is connected to the address.
func connected(t testing.TB, address string) int32 {
	t.Helper()
	fd, err := connectSocket(netip.MustParseAddrPort(address), netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	awaitSocket(t, fd, unix.POLLOUT)
	if err := socketError(fd); err != nil {
		t.Fatal(err)
	}
	return fd
}

func awaitSocket(t testing.TB, fd int32, events int16) {
	t.Helper()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: fd, Events: events}}, int(20*time.Second/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			t.Fatalf("the socket did not become ready: %v", err)
		}
		return
	}
}

// dialLink connects and shakes hands.
func dialLink(t testing.TB, h *handshaker, address string, resume bool) *link {
	t.Helper()
	l := &link{t: t, fd: connected(t, address), buffer: make([]byte, laneBufferSize)}
	t.Cleanup(l.close)
	var err error
	l.secure, l.state, _, _, err = h.handshake(int(l.fd), "sse.example", resume, time.Now().Add(20*time.Second), nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *link) close() {
	if l.fd != noSocket {
		unix.Close(int(l.fd))
		l.fd = noSocket
	}
}

// ours tells whether our own record layer has the connection.
func (l *link) ours() bool {
	_, ok := l.secure.recordLayer.(*records)
	return ok
}

func (l *link) plain(b []byte) error {
	l.got.Write(b)
	return nil
}

// read reads once, and feeds it step by step.
func (l *link) read() error {
	l.t.Helper()
	awaitSocket(l.t, l.fd, unix.POLLIN)
	n, err := unix.Read(int(l.fd), l.buffer)
	if err != nil {
		return err
	}
	if n == 0 {
		return io.EOF
	}
	step := l.step
	if step == 0 {
		step = n
	}
	for b := l.buffer[:n]; len(b) > 0; {
		m := min(step, len(b))
		if err := l.secure.open(b[:m], l); err != nil {
			return err
		}
		b = b[m:]
		l.send(l.secure.pending(nil))
	}
	return nil
}

// until reads until the text has come.
func (l *link) until(text string) {
	l.t.Helper()
	for !bytes.Contains(l.got.Bytes(), []byte(text)) {
		if err := l.read(); err != nil {
			l.t.Fatalf("%v before %.40q; so far %d bytes, %.200q", err, text, l.got.Len(), l.got.String())
		}
	}
}

// untilEnd reads until the connection ends.
func (l *link) untilEnd() error {
	l.t.Helper()
	for {
		if err := l.read(); err != nil {
			return err
		}
	}
}

func (l *link) say(text string) {
	l.t.Helper()
	b, err := l.secure.seal(nil, []byte(text))
	if err != nil {
		l.t.Fatal(err)
	}
	l.send(b)
}

func (l *link) send(b []byte) {
	l.t.Helper()
	for len(b) > 0 {
		awaitSocket(l.t, l.fd, unix.POLLOUT)
		n, errno := sendSocket(l.fd, b)
		if errno != 0 {
			l.t.Fatal(errno)
		}
		b = b[n:]
	}
}
