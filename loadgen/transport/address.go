package transport

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// sendable gives a URL as it can stand in a request: a host in ASCII, and a query without bytes that would end the request line or
// that the URL standard escapes. It is the URL itself where nothing has to change.
func sendable(u *url.URL) *url.URL {
	if u == nil {
		return nil
	}
	host := ASCIIHost(u.Host)
	query := escapeQuery(u.RawQuery)
	if host == u.Host && query == u.RawQuery {
		return u
	}
	out := *u
	out.Host, out.RawQuery = host, query
	return &out
}

// ASCIIHost gives a host, which may have a port, as it is looked up and sent: with the A-labels of its names (RFC 5890).
func ASCIIHost(host string) string {
	ascii, err := httpguts.PunycodeHostPort(host)
	if err != nil {
		return host // the lookup will tell
	}
	return ascii
}

// isHostOf reports whether a URL, as it is sent, has the host of another one, as it was written.
func isHostOf(sent, written *url.URL) bool {
	return strings.EqualFold(sent.Hostname(), sendable(written).Hostname())
}

// withoutZone takes the zone off an address of IPv6, which says something on this machine alone (RFC 6874 section 4).
func withoutZone(host string) string {
	address, zone, ok := strings.Cut(host, "%")
	if !ok || !strings.Contains(address, ":") {
		return host
	}
	if end := strings.IndexByte(zone, ']'); end >= 0 {
		return address + zone[end:]
	}
	return address
}

// escapeQuery escapes the query percent-encode set of the URL standard.
func escapeQuery(q string) string {
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"#<>`, r) }
	if !strings.ContainsFunc(q, bad) {
		return q
	}
	var b strings.Builder
	for i := range len(q) {
		if bad(rune(q[i])) {
			fmt.Fprintf(&b, "%%%02X", q[i])
		} else {
			b.WriteByte(q[i])
		}
	}
	return b.String()
}

// port gives a URL's port.
func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// origin is what a connection, a credential and a cookie's owner belong to (RFC 6454).
func origin(u *url.URL) string { return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port(u)) }

// authority is the URL's host, with its port unless that is the scheme's own.
func authority(u *url.URL) string {
	p, host := u.Port(), withoutZone(u.Host)
	if p == "" || u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443" {
		return strings.TrimSuffix(host, ":"+p)
	}
	return host
}
