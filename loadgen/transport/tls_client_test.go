package transport

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"ssebench/loadgen"
)

// serveAsking serves with a configuration of its own, which asks for client certificates.
func (w *way) serveAsking(t *testing.T, asks tls.ClientAuthType, most uint16) string {
	t.Helper()
	return w.serveWith(t, &tls.Config{ClientAuth: asks, MaxVersion: most}, func(rw http.ResponseWriter, r *http.Request) {
		io.WriteString(rw, "data: 1\n\n")
	})
}

// A server that wants a client certificate is named, whoever of its alert, its end and its reset comes first.
func TestClientCertificateIsRequired(t *testing.T) {
	certificate, _ := selfSigned()
	inEvery(t, func(t *testing.T, w *way) {
		if !w.tls {
			return
		}
		for name, c := range map[string]struct {
			asks  tls.ClientAuthType
			most  uint16
			own   []tls.Certificate
			token string
		}{
			"required under TLS 1.3": {tls.RequireAnyClientCert, tls.VersionTLS13, nil, tokenTLSClient},
			"required under TLS 1.2": {tls.RequireAnyClientCert, tls.VersionTLS12, nil, tokenTLSClient},
			"asked for":              {tls.RequestClientCert, tls.VersionTLS13, nil, loadgen.TokenEOF},
			"given":                  {tls.RequireAnyClientCert, tls.VersionTLS13, []tls.Certificate{certificate}, loadgen.TokenEOF},
		} {
			u := w.serveAsking(t, c.asks, c.most)
			tr, _ := newTransport(t, Config{
				Engine: w.engine, Protocol: w.protocol, StreamsPerConnection: w.shared, TLS: &tls.Config{RootCAs: w.roots, Certificates: c.own},
			})
			var readers []*reader
			for range 20 { // a race shows among so many
				r := newReader(t)
				readers = append(readers, r)
				open(tr, get(t, u), r)
			}
			for _, r := range readers {
				if e := r.untilOver(); e.Token != c.token {
					t.Errorf("%s: %s (%s), want %s", name, e.Token, e.Message, c.token)
				}
			}
		}
	})
}

// What ends the connection without a word says as little, and what ends one that was used says nothing of certificates.
func TestClientCertificateAskedFor(t *testing.T) {
	certificate, roots := selfSigned()
	for name, c := range map[string]struct {
		serve func(secure *tls.Conn, p *peer)
		asks  tls.ClientAuthType
		token string
	}{
		"closes":       {func(secure *tls.Conn, p *peer) { secure.NetConn().Close() }, tls.RequestClientCert, tokenTLSClient},
		"says goodbye": {func(secure *tls.Conn, p *peer) { secure.Close() }, tls.RequestClientCert, tokenTLSClient},
		"resets": {func(secure *tls.Conn, p *peer) {
			secure.NetConn().(*net.TCPConn).SetLinger(0)
			secure.NetConn().Close()
		}, tls.RequestClientCert, tokenTLSClient},
		"closes unasked": {func(secure *tls.Conn, p *peer) { secure.Close() }, tls.NoClientCert, tokenNoResponse},
		"breaks off": {func(secure *tls.Conn, p *peer) {
			p.say("HTTP/1.1 200")
			secure.Close()
		}, tls.RequestClientCert, tokenHeadTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			onEvery(t, func(t *testing.T, engine string) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				u := "https://" + scriptOn(t, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: c.asks}), func(p *peer) {
					if p.next() {
						c.serve(p.Conn.(*tls.Conn), p)
					}
				})
				tr, _ := newTransport(t, Config{Engine: engine, TLS: &tls.Config{RootCAs: roots}})
				r := newReader(t)
				open(tr, get(t, u), r)
				r.untilToken(c.token)
			})
		})
	}
}

// A kept connection that is reset has had an answer.
func TestResetOfAKeptConnectionIsNoCertificate(t *testing.T) {
	certificate, roots := selfSigned()
	onEvery(t, func(t *testing.T, engine string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequestClientCert}
		u := "https://" + scriptOn(t, tls.NewListener(l, config), func(p *peer) {
			p.next()
			p.say(okHead + "Content-Length: 0\r\n\r\n")
			p.next()
			p.Conn.(*tls.Conn).NetConn().(*net.TCPConn).SetLinger(0)
			p.Conn.(*tls.Conn).NetConn().Close()
		})
		tr, _ := newTransport(t, Config{Engine: engine, TLS: &tls.Config{RootCAs: roots}})
		r := newReader(t)
		r.reopen = func(loadgen.Ending) (again time.Time) {
			if len(r.endings) == 1 {
				again = time.Now()
			}
			return again
		}
		q := get(t, u)
		q.Method, q.Body = "POST", []byte("not sent again")
		open(tr, q, r)
		r.untilToken(tokenReset)
	})
}
