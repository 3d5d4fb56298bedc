package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Guard keeps load away from every machine that the user did not name: from a stranger's by a typo, and from production. The
// nil Guard knows this machine only. It is safe for concurrent use.
type Guard struct {
	allowed map[netip.Addr]bool
}

// resolveLimit bounds the look-up of a name.
const resolveLimit = 5 * time.Second

// NewGuard allows loopback and the hosts, which are names or addresses. A name is looked up once, here: where it leads later does
// not count.
func NewGuard(ctx context.Context, hosts []string) (*Guard, error) {
	g := &Guard{allowed: map[netip.Addr]bool{}}
	for _, host := range hosts {
		addrs, err := resolve(ctx, host)
		if err != nil {
			return nil, fmt.Errorf("--i-may-load %s: %w", host, err)
		}
		for _, a := range addrs {
			g.allowed[plain(a)] = true
		}
	}
	return g, nil
}

// Allow is nil for an address that may be loaded. Dialers ask it for the address that they are about to connect to, so that
// neither a redirect nor a name server leads astray.
func (g *Guard) Allow(addr netip.Addr) error {
	addr = plain(addr)
	// The unspecified address connects to this machine.
	if addr.IsLoopback() || addr.IsUnspecified() || g != nil && g.allowed[addr] {
		return nil
	}
	return fmt.Errorf("%s is not this machine; if you may load it, say --i-may-load %s (or its host's name)", addr, addr)
}

// Check looks the host up and holds each of its addresses against Allow: what a dialer would find later is told before the first
// connection, with the host's name.
func (g *Guard) Check(ctx context.Context, host string) error {
	addrs, err := resolve(ctx, host)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		if g.Allow(a) == nil {
			continue
		}
		where := host
		if a.String() != host {
			where += " (" + a.String() + ")"
		}
		return fmt.Errorf("%s is not this machine; if you may load it, say --i-may-load %s", where, host)
	}
	return nil
}

// plain drops what does not matter for whom an address belongs to.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// resolve gives the addresses of a name or of an address that is written out.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if strings.Contains(host, "/") {
		return nil, fmt.Errorf("%q is not a host: give a name or an address, no URL and no network", host)
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.Addr{a}, nil
	}
	if host == "" || strings.ContainsAny(host, ": \t*") {
		return nil, fmt.Errorf("%q is not a host: give a name or an address, without a port", host)
	}
	ctx, cancel := context.WithTimeout(ctx, resolveLimit)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no name server answered for %q within %s; check the network, or give the address", host, resolveLimit)
		}
		return nil, fmt.Errorf("the host %q is not known; check its spelling, or give the address", host)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs, nil
}
