package main

import (
	"fmt"
	"time"

	"ssebench/loadgen/transport"
)

// The engine's names among the clients.
const (
	ours         = "ours"
	oursBlocking = "ours, blocking" // it never polls
	oursCounting = "ours, counting" // it does not look into what it observes
)

// scene is a server, a load, and the clients that take turns.
type scene struct {
	name      string
	server    serverConfig
	streams   int
	perSecond float64 // events to each stream
	pinned    bool    // server and client on the same CPU
	big       int
	clients   []string
}

// The scenes. A base is the same process under the same load with few streams, so that what remains of the difference is the streams'.
const (
	free        = "HTTP/1.1"
	freeBase    = "HTTP/1.1, base"
	freeTLS     = "TLS"
	freeTLSBase = "TLS, base"
	freeH2      = "HTTP/2"
	freeH2Base  = "HTTP/2, base"
	pinned      = "HTTP/1.1, one CPU"
	pinnedTen   = "HTTP/1.1, ten in a write, one CPU"
	pinnedTLS   = "TLS, one CPU"
	pinnedH2    = "HTTP/2 together, one CPU"
	pinnedOne   = "HTTP/2 apart, one CPU"
	pinnedPolls = "polls, one CPU"
	pinnedJSON  = "JSON that differs, one CPU"
)

const baseStreams = 100

// scenes gives all of them in the order of a round.
func (p *plan) scenes() []scene {
	n := p.streams
	h1 := serverConfig{Protocol: plain}
	tls := serverConfig{Protocol: secure}
	h2 := serverConfig{Protocol: frames}
	return []scene{
		{name: pinned, server: h1, streams: n, perSecond: 5, pinned: true, clients: []string{ours, "net/http", "go-sse", "r3labs", "epoll"}},
		{name: pinnedTen, server: serverConfig{Protocol: plain, Batch: 10}, streams: n, perSecond: 20, pinned: true, clients: []string{ours, "net/http", "epoll"}},
		{name: pinnedTLS, server: tls, streams: n / 3, perSecond: 5, pinned: true, clients: []string{ours, "net/http"}},
		{name: pinnedH2, server: h2, streams: n, perSecond: 5, pinned: true, clients: []string{ours, "x/net"}},
		{name: pinnedOne, server: serverConfig{Protocol: frames, Apart: true}, streams: n, perSecond: 5, pinned: true, clients: []string{ours, "x/net"}},
		{name: pinnedPolls, server: serverConfig{Protocol: answers}, streams: max(n/30, 1), pinned: true, clients: []string{ours, "net/http", wrk}},
		{name: pinnedJSON, server: serverConfig{Protocol: plain, Objects: true}, streams: n, perSecond: 5, pinned: true, clients: []string{ours, oursCounting, "net/http"}},
		{name: free, server: h1, streams: n, perSecond: 5, clients: []string{ours, "net/http", "epoll", oursBlocking}},
		{name: freeBase, server: h1, streams: baseStreams, perSecond: 5, clients: []string{ours, "net/http", "epoll"}},
		{name: freeTLS, server: tls, streams: n, perSecond: 2, big: 40_000, clients: []string{ours, "net/http"}},
		{name: freeTLSBase, server: tls, streams: baseStreams, perSecond: 2, big: 40_000, clients: []string{ours, "net/http"}},
		{name: freeH2, server: h2, streams: n * 10 / 3, perSecond: 2, clients: []string{ours, "x/net"}},
		{name: freeH2Base, server: h2, streams: baseStreams, perSecond: 2, clients: []string{ours, "x/net"}},
	}
}

// turn runs one client of a scene against a server of its own.
func (p *plan) turn(s *scene, kind string, round int) (*figures, error) {
	server, err := start("serve", s.server, s.pinned)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	c := clientConfig{
		Kind: kind, Protocol: s.server.Protocol, Streams: s.streams, PerSecond: s.perSecond, Warm: p.warm, Hold: p.hold, Big: s.big, Settle: p.settle, AfterBig: max(p.hold/2, 2*time.Second),
		Profile: p.profileOf(s, kind, round), Objects: s.server.Objects,
	}
	switch kind {
	case oursBlocking:
		c.Kind, c.Poll = ours, transport.PollBlock
	case oursCounting:
		c.Kind, c.Counting = ours, true
	}
	if err := server.read(&c.Server, 10*time.Second); err != nil {
		return nil, err
	}
	client, err := start("client", c, s.pinned)
	if err != nil {
		return nil, err
	}
	defer client.stop()
	f := new(figures)
	if err := client.read(f, 2*time.Minute+c.publishing()); err != nil {
		return nil, fmt.Errorf("%w (server: %s)", err, server.errors.String())
	}
	return f, nil
}
