package reference

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// Server is an SSE server with a hub of topics. Its fields are the
// configuration, read by Start and not to be changed afterwards; the zero value
// serves on a free loopback port. Methods may be called from any goroutine.
type Server struct {
	Listen   string // host:port; "" is 127.0.0.1:0
	Token    string // bearer token for publishing and administration; "" asks for none, on loopback only
	TLS      bool   // serve TLS, self-signed unless CertFile is set
	CertFile string // PEM; implies TLS
	KeyFile  string // PEM

	Ring      int           // events kept for replay for each topic; 0 is 1024, negative none
	Retry     time.Duration // reconnection time sent first on each stream; 0 sends none
	Heartbeat time.Duration // a comment at this interval on each stream; 0 sends none
	Backlog   int           // events that may wait for one subscriber; 0 is 1024
	Slow      SlowPolicy    // "" is DropOldest
	Loops     int           // loops that write; 0 is one for each CPU

	MaxTopics      int           // 0 is 65536
	MaxSubscribers int           // open streams; 0 is a million
	MaxBody        int64         // bytes of one published event; 0 is 1 MiB
	MaxHeader      int           // bytes of a request's header; 0 is 64 KiB
	HeaderTimeout  time.Duration // to send a request's header; 0 is 10 s
	BodyTimeout    time.Duration // to send a request at all; 0 is 30 s

	FirstID uint64 // id of the first event; 0 takes the clock's µs, so that ids of an earlier life are never mistaken
	CORS    string // Access-Control-Allow-Origin on every answer; "" none
	Pprof   bool   // serve /debug/pprof, under the token
	Faults  Faults // in force from the start
	Seed    uint64 // of what faults do at random

	gate    *gate
	door    door
	http    *http.Server
	tls     *tls.Config
	hub     *hub
	faults  faultBox
	counts  counts
	metrics http.Handler
	h2      h2set
	streams atomic.Uint64 // opened, numbers the random sources
	serving sync.WaitGroup
	ended   chan struct{} // closed by the first Close or Shutdown
	end     sync.Once
}

// counts is what the server tells of itself.
type counts struct {
	open         atomic.Int64  // streams
	opened       atomic.Uint64 // streams, ever
	published    atomic.Uint64 // events
	sent         atomic.Uint64 // deliveries written by other than the lanes' sockets
	dropped      atomic.Uint64 // deliveries dropped for slow subscribers
	disconnected atomic.Uint64 // subscribers disconnected as too slow
	refused      atomic.Uint64 // requests answered with an error
	replays      atomic.Uint64 // streams that were given what they had missed
	replayed     atomic.Uint64 // events given so
	gaps         atomic.Uint64 // streams that were told of events that are gone
	gone         atomic.Uint64 // events that were gone when a stream came back for them
}

// Start listens and serves until Close or Shutdown, or until ctx ends, which
// acts like Close. It returns once the address is bound; errors name the
// setting to change.
func (s *Server) Start(ctx context.Context) error {
	if s.http != nil {
		return errors.New("the server was started already")
	}
	listen := s.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	switch s.Slow {
	case "", DropOldest, Disconnect, Block:
	default:
		return fmt.Errorf("slow policy %q: want %s, %s or %s", s.Slow, DropOldest, Disconnect, Block)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	if s.Token == "" && !isLoopback(l.Addr()) {
		l.Close()
		return fmt.Errorf("listen on %s: anybody there could publish; set a token or listen on 127.0.0.1", listen)
	}
	if s.TLS || s.CertFile != "" {
		if s.tls, err = s.tlsConfig(l.Addr()); err != nil {
			l.Close()
			return err
		}
	}
	if err := s.startLanes(); err != nil {
		l.Close()
		return fmt.Errorf("start the loops: %w", err)
	}
	s.faults.seed = s.Seed
	s.faults.store(s.Faults)
	s.gate = newGate(l)
	s.ended = make(chan struct{})
	s.metrics = s.exposition()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true) // which TLSNextProto then makes ours
	s.http = &http.Server{
		Handler:           s.handler(),
		Protocols:         protocols,
		TLSConfig:         s.tls,
		ReadHeaderTimeout: orDefault(s.HeaderTimeout, 10*time.Second),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    orDefault(s.MaxHeader, 64<<10),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){
			"h2": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
				state := c.ConnectionState()
				s.serveH2(c, bufio.NewReader(c), http2.ClientPreface, &state)
			},
		},
		ErrorLog: discardLog,
	}
	s.serving.Go(func() {
		// Both return when the server is closed, which is no news here.
		if s.tls != nil {
			_ = s.http.ServeTLS(s.gate, "", "")
		} else {
			_ = s.http.Serve(s.gate)
		}
	})
	s.serving.Go(s.trim)
	s.serving.Go(func() {
		select {
		case <-ctx.Done():
			s.finish()
		case <-s.ended:
		}
	})
	return nil
}

