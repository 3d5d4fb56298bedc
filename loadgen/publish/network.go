package publish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// explainNetwork gives an error of a connection its token and says what to do. prefix is "hook_" or "hook_redis_", where names what
// was called.
func explainNetwork(err error, prefix, where string, timeout time.Duration) error {
	var (
		refused   refusal
		dns       *net.DNSError
		noTLS     tls.RecordHeaderError
		badCert   *tls.CertificateVerificationError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		timedOut  net.Error
		wrapped   *url.Error
	)
	// *url.Error puts the method and the whole URL in front.
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.As(err, &refused):
		return fail("address_refused", "%s: %s", where, refused.Error())
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return setup("check its spelling", prefix+"dns", "%s: the host %q is not known", where, dns.Name)
		}
		return fail(prefix+"dns", "%s: the host %q could not be looked up (%s); check the network", where, dns.Name, dns.Err)
	case errors.As(err, &noTLS), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return setup("use the scheme without it", prefix+"tls", "%s does not answer with TLS", where)
	case strings.Contains(err.Error(), "server response headers exceeded"), strings.Contains(err.Error(), "too many 1xx"):
		return fail(prefix+"header_too_large", "%s: the header of its answer has more than %d KiB; see what answers there", where, mostHead>>10)
	case errors.As(err, &badCert) && errors.As(err, &authority):
		return setup("trust it in the TLS settings", prefix+"tls", "%s: its certificate is not signed by a known authority", where)
	case errors.As(err, &badCert), errors.As(err, &alert):
		return setup("see the TLS settings", prefix+"tls", "%s: %s", where, clip(err.Error(), 200))
	case errors.Is(err, syscall.ECONNREFUSED):
		return setup("start the server, or correct the address", prefix+"refused", "%s: nothing listens there (connection refused)", where)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fail(prefix+"reset", "%s: it reset the connection before it answered; see the server's log", where)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed idle connection"):
		return fail(prefix+"eof", "%s: it closed the connection before it answered; see the server's log", where)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fail(prefix+"unreachable", "%s: there is no route to it; check the network", where)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fail(prefix+"ports", "%s: no ephemeral port is left; let the hook keep its connections, or widen net.ipv4.ip_local_port_range", where)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fail(prefix+"open_files", "%s: no file descriptor is left; raise ulimit -n", where)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return fail(prefix+"timeout", "%s: no answer within %s; see the server's log, or give the hook a longer timeout", where, timeout)
	}
	return fail(prefix+"failed", "%s: %s", where, clip(showText(err.Error()), 200))
}
