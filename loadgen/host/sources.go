package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// LoopbackSources gives the source addresses that n streams to one or more destinations in 127.0.0.0/8 need, 127.0.0.1 first:
// each of them takes a quarter of the ephemeral ports towards each destination. Nil: the system's own choice is enough.
// destinations of 0 is 1.
func LoopbackSources(n, destinations int) ([]netip.Addr, error) {
	l := readLimits("/proc")
	count := l.loopbackSources(int64(n), max(1, int64(destinations)))
	if count <= 1 {
		return nil, nil
	}
	addrs := make([]netip.Addr, count)
	a := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for i := range addrs {
		addrs[i] = a
		a = a.Next()
	}
	// Linux gives this machine the whole network; others, and some containers, have 127.0.0.1 alone.
	last := addrs[count-1]
	ln, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(last, 0)))
	if err != nil {
		return nil, fmt.Errorf("%d streams need the source addresses 127.0.0.1 to %s, and this system does not have the last: %w; use fewer streams, or sudo ip addr add %s/8 dev lo", n, last, err, last)
	}
	return addrs, ln.Close()
}

// shareOfPorts: Linux looks among the ports of one parity first, from a random place on. When these run out, with half of the range
// taken, each connect(2) walks through all of them, at milliseconds of CPU; well below it finds one at once, and addresses cost nothing.
const shareOfPorts = 4

// loopbackSources is a count; 1 where the range is not known.
func (l *limits) loopbackSources(n, destinations int64) int64 {
	each := l.ports() * destinations / shareOfPorts
	if each <= 0 {
		return 1
	}
	return max(1, ceilDiv(n, each))
}

// FreePort finds a TCP port that nobody listens on at the address, outside of the ephemeral range: while a server restarts, none of
// the generator's own connections can take its port, nor, dialing it, meet itself there.
func FreePort(ctx context.Context, addr netip.Addr) (int, error) {
	l := readLimits("/proc")
	for range 200 {
		port := 10_000 + rand.Int64N(55_536)
		if port >= l.portFrom && port <= l.portTo {
			continue
		}
		if free(ctx, addr, port) == nil {
			return int(port), nil
		}
	}
	// The range covers nearly everything, so any free port has to do.
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			return 0, fmt.Errorf("no port at %s: it is not an address of this machine", addr)
		}
		return 0, fmt.Errorf("no free port at %s: %w", addr, err)
	}
	return ln.Addr().(*net.TCPAddr).Port, ln.Close()
}

func free(ctx context.Context, addr netip.Addr, port int64) error {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", net.JoinHostPort(addr.String(), strconv.FormatInt(port, 10)))
	if err != nil {
		return err
	}
	return ln.Close()
}
