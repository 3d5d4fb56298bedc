package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gin "github.com/gin-contrib/sse"
	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"
	"golang.org/x/sys/unix"

	"ssebench/reference"
)

// server is one of those measured.
type server struct {
	addr    string
	subs    func() int
	written func() uint64 // deliveries
	publish func(data []byte)
}

// measured is one server's answer to a command.
type measured struct {
	Took []int64 // ns from publish to the last write, for each broadcast
	User int64   // ns of CPU
	Sys  int64
	RSS  int64 // bytes
	Subs int
}

// serve runs the server of that kind until its input ends. Commands are lines:
// "subs", "rss", "trim", "broadcast COUNT SIZE".
func serve(kind string, in io.Reader, out io.Writer) error {
	s, err := start(kind)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, s.addr)
	answer := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var m measured
		var count, size int
		switch line := lines.Text(); {
		case line == "trim":
			debug.FreeOSMemory()
		case strings.HasPrefix(line, "broadcast "):
			if _, err := fmt.Sscanf(line, "broadcast %d %d", &count, &size); err != nil {
				return err
			}
			if err := s.broadcast(&m, count, size); err != nil {
				return err
			}
		}
		m.Subs = s.subs()
		m.RSS = rss(os.Getpid())
		if err := answer.Encode(m); err != nil {
			return err
		}
	}
	return lines.Err()
}

// broadcast publishes count events one after the other, each when all
// deliveries of the one before are written.
func (s *server) broadcast(m *measured, count, size int) error {
	data := []byte(strings.Repeat("x", size))
	n := uint64(s.subs())
	var before, after unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &before); err != nil {
		return err
	}
	for range count {
		want := s.written() + n
		start := time.Now()
		s.publish(data)
		for deadline := start.Add(30 * time.Second); s.written() < want; time.Sleep(50 * time.Microsecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("%d of %d deliveries written after 30 s", s.written()+n-want, n)
			}
		}
		m.Took = append(m.Took, time.Since(start).Nanoseconds())
	}
	if err := unix.Getrusage(unix.RUSAGE_SELF, &after); err != nil {
		return err
	}
	m.User = after.Utime.Nano() - before.Utime.Nano()
	m.Sys = after.Stime.Nano() - before.Stime.Nano()
	return nil
}

func rss(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

func start(kind string) (*server, error) {
	switch kind {
	case "reference", "reference-h2", "reference-h2-single":
		return startReference(0)
	case "reference-1":
		return startReference(1)
	case "bare":
		return startBare()
	}
	var s *server
	var h http.Handler
	switch kind {
	case "go-sse":
		s, h = goSSE()
	case "r3labs":
		s, h = r3labsSSE()
	case "gin":
		s, h = ginSSE()
	default:
		return nil, fmt.Errorf("no server %q", kind)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = l.Addr().String()
	go http.Serve(l, h)
	return s, nil
}

func startReference(loops int) (*server, error) {
	ref := &reference.Server{Loops: loops}
	if err := ref.Start(context.Background()); err != nil {
		return nil, err
	}
	return &server{
		addr: strings.TrimPrefix(ref.URL(), "http://"), subs: ref.Subscribers, written: ref.Sent,
		publish: func(data []byte) { ref.Publish("a", &reference.Event{Type: "message", Data: data}) },
	}, nil
}

// counting is a ResponseWriter that counts flushed deliveries.
type counting struct {
	http.ResponseWriter
	n     *atomic.Uint64
	dirty *bool
}

func (c counting) Write(b []byte) (int, error) {
	if len(b) > 0 {
		*c.dirty = true
	}
	return c.ResponseWriter.Write(b)
}

func (c counting) Flush() {
	c.ResponseWriter.(http.Flusher).Flush()
	if *c.dirty {
		*c.dirty = false
		c.n.Add(1)
	}
}

func (c counting) FlushError() error { c.Flush(); return nil }

func goSSE() (*server, http.Handler) {
	var subs atomic.Int64
	var written atomic.Uint64
	s := &gosse.Server{OnSession: func(http.ResponseWriter, *http.Request) ([]string, bool) {
		subs.Add(1)
		return []string{"a"}, true
	}}
	id := 0
	measured := &server{
		subs:    func() int { return int(subs.Load()) },
		written: written.Load,
		publish: func(data []byte) {
			id++
			m := &gosse.Message{ID: gosse.ID(fmt.Sprint(1763000000000000 + id)), Type: gosse.Type("message")}
			m.AppendData(string(data))
			s.Publish(m, "a")
		},
	}
	return measured, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(counting{w, &written, new(bool)}, r)
	})
}

func r3labsSSE() (*server, http.Handler) {
	var subs atomic.Int64
	var written atomic.Uint64
	s := r3labs.New()
	s.AutoReplay = false
	s.OnSubscribe = func(string, *r3labs.Subscriber) { subs.Add(1) }
	s.CreateStream("a")
	id := 0
	measured := &server{
		subs:    func() int { return int(subs.Load()) },
		written: written.Load,
		publish: func(data []byte) {
			id++
			s.Publish("a", &r3labs.Event{ID: fmt.Append(nil, 1763000000000000+id), Event: []byte("message"), Data: data})
		},
	}
	return measured, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(counting{w, &written, new(bool)}, r)
	})
}

// ginSSE is what its users write: a handler with a channel for each client,
// and the package's encoder.
func ginSSE() (*server, http.Handler) {
	var mu sync.Mutex
	var chans []chan gin.Event
	var written atomic.Uint64
	id := 0
	measured := &server{
		subs:    func() int { mu.Lock(); defer mu.Unlock(); return len(chans) },
		written: written.Load,
		publish: func(data []byte) {
			id++
			e := gin.Event{Id: fmt.Sprint(1763000000000000 + id), Event: "message", Data: string(data)}
			mu.Lock()
			defer mu.Unlock()
			for _, c := range chans {
				c <- e
			}
		},
	}
	return measured, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := make(chan gin.Event, 16)
		mu.Lock()
		chans = append(chans, c)
		mu.Unlock()
		w.Header().Set("Content-Type", gin.ContentType)
		w.(http.Flusher).Flush()
		for {
			select {
			case e := <-c:
				if gin.Encode(w, e) != nil {
					return
				}
				w.(http.Flusher).Flush()
				written.Add(1)
			case <-r.Context().Done():
				return
			}
		}
	})
}
