package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// resolvedFor is how long the addresses of a name are used again: thousands of streams to one host are no thousands of queries.
const resolvedFor = 30 * time.Second

// resolver finds the addresses of hosts and remembers them.
type resolver struct {
	ctx    context.Context // of the queries
	cancel context.CancelFunc
	wait   sync.WaitGroup
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
}

// lookup gives the addresses of a host, at least one, in the order of RFC 6724. Its error is a *loadgen.Failure.
func (r *resolver) lookup(ctx context.Context, host string, deadline time.Time) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	q := r.query(host, deadline)
	select {
	case <-q.done:
		return q.addrs, q.err
	case <-ctx.Done():
		return nil, errCut
	}
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
	r.wait.Go(func() { q.ask(r.ctx, host, deadline) })
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
