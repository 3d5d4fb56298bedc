package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// epollLoop is the least that a client can do: one thread, blocking epoll_wait, read(2) into one buffer for all its streams, the stamp
// of each data line, a histogram. It understands no chunks (their sizes are lines that are no data), no events, and no header.
type epollLoop struct {
	tally   *tally
	shard   *tallyShard
	fd      int
	to      unix.SockaddrInet4
	request func(stream int) []byte
	streams []epollStream
	buf     []byte
	begun   int // streams
	open    int
	opened  func()
}

// epollStream is what a stream needs between reads.
type epollStream struct {
	fd      int32
	open    bool
	partial []byte // a line that a read ended in
}

// openEpoll starts a loop for each processor.
func openEpoll(c *clientConfig, t *tally, opened func()) error {
	address, err := netip.ParseAddrPort(c.Server.Streams)
	if err != nil {
		return err
	}
	loops := runtime.GOMAXPROCS(0)
	for i := range loops {
		l := &epollLoop{
			tally: t, shard: &t.shards[i], opened: opened, to: unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()},
			request: requests(c.Server.Streams),
			streams: make([]epollStream, (c.Streams+i)/loops), buf: make([]byte, 64<<10),
		}
		if l.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
			return err
		}
		go func() { t.end(l.run()) }()
	}
	return nil
}

// requests gives the bytes of each stream's request.
func requests(host string) func(stream int) []byte {
	rest := " HTTP/1.1\r\nHost: " + host + "\r\nAccept: text/event-stream\r\n\r\n"
	all, own := []byte("GET /events"+rest), []byte("GET /events"+exact+rest)
	return func(stream int) []byte {
		if sampled(stream) {
			return own
		}
		return all
	}
}

// run opens the loop's streams, a share of inFlight at a time, and reads them. The shard is held for a batch.
func (l *epollLoop) run() error {
	runtime.LockOSThread()
	events := make([]unix.EpollEvent, 1024)
	for {
		if err := l.connect(); err != nil {
			return err
		}
		n, err := unix.EpollWait(l.fd, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		if err := l.batch(events[:n]); err != nil {
			return err
		}
	}
}

func (l *epollLoop) batch(events []unix.EpollEvent) error {
	l.shard.mu.Lock()
	defer l.shard.mu.Unlock()
	for i := range events {
		stream := events[i].Fd
		if events[i].Events&unix.EPOLLOUT != 0 {
			if err := l.ask(stream); err != nil {
				return err
			}
		} else if err := l.read(&l.streams[stream]); err != nil {
			return err
		}
	}
	return nil
}

func (l *epollLoop) connect() error {
	for ; l.begun < len(l.streams) && l.begun-l.open < inFlight/runtime.GOMAXPROCS(0); l.begun++ {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		if err := unix.Connect(fd, &l.to); err != nil && err != unix.EINPROGRESS {
			return fmt.Errorf("connect: %w", err)
		}
		l.streams[l.begun].fd = int32(fd)
		if err := l.watch(unix.EPOLL_CTL_ADD, int32(l.begun), unix.EPOLLOUT); err != nil {
			return err
		}
	}
	return nil
}

// watch names a stream by its index where epoll(7) suggests the descriptor.
func (l *epollLoop) watch(op int, stream int32, events uint32) error {
	fd := int(l.streams[stream].fd)
	if err := unix.EpollCtl(l.fd, op, fd, &unix.EpollEvent{Events: events, Fd: stream}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// ask sends the request of a stream that is connected.
func (l *epollLoop) ask(stream int32) error {
	if _, err := unix.Write(int(l.streams[stream].fd), l.request(int(stream))); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	return l.watch(unix.EPOLL_CTL_MOD, stream, unix.EPOLLIN)
}

func (l *epollLoop) read(s *epollStream) error {
	n, err := unix.Read(int(s.fd), l.buf)
	if err == unix.EAGAIN {
		return nil
	}
	if err != nil || n == 0 {
		return errors.Join(errEnded, err)
	}
	if !s.open {
		s.open = true
		l.open++
		l.opened()
	}
	l.lines(s, l.buf[:n])
	return nil
}

// lines takes the data lines of a read.
func (l *epollLoop) lines(s *epollStream, b []byte) {
	if len(s.partial) > 0 {
		b = append(s.partial, b...)
		s.partial = nil
	}
	now := time.Now().UnixNano()
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			if len(b) > 0 {
				s.partial = bytes.Clone(b)
			}
			return
		}
		b = rest
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			at, own := written(data)
			l.shard.record(now, at, own, l.tally.meter)
		}
	}
}
