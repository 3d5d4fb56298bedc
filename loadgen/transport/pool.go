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

	"ssebench/loadgen"
)

// pool has the HTTP/2 connections that streams share, and makes those that they do not. A connection is dialed when all others to its
// destination are full, one at a time for each destination.
type pool struct {
	t        *Transport
	protocol *http.Transport // makes HTTP/2 connections of those that dial made
	ctx      context.Context // of the dials
	cancel   context.CancelFunc
	wait     sync.WaitGroup
	lines    lines // of the tabs of browsers

	mu      sync.Mutex
	open    map[string][]*shared // by destination
	dialing map[string]*dialing
	least   int // of the streams that a server allows on a connection; 0: no limit is known
}

// unsaidLimit is what net/http takes a server to allow that does not say.
const unsaidLimit = 1000

// limited returns the least limit; 0: there is none.
func (p *pool) limited() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int64(p.least)
}

// shared is an HTTP/2 connection.
type shared struct {
	*http.ClientConn
	meter   *meter
	lane    *lane  // that counts what no stream's read has counted
	to      string // destination
	origin  string // of the requests that go there
	streams int    // on it; of one that is shared, with the pool's lock
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

// watched is a connection that goroutines of net/http read and write: a panic in what lies below ends the run, and the connection.
type watched struct {
	net.Conn
	lane *loadgen.Lane
}

func (w *watched) Read(b []byte) (n int, err error) {
	err = net.ErrClosed
	defer w.lane.Recovered("an HTTP/2 connection")
	return w.Conn.Read(b)
}

func (w *watched) Write(b []byte) (n int, err error) {
	err = net.ErrClosed
	defer w.lane.Recovered("an HTTP/2 connection")
	return w.Conn.Write(b)
}

// dialedKey is the place in a context of the connection that HTTP/2 is to be spoken on.
type dialedKey struct{}

// own gives the stream a connection that it does not share, the one that it had if that will do. The error is errCut or a
// *loadgen.Failure.
func (p *pool) own(s *stream, u *url.URL) (*shared, error) {
	key, err := p.destination(s, u)
	if err != nil {
		return nil, err
	}
	if c := s.own; c != nil {
		if c.to == key && !c.gone() && c.Reserve() == nil {
			return c, nil
		}
		s.dropOwn()
	}
	ctx, cancel, err := s.untilCut()
	if err != nil {
		return nil, err
	}
	defer cancel()
	d := &dialing{by: s}
	c, err := p.dial(ctx, d, key, u, s.request.URL)
	if s.cut() {
		err = errCut
	} else if err == nil && c.Reserve() != nil {
		err = fail(tokenHTTP2, "the server takes no stream on a new connection")
	}
	if err != nil {
		if c != nil {
			c.Close()
		}
		return nil, err
	}
	s.keep(c)
	s.connected(d)
	return c, nil
}

// connected notes how the stream's first connection came to be.
func (s *stream) connected(d *dialing) {
	if o := s.opening; d.by == s && o.Dialed.IsZero() {
		o.Dialed, o.TLSDone = d.dialed, d.tlsDone
	}
}

// keep sets the stream's own connection. Its goroutine alone does, and reads it; whoever posts beside the stream reads it under the lock.
func (s *stream) keep(c *shared) {
	s.mu.Lock()
	s.own = c
	s.mu.Unlock()
}

// dropOwn closes the connection that only this stream used, in the way that the stream was cut if it was.
func (s *stream) dropOwn() {
	c := s.own
	if c == nil {
		return
	}
	s.keep(nil)
	if loadgen.Cut(s.cutHow.Load()-1) == loadgen.CutRST {
		c.meter.Conn.(*tcpConn).resetOnClose()
	}
	c.Close()
	c.gone()
}

func (p *pool) destination(s *stream, u *url.URL) (key string, err error) {
	host, number, err := p.t.destination(u, s.request.URL)
	key = origin(u) + " " + net.JoinHostPort(host, strconv.Itoa(int(number)))
	if n := s.request.Browser; n != 0 {
		key += " of browser " + strconv.Itoa(n)
	}
	return key, err
}

// reserve finds a connection with room for one more stream, and takes that room. The error is errCut or a *loadgen.Failure.
func (p *pool) reserve(s *stream, u *url.URL) (*shared, error) {
	ctx, cancel, err := s.untilCut()
	if err != nil {
		return nil, err
	}
	defer cancel()
	key, err := p.destination(s, u)
	if err != nil {
		return nil, err
	}
	var place turn
	if s.request.Browser != 0 {
		place = p.lines.join(key)
		defer p.lines.leave(key, place)
	}
	var queued time.Time
	for {
		if ctx.Err() != nil {
			if !queued.IsZero() {
				s.unseated(p.limit(s, key), queued)
			}
			return nil, errCut
		}
		c, d := p.take(s, key, u, place)
		if c != nil {
			s.seated(queued)
			return c, nil
		}
		var dialed chan struct{}
		if d != nil {
			dialed = d.done
		}
		if (d == nil || d.by != s) && queued.IsZero() {
			queued = time.Now()
			s.queued()
		}
		select {
		case <-dialed:
		case <-place:
			continue
		case <-ctx.Done():
			continue
		}
		if d.err != nil {
			if !queued.IsZero() {
				s.unseated("", queued)
			}
			return nil, d.err
		}
		s.connected(d)
	}
}

// limit is what keeps a tab from a place; empty: nothing does, or the connection is not there yet.
func (p *pool) limit(s *stream, key string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch open := p.open[key]; {
	case s.request.Browser == 0 || len(open) == 0:
		return ""
	case open[0].streams < browserStreams:
		return tokenMaxStreams
	}
	return tokenBrowserLimit
}

// release gives a place on a shared connection back.
func (p *pool) release(c *shared) {
	p.mu.Lock()
	c.streams--
	p.mu.Unlock()
	p.lines.poke(c.to)
}

// take reserves room on an open connection, or else gives the dial to wait for; nil: a tab has to wait for its turn, or for a place.
func (p *pool) take(s *stream, key string, u *url.URL, place turn) (*shared, *dialing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[key] = slices.DeleteFunc(p.open[key], (*shared).gone)
	most := p.t.config.StreamsPerConnection
	if place != nil {
		if most = browserStreams; !p.lines.first(key, place) {
			return nil, nil
		}
	}
	for _, c := range p.open[key] {
		if c.streams < most && c.Reserve() == nil {
			c.streams++
			return c, nil
		}
	}
	d := p.dialing[key]
	if d == nil && place != nil && len(p.open[key]) > 0 {
		return nil, nil
	}
	if d == nil {
		d = &dialing{done: make(chan struct{}), by: s}
		p.dialing[key] = d
		own := s.request.URL
		p.wait.Go(func() {
			defer s.lane.Recovered("a dial")
			p.add(d, key, u, own)
		})
	}
	return nil, d
}

// add dials a connection for everyone who waits for it. It goes on when the stream that asked first is cut.
func (p *pool) add(d *dialing, key string, u, own *url.URL) {
	var c *shared
	c, d.err = p.dial(p.ctx, d, key, u, own)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.dialing, key)
	if d.err == nil {
		p.open[key] = append(p.open[key], c)
		if limit := c.Available(); limit != unsaidLimit && (p.least == 0 || limit < p.least) {
			p.least = limit
		}
		c.SetStateHook(func(*http.ClientConn) { p.lines.poke(key) })
	}
	close(d.done)
}

