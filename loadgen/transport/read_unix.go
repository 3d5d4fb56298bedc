//go:build unix

package transport

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// poller reads from the socket itself, so that an idle connection holds no buffer.
func (c *conn) attach(s *stream) error {
	c.reader = s
	if c.meter != nil || c.raw != nil {
		return nil
	}
	raw, err := c.tcp.SyscallConn()
	if err != nil {
		return err
	}
	c.raw, c.step = raw, c.poll
	return nil
}

// read reads until the response is complete or the connection fails.
func (c *conn) read() error {
	if c.raw == nil {
		return c.readBuffered()
	}
	c.err = nil
	if err := c.raw.Read(c.step); err != nil {
		return err
	}
	return c.err
}

// take reads once and has it parsed, with the lane held. The error is the parser's where something was read.
func (c *conn) take(fd uintptr, most int) (n int, err error) {
	s, l := c.reader, c.reader.lane
	l.Hold()
	defer l.Release()
	n, err = unix.Read(int(fd), l.buffer[:most])
	at := time.Now()
	if n > 0 {
		l.count(&traffic{received: int64(n)})
		err = s.parser.feed(l.buffer[:n], at, s)
	}
	return n, err
}

// poll reads what is there. It answers false to be called again when there is more. The lane is held for one read at a time.
func (c *conn) poll(fd uintptr) (finished bool) {
	s := c.reader
	l := s.lane
	for {
		most := s.allow(len(l.buffer), func() bool { return broken(int(fd)) })
		n, err := c.take(fd, most)
		if n > 0 {
			if said := s.reply(c); err == nil {
				err = said
			}
			if err != nil || s.parser.done() {
				c.err = err
				return true
			}
			continue
		}
		switch err {
		case nil:
			c.err = io.EOF
			return true
		case unix.EAGAIN:
			return false
		case unix.EINTR:
		default:
			c.err = os.NewSyscallError("read", err)
			return true
		}
	}
}

// alive tells whether the peer left a kept connection as it was.
func (c *conn) alive() bool {
	raw, err := c.tcp.SyscallConn()
	if err != nil {
		return false
	}
	ok := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		// Under TLS bytes can be a session ticket; in cleartext nobody asked for them.
		ok = err == unix.EAGAIN || n > 0 && c.meter != nil
		return true
	})
	return err == nil && ok
}

// broken says whether the peer reset the connection.
func broken(fd int) bool {
	polled := []unix.PollFd{{Fd: int32(fd)}}
	n, err := unix.Poll(polled, 0)
	return err == nil && n > 0 && polled[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}
