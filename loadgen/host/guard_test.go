package host

import (
	"context"
	"net/netip"
	"testing"
)

func TestGuardAllow(t *testing.T) {
	g, err := NewGuard(t.Context(), []string{"192.0.2.1", "[2001:db8::1]", "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	for addr, allowed := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "0.0.0.0": true, "::": true,
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "2001:db8::1": true, "2001:db8::1%eth0": true,
		"192.0.2.2": false, "::ffff:192.0.2.2": false, "2001:db8::2": false, "10.0.0.1": false, "169.254.169.254": false,
	} {
		err := g.Allow(netip.MustParseAddr(addr))
		if (err == nil) != allowed {
			t.Errorf("%s: %v", addr, err)
		}
	}
	var none *Guard
	if err := none.Allow(netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Error(err)
	}
	wantError(t, none.Allow(netip.MustParseAddr("::ffff:192.0.2.1")), "192.0.2.1 is not this machine", "--i-may-load 192.0.2.1")
}

func TestGuardCheck(t *testing.T) {
	g, err := NewGuard(t.Context(), []string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "[::1]", "192.0.2.1"} {
		if err := g.Check(t.Context(), host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	wantError(t, g.Check(t.Context(), "192.0.2.2"), "192.0.2.2 is not this machine; if you may load it, say --i-may-load 192.0.2.2")
}

func TestGuardMistakes(t *testing.T) {
	for host, want := range map[string]string{
		"":                   "is not a host",
		"http://example.com": "no URL",
		"10.0.0.0/8":         "no network",
		"example.com:80":     "without a port",
		"*":                  "is not a host",
	} {
		_, err := NewGuard(t.Context(), []string{host})
		wantError(t, err, "--i-may-load "+host, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := NewGuard(ctx, []string{"no-such-host.invalid"})
	wantError(t, err, "--i-may-load no-such-host.invalid", "give the address")
}