func (p *pool) dial(ctx context.Context, d *dialing, key string, u, own *url.URL) (*shared, error) {
	dialed, err := p.t.dial(ctx, d.by.lane, u, own)
	if err != nil {
		return nil, err
	}
	tcp := d.by.engine.links.add(dialed)
	d.dialed = time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.t.config.DialTimeout)
	defer cancel()
	m := &meter{Conn: tcp, secure: u.Scheme == "https"}
	spoken, asked := net.Conn(m), false
	if u.Scheme == "https" {
		config, wanted := p.t.tls.once(u.Hostname())
		c := tls.Client(m, config)
		if err := c.HandshakeContext(ctx); err != nil {
			tcp.Close()
			return nil, p.t.handshakeFailure(err, *wanted)
		}
		if got := c.ConnectionState().NegotiatedProtocol; got != "h2" {
			c.Close()
			return nil, fail(tokenALPN, "the server did not choose HTTP/2 in the TLS handshake")
		}
		d.tlsDone = time.Now()
		tcp.how.Store(uint32(byAlert))
		spoken, asked = &carried{c, m}, *wanted
	}
	w := newPreface(spoken, asked)
	// HTTP/2 knows the connection as one in cleartext: what lies below is our affair. Each request names its own scheme.
	cc, err := p.protocol.NewClientConn(context.WithValue(ctx, dialedKey{}, &watched{w, d.by.lane.Lane}), "http", net.JoinHostPort(u.Hostname(), port(u)))
	if err != nil {
		w.Close()
		if asked {
			return nil, certificateRequired(err)
		}
		return nil, fail(tokenHTTP2, "%v", err)
	}
	if err := w.wait(ctx); err != nil {
		cc.Close()
		return nil, err
	}
	return &shared{ClientConn: cc, meter: m, lane: d.by.lane, to: key, origin: origin(u)}, nil
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
