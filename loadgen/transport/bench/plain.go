package main

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// responseHead opens every stream over HTTP/1.1.
const responseHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"

// plainStreams is a list of sockets and a loop of write(2) over it: the cheapest server there is, so that what a client costs the server
// can be seen.
type plainStreams struct {
	mu      sync.Mutex
	streams []plainStream
}

type plainStream struct {
	fd  int32
	own bool // it gets the time of its own write
}

// servePlain accepts on a thread of its own, with epoll and no goroutine for a connection.
func servePlain(l *net.TCPListener) (*plainStreams, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	listener := -1
	if controlErr := raw.Control(func(fd uintptr) { listener, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); controlErr != nil {
		return nil, controlErr
	}
	if err != nil {
		return nil, err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, listener, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(listener)}); err != nil {
		return nil, err
	}
	s := new(plainStreams)
	go s.accept(epoll, listener)
	return s, nil
}

// accept takes connections and answers their requests. A socket whose request is there leaves the epoll set for good.
func (s *plainStreams) accept(epoll, listener int) {
	runtime.LockOSThread()
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 16<<10)
	for {
		n, err := unix.EpollWait(epoll, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			panic(fmt.Sprintf("epoll_wait: %v", err))
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			if fd != listener {
				s.answer(epoll, fd, buf)
				continue
			}
			for range 64 {
				c, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
				if err != nil {
					break
				}
				unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, c, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c)})
			}
		}
	}
}

// answer opens a stream once its request is complete: the request stays in the socket until then.
func (s *plainStreams) answer(epoll, fd int, buf []byte) {
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_PEEK)
	if err == nil && n > 0 && !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
		return
	}
	unix.EpollCtl(epoll, unix.EPOLL_CTL_DEL, fd, nil)
	if err == nil {
		n, err = unix.Read(fd, buf)
	}
	if err != nil || n == 0 {
		unix.Close(fd)
		return
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	unix.Write(fd, []byte(responseHead))
	s.mu.Lock()
	s.streams = append(s.streams, plainStream{int32(fd), bytes.Contains(buf[:n], []byte(exact))})
	s.mu.Unlock()
}

// broadcast implements broadcaster. A stream whose client left is closed.
func (s *plainStreams) broadcast(t *text) error {
	t.chunk()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.begin()
	kept := s.streams[:0]
	for _, stream := range s.streams {
		if writeAll(int(stream.fd), t.bytes(stream.own)) {
			kept = append(kept, stream)
		} else {
			unix.Close(int(stream.fd))
		}
	}
	s.streams = kept
	return nil
}

// writeAll writes b, waiting for room where there is none; false: the client is gone.
func writeAll(fd int, b []byte) bool {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch errno {
		case 0:
			if b = b[n:]; len(b) == 0 {
				return true
			}
		case unix.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 10_000)
		case unix.EINTR:
		default:
			return false
		}
	}
}
