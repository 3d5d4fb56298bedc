package reference

import (
	"net"
	"net/http"
	"unsafe"

	"golang.org/x/sys/unix"
)

// onSockets says that streams over HTTP/1.1 in clear text are written by the
// lanes themselves.
const onSockets = true

// takeSocket takes the connection of a request from net/http: a descriptor of
// its own of the same socket, and no goroutine, buffer or net.Conn behind it.
func takeSocket(w http.ResponseWriter) (fd int32, err error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return -1, err
	}
	tcp := conn.(interface{ tcp() *net.TCPConn }).tcp()
	defer tcp.Close() // no FIN: the socket lives on in fd
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd = -1
	if cerr := raw.Control(func(old uintptr) {
		var n int
		n, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
		fd = int32(n)
	}); cerr != nil {
		return -1, cerr
	}
	return fd, err
}

// nonBlocking returns a write to the connection that never waits; it tells how
// many bytes the kernel took.
func nonBlocking(nc net.Conn) func(b []byte) int {
	c, ok := nc.(interface{ tcp() *net.TCPConn })
	if !ok {
		return nil
	}
	raw, err := c.tcp().SyscallConn()
	if err != nil {
		return nil
	}
	var b []byte
	var n int
	attempt := func(fd uintptr) bool {
		n, _ = write(int32(fd), b)
		return true
	}
	return func(bytes []byte) int {
		b, n = bytes, 0
		// An error shows in the writer's next attempt, or in the reader's.
		_ = raw.Write(attempt)
		b = nil
		return n
	}
}

// vector is a run of events as the kernel takes it.
type vector struct{ iov []unix.Iovec }

func (v *vector) set(evs []*event, f form) {
	v.iov = v.iov[:0]
	if len(evs) > 1 {
		for _, ev := range evs {
			v.add(ev.wire(f))
		}
	}
}

func (v *vector) add(b []byte) {
	if len(b) > 0 {
		iov := unix.Iovec{Base: &b[0]}
		iov.SetLen(len(b))
		v.iov = append(v.iov, iov)
	}
}

// The writes go around the scheduler's bookkeeping of system calls: the
// sockets never block, and the bookkeeping would cost a tenth of the write.

func write(fd int32, b []byte) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if errno == 0 {
			return int(n), 0
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}

func writev(fd int32, iov []unix.Iovec) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov[0])), uintptr(len(iov)))
		if errno == 0 {
			return int(n), 0
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}

// ready is the poller's news of a socket.
func (l *lane) ready(s *subscriber, events uint32) {
	left := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	switch {
	case s.form != formStream && events&unix.EPOLLIN != 0: // its last words come before its end
		l.unheard = append(l.unheard, unheard{s, left})
	case left:
		l.leave(s)
		return
	}
	s.flags &^= flagFull
	if s.queue != nil {
		l.mark(s)
	}
}

// sendSocket writes the lane's run to a subscriber for whom nothing waits. It
// says no where the run has to queue.
func (l *lane) sendSocket(s *subscriber) bool {
	if s.queue != nil || s.head != nil || s.is(flagPlain) {
		return false
	}
	var n int
	var errno unix.Errno
	row := l.run.in(s.form)
	if len(l.run.evs) == 1 {
		n, errno = write(s.fd, l.run.evs[0].wire(s.form))
	} else {
		n, errno = writev(s.fd, row.vec.iov)
	}
	if errno == unix.EAGAIN {
		s.flags |= flagFull
		return false
	}
	if errno != 0 {
		l.leave(s)
		return true
	}
	if n == row.bytes {
		l.sent += uint64(len(l.run.evs))
		return true
	}
	for _, ev := range l.run.evs {
		if size := len(ev.wire(s.form)); n >= size {
			n -= size
			l.sent++
			continue
		}
		ev.hold(1)
		if !l.queue(s, delivery{ev: ev}) {
			return true
		}
		if n > 0 {
			s.written, n = int32(n), 0
		}
	}
	return true
}

// flushSocket writes what is queued, several deliveries in one call, until the
// socket takes no more.
func (l *lane) flushSocket(s *subscriber) {
	for s.flags&(flagStalled|flagFull) == 0 && (len(s.queue) > 0 || s.head != nil && !s.is(flagHeld)) {
		l.vec.iov = l.vec.iov[:0]
		if s.head != nil {
			l.vec.add(s.head.bytes)
		}
		n := 0
		skip := int(s.written)
		for n < len(s.queue) && len(l.vec.iov) < runLimit {
			d := &s.queue[n]
			if d.act != actSend && n > 0 {
				break
			}
			l.vec.add(s.wire(d)[skip:])
			skip = 0
			n++
			if d.act != actSend {
				break
			}
		}
		var wrote int
		if len(l.vec.iov) > 0 {
			var errno unix.Errno
			wrote, errno = writev(s.fd, l.vec.iov)
			if errno == unix.EAGAIN {
				s.flags |= flagFull
				return
			}
			if errno != 0 {
				l.leave(s)
				return
			}
		}
		if !l.wrote(s, wrote, n) {
			return
		}
	}
}

// wire returns what goes to the socket for d. Bytes of the subscriber's own
// get their frame here.
func (s *subscriber) wire(d *delivery) []byte {
	if s.form != formStream {
		return s.form.message(d)
	}
	if d.act == actEnd && !s.is(flagPlain) {
		return lastChunk
	}
	if d.ev == nil {
		if len(d.b) == 0 {
			return nil
		}
		d.ev, d.b = notice(d.b), nil
	}
	if s.is(flagPlain) {
		return d.ev.stream()
	}
	return d.ev.chunk()
}

var lastChunk = []byte("0\r\n\r\n")

// wrote takes wrote bytes, of the head and the first n deliveries, off the
// queue, and acts where a delivery asks for it. It says false when the stream
// has ended or stands still.
func (l *lane) wrote(s *subscriber, wrote, n int) bool {
	if s.head != nil {
		if wrote < len(s.head.bytes) {
			s.head.bytes = s.head.bytes[wrote:]
			return true
		}
		wrote -= len(s.head.bytes)
		s.head = nil
	}
	whole := 0
	last := actSend
	for whole < n {
		d := &s.queue[whole]
		left := len(s.wire(d)) - int(s.written)
		if wrote < left {
			s.written += int32(wrote)
			break
		}
		wrote -= left
		s.written = 0
		last = d.act
		whole++
		l.sent++
	}
	s.mu.Lock()
	s.done(whole)
	s.mu.Unlock()
	switch last {
	case actEnd, actCut:
		l.leave(s)
		return false
	case actReset:
		_ = unix.SetsockoptLinger(int(s.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		l.leave(s)
		return false
	case actHalf:
		_ = unix.Shutdown(int(s.fd), unix.SHUT_WR)
		s.flags |= flagStalled
		return false
	case actStall:
		s.flags |= flagStalled
		return false
	}
	return true
}
