package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"ssebench/loadgen"
)

// tlsConfigs has a tls.Config for each host, since each carries the host's name.
type tlsConfigs struct {
	base     *tls.Config
	sessions *sessions
	mu       sync.Mutex
	byHost   map[string]*tls.Config
}

// curves are offered where the caller names none: Go's, but for the post-quantum ones, whose key share and arithmetic would be a third of
// a handshake's cost. A server that has no X25519 asks for another one (RFC 8446 section 4.1.4), at the price of a round trip.
var curves = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}

// configure takes the caller's configuration over, as a copy that offers one protocol.
func (t *tlsConfigs) configure(c Config) {
	t.base = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		t.base = c.TLS.Clone()
	}
	t.base.ServerName = ASCIIHost(t.base.ServerName)
	t.base.NextProtos = []string{"http/1.1"}
	if c.Protocol != HTTP1 {
		t.base.NextProtos = []string{"h2"}
	}
	if len(t.base.CurvePreferences) == 0 {
		t.base.CurvePreferences = curves
	}
	t.sessions = newSessions(t.base)
}

// handshake makes the configuration of one handshake. resume: it may use a session ticket. asked is set during the handshake where the server
// asks for a client certificate and the caller has given none.
func (t *tlsConfigs) handshake(host string, resume bool) (c *tls.Config, asked *bool) {
	c, asked = t.once(host)
	c.ClientSessionCache = t.sessions.view(resume)
	return c, asked
}

// once is handshake without session tickets of the Transport's.
func (t *tlsConfigs) once(host string) (c *tls.Config, asked *bool) {
	c, asked = t.of(host).Clone(), new(bool)
	if len(c.Certificates) == 0 && c.GetClientCertificate == nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			*asked = true
			return new(tls.Certificate), nil
		}
	}
	return c, asked
}

func (t *tlsConfigs) of(host string) *tls.Config {
	if t.base.ServerName != "" {
		return t.base
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byHost[host]
	if c == nil {
		c = t.base.Clone()
		c.ServerName = strings.TrimSuffix(withoutZone(host), ".")
		if t.byHost == nil {
			t.byHost = make(map[string]*tls.Config)
		}
		t.byHost[host] = c
	}
	return c
}

// handshake puts TLS on a connection. The connection stays the caller's to close.
func (s *stream) handshake(c *conn, host string) error {
	if err := s.guard(c); err != nil {
		return err
	}
	// Every TLS byte passes the meter.
	c.meter = &meter{Conn: c.tcp, secure: true}
	config, asked := s.lane.t.tls.handshake(host, s.resumes)
	t := tls.Client(c.meter, config)
	s.setDeadline(time.Now().Add(s.lane.t.config.DialTimeout))
	err := t.Handshake()
	s.setDeadline(time.Time{})
	s.lane.Hold()
	c.flush(s.lane)
	s.lane.Release()
	if s.cut() {
		return errCut
	}
	if err != nil {
		return s.lane.t.handshakeFailure(err, *asked)
	}
	c.tcp.how.Store(uint32(byAlert))
	c.Conn, c.asked, s.resumes = &carried{t, c.meter}, *asked, true
	return nil
}

// handshakeFailure names what went wrong in a TLS handshake. asked: the server asked for a client certificate in it.
func (t *Transport) handshakeFailure(err error, asked bool) *loadgen.Failure {
	var verification *tls.CertificateVerificationError
	token, known := system(err)
	switch {
	case asked && (known || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "remote error: ")):
		return certificateRequired(err)
	case errors.As(err, &verification):
		return fail(tokenTLSCertificate, "%v", err)
	case strings.Contains(err.Error(), "no application protocol"): // crypto/tls exports no alert of a peer's
		return fail(tokenALPN, "the server speaks no %s: %v", t.config.Protocol, err)
	case known:
		return fail(token, "during the TLS handshake: %v", err)
	case isTimeout(err):
		return fail(tokenTLSHandshake, "the TLS handshake took longer than %v", t.config.DialTimeout)
	case errors.Is(err, io.EOF):
		return fail(tokenTLSHandshake, "the server closed the connection during the TLS handshake")
	}
	return fail(tokenTLSHandshake, "%v", err)
}

// certificateRequired is the failure of a connection on which the server asked for a client certificate, got none, and answered nothing.
func certificateRequired(err error) *loadgen.Failure {
	return fail(tokenTLSClient, "the server asked for a client certificate, of which there is none, and ended the connection: %v", err)
}

// unanswered names the failure of a first request, to which nothing came, on a connection whose server had asked for a client certificate.
// Under TLS 1.3 a server learns that there is none after our side of the handshake is done, so its alert, the end of the connection, and the
// reset by a request that it does not read race each other.
func unanswered(err error) error {
	switch f := failureOf(err); {
	case f == nil:
	case f.Token == tokenReset, f.Token == tokenNoResponse, f.Token == tokenTLSRecord:
		return certificateRequired(f)
	}
	return err
}
