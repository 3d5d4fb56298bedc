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
	host, err := httpguts.PunycodeHostPort(u.Host)
	if err != nil {
		host = u.Host // the lookup will tell
	}
	query := escapeQuery(u.RawQuery)
	if host == u.Host && query == u.RawQuery {
		return u
	}
	out := *u
	out.Host, out.RawQuery = host, query
	return &out
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
	p := u.Port()
	if p == "" || u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443" {
		return strings.TrimSuffix(u.Host, ":"+p)
	}
	return u.Host
}
