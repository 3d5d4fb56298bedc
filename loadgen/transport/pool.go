package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// pool has the HTTP/2 connections, which streams share. A connection is dialed when all others to its destination are full, one
// at a time for each destination.
type pool struct {
	t        *Transport
	protocol *http.Transport // makes HTTP/2 connections of those that dial made
	ctx      context.Context // of the dials
	cancel   context.CancelFunc
	wait     sync.WaitGroup

	mu      sync.Mutex
	open    map[string][]*shared // by destination
	dialing map[string]*dialing
}

// shared is an HTTP/2 connection.
type shared struct {
	*http.ClientConn
	meter *meter
	lane  *lane // that counts what no stream's read has counted
}

// gone counts what is left to count, and tells whether the connection can no longer be used.
func (c *shared) gone() bool {
	c.lane.Hold()
	defer c.lane.Release()
	c.meter.flush(c.lane)
	return c.Err() != nil
}

// dialing is a dial under way. Its fields are set once done is closed.
type dialing struct {
	done            chan struct{}
	by              *stream // that gets the instants
	dialed, tlsDone time.Time
	err             error
}

func (p *pool) start(t *Transport) {
	p.t = t
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.open, p.dialing = make(map[string][]*shared), make(map[string]*dialing)
	p.protocol = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return ctx.Value(dialedKey{}).(net.Conn), nil
		},
		DisableCompression:     true,
		MaxResponseHeaderBytes: int64(t.config.HeadLimit),
		Protocols:              new(http.Protocols),
	}
	p.protocol.Protocols.SetUnencryptedHTTP2(true)
}

// dialedKey is the place in a context of the connection that HTTP/2 is to be spoken on.
type dialedKey struct{}

// reserve finds a connection with room for one more stream, and takes that room. The error is errCut or a *loadgen.Failure.
func (p *pool) reserve(s *stream, u *url.URL) (*shared, error) {
	ctx, cancel, err := s.untilCut()
	if err != nil {
		return nil, err
	}
	defer cancel()
	host, number, err := p.t.destination(u, s.request.URL)
	if err != nil {
		return nil, err
	}
	key := origin(u) + " " + net.JoinHostPort(host, strconv.Itoa(int(number)))
	for {
		c, d := p.take(s, key, u)
		if c != nil {
			return c, nil
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return nil, errCut
		}
		if d.err != nil {
			return nil, d.err
		}
		if o := s.opening; d.by == s && o.Dialed.IsZero() {
			o.Dialed, o.TLSDone = d.dialed, d.tlsDone
		}
	}
}

// take reserves room on an open connection, or else gives the dial to wait for.
func (p *pool) take(s *stream, key string, u *url.URL) (*shared, *dialing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[key] = slices.DeleteFunc(p.open[key], (*shared).gone)
	for _, c := range p.open[key] {
		if c.Reserve() == nil {
			return c, nil
		}
	}
	d := p.dialing[key]
	if d == nil {
		d = &dialing{done: make(chan struct{}), by: s}
		p.dialing[key] = d
		own := s.request.URL
		p.wait.Go(func() { p.add(d, key, u, own) })
	}
	return nil, d
}

// add dials a connection for everyone who waits for it. It goes on when the stream that asked first is cut.
func (p *pool) add(d *dialing, key string, u, own *url.URL) {
	var c *shared
	c, d.err = p.dial(d, u, own)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.dialing, key)
	if d.err == nil {
		p.open[key] = append(p.open[key], c)
	}
	close(d.done)
}

func (p *pool) dial(d *dialing, u, own *url.URL) (*shared, error) {
	tcp, err := p.t.dial(p.ctx, u, own)
	if err != nil {
		return nil, err
	}
	d.dialed = time.Now()
	ctx, cancel := context.WithTimeout(p.ctx, p.t.config.DialTimeout)
	defer cancel()
	m := &meter{Conn: tcp}
	spoken := net.Conn(m)
	if u.Scheme == "https" {
		c := tls.Client(m, p.t.tls.of(u.Hostname()))
		if err := c.HandshakeContext(ctx); err != nil {
			tcp.Close()
			return nil, p.t.tlsFailure(err)
		}
		if got := c.ConnectionState().NegotiatedProtocol; got != "h2" {
			c.Close()
			return nil, fail(tokenALPN, "the server did not choose HTTP/2 in the TLS handshake")
		}
		d.tlsDone = time.Now()
		spoken = c
	}
	w := newPreface(spoken)
	// HTTP/2 knows the connection as one in cleartext: what lies below is our affair. Each request names its own scheme.
	cc, err := p.protocol.NewClientConn(context.WithValue(ctx, dialedKey{}, w), "http", net.JoinHostPort(u.Hostname(), port(u)))
	if err != nil {
		w.Close()
		return nil, fail(tokenHTTP2, "%v", err)
	}
	if err := w.wait(ctx); err != nil {
		cc.Close()
		return nil, err
	}
	return &shared{ClientConn: cc, meter: m, lane: d.by.lane}, nil
}

// close ends all connections and the dials under way. The goroutines that net/http has for each connection end by that, a moment
// later.
func (p *pool) close() {
	p.cancel()
	p.wait.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.open {
		for _, c := range list {
			c.Close()
			c.gone()
		}
	}
	clear(p.open)
}
