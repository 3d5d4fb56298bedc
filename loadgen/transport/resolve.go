package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ssebench/loadgen"
)

// resolvedFor is how long the addresses of a name are used again: thousands of streams to one host are no thousands of queries.
const resolvedFor = 30 * time.Second

// resolver finds the addresses of hosts and remembers them.
type resolver struct {
	lane   *loadgen.Lane   // whose run a panic ends
	ctx    context.Context // of the queries
	cancel context.CancelFunc
	wait   sync.WaitGroup
	first  bool // connections are to the first address of a name, and not spread
	mu     sync.Mutex
	names  map[string]*resolution
}

// close ends the queries under way and waits for them. No lookup may come after it.
func (r *resolver) close() {
	r.cancel()
	r.wait.Wait()
}

// resolution is a query under way (done is open) or answered.
type resolution struct {
	done  chan struct{}
	until time.Time
	addrs []netip.Addr
	err   error
	turn  atomic.Uint64 // of the connections to them
}

// lookup gives the addresses of a host, at least one, in the order in which the next connection is to try them. Its error is a *loadgen.Failure.
func (r *resolver) lookup(ctx context.Context, host string, deadline time.Time) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	q := r.query(host, deadline)
	select {
	case <-q.done:
		if r.first || q.err != nil {
			return q.addrs, q.err
		}
		return q.spread(), nil
	case <-ctx.Done():
		return nil, errCut
	}
}

// spread gives the addresses for one more connection. Clients prefer the family that comes first by RFC 6724, and name servers give each
// client another address of it first, so that many clients go to all of them in turn; only where all of it fail is the other family tried.
func (q *resolution) spread() []netip.Addr {
	if len(q.addrs) == 1 {
		return q.addrs
	}
	turn := q.turn.Add(1) - 1
	var preferred, others []netip.Addr
	for _, a := range q.addrs {
		if a.Is4() == q.addrs[0].Is4() {
			preferred = append(preferred, a)
		} else {
			others = append(others, a)
		}
	}
	return slices.Concat(rotated(preferred, turn), rotated(others, turn))
}

// rotated begins with another one each turn.
func rotated(addrs []netip.Addr, turn uint64) []netip.Addr {
	if len(addrs) == 0 {
		return nil
	}
	n := int(turn % uint64(len(addrs)))
	return slices.Concat(addrs[n:], addrs[:n])
}

// query finds or starts a query. It goes on when the stream that asked first is cut, since others wait for it too.
func (r *resolver) query(host string, deadline time.Time) *resolution {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.names[host]; q != nil && !q.stale() {
		return q
	}
	q := &resolution{done: make(chan struct{})}
	if r.names == nil {
		r.names = make(map[string]*resolution)
	}
	r.names[host] = q
	r.wait.Go(func() {
		defer r.lane.Recovered("a lookup")
		q.ask(r.ctx, host, deadline)
	})
	return q
}

func (q *resolution) stale() bool {
	select {
	case <-q.done:
		return q.err != nil || time.Now().After(q.until)
	default:
		return false
	}
}

func (q *resolution) ask(ctx context.Context, host string, deadline time.Time) {
	defer close(q.done)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for _, a := range addrs {
		q.addrs = append(q.addrs, a.Unmap())
	}
	if err != nil || len(addrs) == 0 {
		q.err = dnsFailure(host, err)
	}
	q.until = time.Now().Add(resolvedFor)
}

func dnsFailure(host string, err error) error {
	if token, ok := system(err); ok {
		return fail(token, "while %s was looked up: %v", host, err)
	}
	var d *net.DNSError
	if errors.As(err, &d) {
		return fail(tokenDNS, "%s: %s", host, d.Err)
	}
	return fail(tokenDNS, "%s: %v", host, err)
}
