package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ssebench/loadgen"
)

// The protocols of Config.
const (
	HTTP1 = "http1.1"
	HTTP2 = "http2" // over TLS, agreed by ALPN
	H2C   = "h2c"   // HTTP/2 in cleartext with prior knowledge; over TLS for an https URL
)

// Config says how streams are opened. Its zero value speaks HTTP/1.1 to any address.
type Config struct {
	Protocol string // HTTP1 (also the empty string), HTTP2 or H2C
	// TLS is used for https; nil: the system's roots. It is cloned; ServerName, where empty, is the URL's host. Where it names no
	// CurvePreferences, no post-quantum ones are offered. A stream's first connection is a new subscriber's and resumes no session; its
	// later ones do, with tickets of ClientSessionCache or, where that is nil, of the Transport.
	TLS *tls.Config
	// ConnectTo, "host" or "host:port", is dialed in place of the host of the stream's own URL. Host and SNI keep the URL's name.
	// A port holds where the URL has the same port as the stream's own. Redirects to other hosts go to them.
	ConnectTo string
	// Addresses is AddressesSpread (also the empty string) or AddressesFirst: which address of a name that has several is dialed first. One
	// that fails is followed by the next, at once where it refuses, and with its share of DialTimeout where it is silent.
	Addresses string
	// SourceAddresses are used round robin, those of the target's family. On Linux a port is chosen at connect(2)
	// (IP_BIND_ADDRESS_NO_PORT), so every address gives a whole range of ports to every target.
	SourceAddresses []netip.Addr
	// Allow is asked about every address that a host's name resolved to before the first of them is dialed, on redirects and
	// logins too. Its error ends the stream for good with the token address_refused. It is called from many goroutines.
	Allow func(netip.Addr) error
	// MaxRedirects bounds the redirects of one opening. 0 means 20, as in browsers; less than 0 means none.
	MaxRedirects int
	// HeadLimit bounds a response header and its trailers, in bytes. 0 means 64 KiB.
	HeadLimit int
	// DialTimeout bounds the resolving and connecting of one connection, and then its TLS handshake. 0 means 10 s.
	DialTimeout time.Duration
	// StreamsPerConnection is how many streams share an HTTP/2 connection at most, as far as the server's SETTINGS allow. 0 means 1: every
	// stream has one of its own, over its reopenings, as a subscriber is a user with a connection of his own. HTTP/1.1 shares none.
	StreamsPerConnection int
	// Lanes is the number of lanes. 0 means one for each processor.
	Lanes int
	// Engine is EngineLoop or EngineGoroutines. Empty means the loop where there is one.
	Engine string
	// Poll is PollAdaptive (also the empty string) or PollBlock; it concerns loops.
	Poll string
}

// Transport is a loadgen.Transport. What is the same however bytes are moved is here; the engine moves them.
type Transport struct {
	config      Config
	lanes       []*loadgen.Lane
	byLane      map[*loadgen.Lane]*lane
	connectHost string
	connectPort string
	resolver    resolver
	tls         tlsConfigs
	turn        atomic.Uint64 // of SourceAddresses
	engine      engine
	weighing    sync.Mutex // one reading of the wire at a time
}

