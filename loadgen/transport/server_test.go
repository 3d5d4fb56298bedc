package transport

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// spoken is a way to speak to a server.
type spoken struct {
	name     string
	engine   string
	protocol string
	tls      bool
	proto    string // as an Opening has it
}

var everySpoken = []spoken{
	{"http1.1 on a loop", EngineLoop, HTTP1, false, "HTTP/1.1"},
	{"http1.1 on goroutines", EngineGoroutines, HTTP1, false, "HTTP/1.1"},
	{"https1.1 on a loop", EngineLoop, HTTP1, true, "HTTP/1.1"},
	{"https1.1 on goroutines", EngineGoroutines, HTTP1, true, "HTTP/1.1"},
	{"h2c on goroutines", EngineGoroutines, H2C, false, "HTTP/2.0"},
	{"http2 on goroutines", EngineGoroutines, HTTP2, true, "HTTP/2.0"},
}

// onEvery runs a test of HTTP/1.1 on every engine.
func onEvery(t *testing.T, test func(t *testing.T, engine string)) {
	for _, engine := range []string{EngineLoop, EngineGoroutines} {
		t.Run(engine, func(t *testing.T) { test(t, engine) })
	}
}

// inEvery runs a test in every way to speak. serve starts a server for it, and open a transport that trusts it.
func inEvery(t *testing.T, test func(t *testing.T, w *way)) {
	for _, s := range everySpoken {
		t.Run(s.name, func(t *testing.T) { test(t, &way{spoken: s, roots: x509.NewCertPool()}) })
	}
}

type way struct {
	spoken
	roots *x509.CertPool
}

// serve starts a server and gives its URL without a path.
func (w *way) serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	p := new(http.Protocols)
	p.SetHTTP1(w.protocol == HTTP1)
	p.SetHTTP2(w.protocol == HTTP2)
	p.SetUnencryptedHTTP2(w.protocol == H2C)
	s.Config.Protocols = p
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of every cut
	s.EnableHTTP2 = w.protocol == HTTP2
	if w.tls {
		s.StartTLS()
		w.roots.AddCert(s.Certificate())
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.URL
}

// transport makes a transport after the servers it is for.
func (w *way) transport(t *testing.T, c Config) (*Transport, *tally) {
	t.Helper()
	c.Engine, c.Protocol = w.engine, w.protocol
	c.TLS = &tls.Config{RootCAs: w.roots}
	return newTransport(t, c)
}

// flush sends what a handler wrote so far.
func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }
