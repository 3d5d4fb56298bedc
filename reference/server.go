package reference

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// SlowPolicy says what happens to a subscriber whose backlog is full.
type SlowPolicy string

const (
	DropOldest SlowPolicy = "drop-oldest" // its oldest waiting event is dropped and counted; the default
	Disconnect SlowPolicy = "disconnect"  // its stream is ended
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
	Topics    int           // most topics; 0 is 65536
	MaxBody   int64         // bytes of one published event; 0 is 1 MiB
	FirstID   uint64        // id of the first event; 0 takes the clock's µs, so that ids of an earlier life are never mistaken
	CORS      string        // Access-Control-Allow-Origin on every answer; "" none
	Faults    Faults        // in force from the start
	Seed      uint64        // of what faults do at random

	listener net.Listener
	http     *http.Server
	tls      *tls.Config
	hub      *hub
	faults   faultBox
	counts   counts
	clients  atomic.Uint64 // streams opened, numbers the random sources
	serving  sync.WaitGroup
}

// counts is what the server tells of itself.
type counts struct {
	dropped      atomic.Uint64 // events dropped for slow subscribers
	disconnected atomic.Uint64 // subscribers disconnected as too slow
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
	if s.Slow != "" && s.Slow != DropOldest && s.Slow != Disconnect {
		return fmt.Errorf("slow policy %q: want %s or %s", s.Slow, DropOldest, Disconnect)
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
	first := s.FirstID
	if first == 0 {
		first = uint64(time.Now().UnixMicro())
	}
	s.hub = &hub{
		ring: orDefault(s.Ring, 1024), maxTopics: orDefault(s.Topics, 65536),
		seq: first - 1, first: first - 1,
		topics: map[string]*topic{}, subs: map[*subscriber]struct{}{},
	}
	s.faults.store(s.Faults)
	s.listener = l
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler:           s.handler(),
		Protocols:         protocols,
		TLSConfig:         s.tls,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 1000},
		ErrorLog:          discardLog,
	}
	s.serving.Go(func() {
		if s.tls != nil {
			s.http.ServeTLS(l, "", "")
		} else {
			s.http.Serve(l)
		}
	})
	stop := context.AfterFunc(ctx, func() { s.Close() })
	s.http.RegisterOnShutdown(func() { stop() })
	return nil
}

// URL is the server's address as http://host:port or https://host:port, once
// Start has returned.
func (s *Server) URL() string {
	scheme := "http://"
	if s.tls != nil {
		scheme = "https://"
	}
	return scheme + s.listener.Addr().String()
}

// Shutdown ends every stream with a comment, after what was queued for it,
// and returns when all requests are done. When ctx ends first it closes what
// is left and returns the context's error.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.http == nil {
		return nil
	}
	s.hub.close(s.farewell)
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	s.serving.Wait()
	return err
}

// Close ends the server at once, in the middle of what it writes.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	s.hub.close(nil)
	err := s.http.Close()
	s.serving.Wait()
	return err
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

func orDefault(n, zero int) int {
	if n == 0 {
		return zero
	}
	return n
}