// startLanes makes the hub and its loops.
func (s *Server) startLanes() error {
	first := s.FirstID
	if first == 0 {
		first = uint64(time.Now().UnixMicro())
	}
	s.hub = &hub{
		ring: orDefault(s.Ring, 1024), maxTopics: orDefault(s.MaxTopics, 65536),
		maxSubs: orDefault(s.MaxSubscribers, 1_000_000), faults: &s.faults, counts: &s.counts,
		seq: first - 1, born: first - 1, first: first - 1, topics: map[string]*topic{},
	}
	var lanes []*lane
	for i := range orDefault(s.Loops, runtime.GOMAXPROCS(0)) {
		p, err := newPoller()
		if err != nil {
			for _, l := range lanes {
				l.poll.close()
			}
			return err
		}
		l := &lane{
			hub: s.hub, no: i, poll: p, counts: &s.counts,
			backlog: orDefault(s.Backlog, 1024), policy: s.Slow, beat: s.Heartbeat, maxBody: orDefault(s.MaxBody, 1<<20),
		}
		l.room.L = &l.mu
		lanes = append(lanes, l)
	}
	s.hub.lanes = lanes
	for _, l := range lanes {
		s.serving.Go(l.serve)
	}
	return nil
}

// URL is the server's address as http://host:port or https://host:port, once
// Start has returned.
func (s *Server) URL() string {
	scheme := "http://"
	if s.tls != nil {
		scheme = "https://"
	}
	return scheme + s.gate.Addr().String()
}

// Shutdown ends every stream with a comment, after what was queued for it,
// and returns when all requests are done. When ctx ends first it closes what
// is left and returns the context's error.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.http == nil {
		return nil
	}
	empty := s.hub.close(s.farewell)
	s.h2.each((*h2conn).drain, false)
	err := s.http.Shutdown(ctx)
	// An answer over HTTP/2 is out when its connection has closed with its last stream.
	for _, ended := range []<-chan struct{}{empty, s.h2.ended()} {
		if err == nil {
			select {
			case <-ended:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
	}
	s.finish()
	s.serving.Wait()
	return err
}

// Close ends the server at once, in the middle of what it writes.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	s.finish()
	s.serving.Wait()
	return nil
}

// finish closes everything, once; s.serving ends soon after.
func (s *Server) finish() {
	s.end.Do(func() {
		close(s.ended)
		s.hub.close(nil)
		// The error is the listener's, and that is closed on purpose.
		_ = s.http.Close()
		s.h2.each((*h2conn).close, true)
		for _, l := range s.hub.lanes {
			l.post(command{do: doStop})
		}
	})
}

// farewell is the last thing on a stream at a graceful stop. The reconnection
// times are spread, so that the clients do not come back at the same moment.
func (s *Server) farewell() []byte {
	base := s.Retry
	if base == 0 {
		base = time.Second
	}
	b, _ := AppendRetry(nil, base+rand.N(base))
	return append(AppendComment(b, "the server is closing"), '\n')
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func orDefault[T comparable](n, zero T) T {
	var none T
	if n == none {
		return zero
	}
	return n
}
