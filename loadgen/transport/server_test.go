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
	shared   int    // streams on a connection; 0: one
}

var everySpoken = []spoken{
	{"http1.1 on a loop", EngineLoop, HTTP1, false, "HTTP/1.1", 0},
	{"http1.1 on goroutines", EngineGoroutines, HTTP1, false, "HTTP/1.1", 0},
	{"https1.1 on a loop", EngineLoop, HTTP1, true, "HTTP/1.1", 0},
	{"https1.1 on goroutines", EngineGoroutines, HTTP1, true, "HTTP/1.1", 0},
	{"h2c on a loop", EngineLoop, H2C, false, "HTTP/2.0", 0},
	{"h2c on a loop, shared", EngineLoop, H2C, false, "HTTP/2.0", 100},
	{"h2c on goroutines", EngineGoroutines, H2C, false, "HTTP/2.0", 0},
	{"h2c on goroutines, shared", EngineGoroutines, H2C, false, "HTTP/2.0", 100},
	{"http2 on a loop", EngineLoop, HTTP2, true, "HTTP/2.0", 0},
	{"http2 on a loop, shared", EngineLoop, HTTP2, true, "HTTP/2.0", 100},
	{"http2 on goroutines", EngineGoroutines, HTTP2, true, "HTTP/2.0", 0},
}

// onEvery runs a test of HTTP/1.1 on every engine.
func onEvery(t *testing.T, test func(t *testing.T, engine string)) {
	for _, engine := range []string{EngineLoop, EngineGoroutines} {
		t.Run(engine, func(t *testing.T) { test(t, engine) })
	}
}

// overHTTP2 runs a test of HTTP/2 on every engine, with streams that share connections and with streams that do not.
func overHTTP2(t *testing.T, test func(t *testing.T, c Config)) {
	for _, s := range everySpoken {
		if s.protocol == H2C {
			t.Run(s.name, func(t *testing.T) {
				test(t, Config{Engine: s.engine, Protocol: H2C, StreamsPerConnection: s.shared})
			})
		}
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
	return w.serveWith(t, nil, h)
}

// serveWith is serve with settings of TLS.
func (w *way) serveWith(t *testing.T, settings *tls.Config, h http.HandlerFunc) string {
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
		s.TLS = settings
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
	c.Engine, c.Protocol, c.StreamsPerConnection = w.engine, w.protocol, w.shared
	c.TLS = &tls.Config{RootCAs: w.roots}
	return newTransport(t, c)
}

// flush sends what a handler wrote so far.
func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }
