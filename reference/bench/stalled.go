package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ssebench/reference"
)

// stalled compares the others' delay with and without 1 % of readers that have
// stopped reading and whose backlogs are full.
func (p *plan) stalled() error {
	const n, rate, seconds = 500, 50, 6
	var without, with []float64
	for range p.rounds {
		for _, stopped := range []int{0, n / 100} {
			d, err := delays(n, stopped, rate, seconds)
			if err != nil {
				return err
			}
			p99 := float64(d[len(d)*99/100]) / 1e6
			if stopped == 0 {
				without = append(without, p99)
			} else {
				with = append(with, p99)
			}
		}
	}
	a, b := median(without), median(with)
	p.say("\n### %d subscribers, %d events/s, publish → receipt (server and readers in one process, medians of %d rounds)\n", n, rate, p.rounds)
	p.say("| readers that stopped | p99 of the others, ms | × without |")
	p.say("|---|---|---|")
	p.say("| 0 | %.2f | 1.00 |", a)
	p.say("| %d, backlogs full | %.2f | %.2f |", n/100, b, b/a)
	return nil
}

// delays returns the sorted delays, in ns, of all receipts.
func delays(n, stopped, rate, seconds int) ([]int64, error) {
	s := &reference.Server{Backlog: 16, Ring: 16}
	if err := s.Start(context.Background()); err != nil {
		return nil, err
	}
	defer s.Close()
	addr := s.URL()[len("http://"):]
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	open := func(query string) (net.Conn, error) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		conns = append(conns, c)
		_, err = fmt.Fprintf(c, "GET /events?%s HTTP/1.1\r\nHost: a\r\n\r\n", query)
		return c, err
	}
	for range stopped {
		if _, err := open("topic=a&topic=fill"); err != nil {
			return nil, err
		}
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(epoll)
	for range n - stopped {
		c, err := open("topic=a")
		if err != nil {
			return nil, err
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			return nil, err
		}
		raw.Control(func(fd uintptr) {
			err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
		})
		if err != nil {
			return nil, err
		}
	}
	for s.Subscribers() < n {
		time.Sleep(time.Millisecond)
	}
	if stopped > 0 {
		filler := bytes.Repeat([]byte("x"), 100<<10)
		for range 100 {
			if _, _, err := s.Publish("fill", &reference.Event{Data: filler}); err != nil {
				return nil, err
			}
		}
	}
	for last := uint64(0); s.Sent() != last; time.Sleep(300 * time.Millisecond) {
		last = s.Sent() // what fills the backlogs is out of the way
	}
	total := rate * seconds
	var got []int64
	var reading sync.WaitGroup
	reading.Go(func() { got = receive(epoll, total*(n-stopped)) })
	start := time.Now()
	for i := range total {
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		if _, _, err := s.Publish("a", &reference.Event{Data: strconv.AppendInt(nil, time.Now().UnixNano(), 10)}); err != nil {
			return nil, err
		}
	}
	reading.Wait()
	if len(got) == 0 {
		return nil, fmt.Errorf("nothing came")
	}
	slices.Sort(got)
	return got, nil
}

// receive reads until want events came, or none for five seconds.
func receive(epoll, want int) []int64 {
	got := make([]int64, 0, want)
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 64<<10)
	for len(got) < want {
		n, err := unix.EpollWait(epoll, events, 5000)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return got
		}
		for _, ev := range events[:n] {
			k, err := unix.Read(int(ev.Fd), buf)
			if err != nil || k <= 0 {
				continue
			}
			now := time.Now().UnixNano()
			for b := buf[:k]; ; {
				_, after, ok := bytes.Cut(b, []byte("data: "))
				if !ok {
					break
				}
				number, rest, _ := bytes.Cut(after, []byte("\n"))
				if sent, err := strconv.ParseInt(string(number), 10, 64); err == nil {
					got = append(got, now-sent)
				}
				b = rest
			}
		}
	}
	return got
}
