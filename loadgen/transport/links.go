package transport

import (
	"net"
	"sync"
	"sync/atomic"
)

// links knows the sockets of the engine of goroutines and what those carried that are closed.
type links struct {
	mu   sync.Mutex
	wire wire
	open map[*tcpConn]struct{}
}

// tcpConn is a TCP connection of the engine of goroutines.
type tcpConn struct {
	*net.TCPConn
	links *links
	how   atomic.Uint32 // the manner in which it will be closed
}

// add takes a new connection.
func (l *links) add(c *net.TCPConn) *tcpConn {
	s := &tcpConn{TCPConn: c, links: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = make(map[*tcpConn]struct{})
	}
	l.open[s] = struct{}{}
	return s
}

// Close implements net.Conn.
func (s *tcpConn) Close() error {
	s.links.mu.Lock()
	if _, open := s.links.open[s]; open {
		delete(s.links.open, s)
		s.descriptor(func(fd int32) { s.links.wire.last(fd, manner(s.how.Load())) })
	}
	s.links.mu.Unlock()
	return s.TCPConn.Close()
}

// resetOnClose lets Close send RST.
func (s *tcpConn) resetOnClose() {
	s.how.Store(uint32(byRST))
	s.SetLinger(0)
}

// descriptor calls f with the socket's descriptor, unless it is closed.
func (s *tcpConn) descriptor(f func(fd int32)) {
	if raw, err := s.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { f(int32(fd)) })
	}
}

// stalled reports whether what waits in a socket fills its receive buffer.
func (l *links) stalled() (stalled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.open {
		s.descriptor(func(fd int32) { stalled = stalled || isHalfFull(fd) })
	}
	return stalled
}

// weigh gives what all sockets have carried, those that are closed too.
func (l *links) weigh() carriage {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := l.wire.closed
	for s := range l.open {
		s.descriptor(func(fd int32) { sum.add(l.wire.read(fd)) })
	}
	return sum
}