// engine moves the bytes of streams: goroutines (goroutines.go), or a loop for each lane (loops_linux.go).
type engine interface {
	open(l *lane, r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream
	// close cuts what is left with CutFIN and waits for all of it. A stream that is opened after it is over and never calls its handler.
	close()
	account() loadgen.Account
	weigh() carriage // of all sockets
	stalled() bool   // see loadgen.Transport
}

// The engines of Config.
const (
	EngineLoop       = "loop"       // epoll: Linux only
	EngineGoroutines = "goroutines" // everywhere
)

// The ways in which a loop waits, for Config.Poll.
const (
	PollAdaptive = "adaptive" // sleeps shortly between polls while events come, blocks while none do
	PollBlock    = "block"    // always blocks until something comes
)

// Which address of a name is dialed first, for Config.Addresses.
const (
	AddressesSpread = "spread" // each connection another one, of the family that RFC 6724 prefers
	AddressesFirst  = "first"  // always the first in the order of RFC 6724
)

// processors is how many there are for lanes, before loops ask the scheduler for more.
var processors = runtime.GOMAXPROCS(0)

// New makes a Transport. Its error is a mistake in the Config.
func New(c Config) (*Transport, error) {
	switch c.Protocol {
	case "":
		c.Protocol = HTTP1
	case HTTP1, HTTP2, H2C:
	default:
		return nil, fmt.Errorf("unknown protocol %q: want %s, %s or %s", c.Protocol, HTTP1, HTTP2, H2C)
	}
	switch c.Poll {
	case "", PollAdaptive, PollBlock:
	default:
		return nil, fmt.Errorf("unknown poll %q: want %s or %s", c.Poll, PollAdaptive, PollBlock)
	}
	switch c.Addresses {
	case "", AddressesSpread, AddressesFirst:
	default:
		return nil, fmt.Errorf("unknown addresses %q: want %s or %s", c.Addresses, AddressesSpread, AddressesFirst)
	}
	t := &Transport{byLane: make(map[*loadgen.Lane]*lane)}
	if c.ConnectTo != "" {
		host, port, err := net.SplitHostPort(c.ConnectTo)
		if err != nil {
			host, port = strings.Trim(c.ConnectTo, "[]"), ""
		}
		if host == "" {
			return nil, fmt.Errorf("connect_to %q has no host", c.ConnectTo)
		}
		t.connectHost, t.connectPort = ASCIIHost(host), port
	}
	if c.MaxRedirects == 0 {
		c.MaxRedirects = 20
	}
	if c.HeadLimit <= 0 {
		c.HeadLimit = defaultHeadLimit
	}
	if c.DialTimeout <= 0 {
		c.DialTimeout = 10 * time.Second
	}
	if c.StreamsPerConnection <= 0 || c.Protocol == HTTP1 {
		c.StreamsPerConnection = 1
	}
	if c.Lanes <= 0 {
		c.Lanes = processors
	}
	t.config = c
	t.tls.configure(c)
	t.resolver.first = c.Addresses == AddressesFirst
	t.resolver.ctx, t.resolver.cancel = context.WithCancel(context.Background())
	for range c.Lanes {
		l := new(loadgen.Lane)
		t.lanes = append(t.lanes, l)
		t.byLane[l] = newLane(t, l)
	}
	t.resolver.lane = t.lanes[0]
	var err error
	switch c.Engine {
	case "":
		t.engine, err = newEngine(t)
	case EngineLoop:
		t.engine, err = newLoops(t)
	case EngineGoroutines:
		t.engine = newGoroutines(t)
	default:
		err = fmt.Errorf("unknown engine %q: want %s or %s", c.Engine, EngineLoop, EngineGoroutines)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Lanes implements loadgen.Transport.
func (t *Transport) Lanes() []*loadgen.Lane { return t.lanes }

// Open implements loadgen.Transport. After Close it returns a stream that is over and never calls the handler. The lane must be
// one of Lanes.
func (t *Transport) Open(l *loadgen.Lane, r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream {
	return t.engine.open(t.byLane[l], r, at, h)
}

// Account implements loadgen.Transport.
func (t *Transport) Account() loadgen.Account { return t.engine.account() }

// Wire implements loadgen.Transport.
func (t *Transport) Wire() (received, sent int64) {
	t.weighing.Lock()
	defer t.weighing.Unlock()
	c := t.engine.weigh()
	return c.received, c.sent
}

// Stalled implements loadgen.Transport.
func (t *Transport) Stalled() bool { return t.engine.stalled() }

// Close implements loadgen.Transport: it cuts what is left with CutFIN and waits for all of it.
func (t *Transport) Close() error {
	t.engine.close()
	t.resolver.close()
	return nil
}
