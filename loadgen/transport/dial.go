package transport

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// candidates is how far an opening has come in connecting.
type candidates struct {
	addrs []netip.Addr // still to be tried
	to    netip.AddrPort
	port  uint16
	by    int64 // deadline for all of them, in the loop's time
	first error // of the addresses that failed
}

// destination is the host and port to dial for a URL. own is the stream's own URL, which Config.ConnectTo speaks of.
func (t *Transport) destination(u, own *url.URL) (host string, number uint16, err error) {
	host = u.Hostname()
	service := port(u)
	if t.connectHost != "" && isHostOf(u, own) {
		host = t.connectHost
		if t.connectPort != "" && service == port(own) {
			service = t.connectPort
		}
	}
	n, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return "", 0, fail(tokenRequestInvalid, "port %q is no port", service)
	}
	return host, uint16(n), nil
}

// allowed asks about every address before the first is dialed.
func (t *Transport) allowed(addrs []netip.Addr) error {
	if t.config.Allow == nil {
		return nil
	}
	for _, a := range addrs {
		if err := t.config.Allow(a); err != nil {
			return fail(tokenAddressRefused, "%v", err)
		}
	}
	return nil
}

// dial connects to where the URL points, for a stream of the lane. ctx is done when the stream is cut; the errors are *loadgen.Failure.
func (t *Transport) dial(ctx context.Context, l *lane, u, own *url.URL) (*net.TCPConn, error) {
	host, port, err := t.destination(u, own)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(t.config.DialTimeout)
	addrs, err := t.resolver.lookup(ctx, host, deadline)
	if err == nil {
		err = t.allowed(addrs)
	}
	if err != nil {
		return nil, err
	}
	var first error
	for i, a := range addrs {
		// Each address gets its share of what time is left, so that a dead one does not hide the next.
		share := time.Until(deadline) / time.Duration(len(addrs)-i)
		c, err := t.connect(ctx, netip.AddrPortFrom(a, port), time.Now().Add(share))
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
		if i < len(addrs)-1 {
			l.Hold()
			l.failedOver(err)
			l.Release()
		}
	}
	return nil, first
}

func (t *Transport) connect(ctx context.Context, to netip.AddrPort, deadline time.Time) (*net.TCPConn, error) {
	// Keep-alive probes are traffic that no scenario asked for.
	d := net.Dialer{KeepAlive: -1}
	if len(t.config.SourceAddresses) > 0 {
		from, ok := t.source(to.Addr())
		if !ok {
			return nil, fail(tokenSourceAddress, "no source address is of the family of %s", to.Addr())
		}
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
		d.Control = bindWithoutPort
	}
	c, err := d.DialContext(deadlined{ctx, deadline}, "tcp", to.String())
	if err != nil {
		return nil, dialFailure(err)
	}
	return c.(*net.TCPConn), nil
}

// source takes the next source address of the target's family.
func (t *Transport) source(to netip.Addr) (netip.Addr, bool) {
	list := t.config.SourceAddresses
	turn := t.turn.Add(1) - 1
	for i := range uint64(len(list)) {
		a := list[(turn+i)%uint64(len(list))]
		if a.Unmap().Is4() == to.Unmap().Is4() {
			return a, true
		}
	}
	return netip.Addr{}, false
}
