package reference

import (
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for the lane's sockets and for commands. Sockets are watched
// edge-triggered for departures and for room to write. What a WebSocket sends is
// read; what other clients send after their request never is.
type poller struct {
	epoll  int
	bell   int
	events []unix.EpollEvent
	socks  []*subscriber // by descriptor
}

func newPoller() (*poller, error) {
	p := &poller{events: make([]unix.EpollEvent, 256)}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(p.epoll)
		return nil, err
	}
	if err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(p.bell)}); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// wake makes a wait return, now or the next one.
func (p *poller) wake() {
	one := [8]byte{1}
	// It fails only when the counter is full, and then the bell rings anyway.
	_, _ = unix.Write(p.bell, one[:])
}

// wait calls ready for each socket with news, at most d later (negative: no
// limit). Whole milliseconds, rounded up: nothing may be sent too early.
func (p *poller) wait(d time.Duration, ready func(s *subscriber, events uint32)) {
	ms := -1
	if d >= 0 {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.epoll, p.events, ms)
	if err != nil { // EINTR
		return
	}
	for _, ev := range p.events[:n] {
		if int(ev.Fd) == p.bell {
			var count [8]byte
			_, _ = unix.Read(p.bell, count[:])
			continue
		}
		if s := p.socks[ev.Fd]; s != nil {
			ready(s, ev.Events)
		}
	}
}

// writable waits until a socket takes bytes, at most d.
func (p *poller) writable(fd int32, d time.Duration) {
	if fd < 0 {
		time.Sleep(d)
		return
	}
	_, _ = unix.Poll([]unix.PollFd{{Fd: fd, Events: unix.POLLOUT}}, int(d.Milliseconds()))
}

func (p *poller) add(fd int32, s *subscriber) bool {
	for int(fd) >= len(p.socks) {
		p.socks = append(p.socks, nil)
	}
	p.socks[fd] = s
	events := uint32(unix.EPOLLOUT | unix.EPOLLRDHUP | 1<<31) // EPOLLET, which the package has as a negative number
	if s.form != formStream {
		events |= unix.EPOLLIN
	}
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: events, Fd: fd}) == nil
}

func (p *poller) closeSocket(fd int32) {
	p.socks[fd] = nil
	closeSocket(fd)
}

func closeSocket(fd int32) { unix.Close(int(fd)) }

func (p *poller) close() {
	unix.Close(p.bell)
	unix.Close(p.epoll)
}
