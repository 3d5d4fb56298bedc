package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ssebench/loadgen"
)

// selfSigned makes a certificate for names and addresses, and a pool that trusts it.
var selfSigned = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "ssebench test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"sse.example"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
})

// secureScript is script over TLS, with a configuration that trusts it.
func secureScript(t *testing.T, serve func(p *peer)) (url string, trusting *tls.Config) {
	t.Helper()
	certificate, roots := selfSigned()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := scriptOn(t, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}}), serve)
	return "https://" + address, &tls.Config{RootCAs: roots}
}

func TestSelfSignedCertificate(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		if !w.tls {
			return
		}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, "data: 1\n\n") })
		for name, c := range map[string]struct {
			config *tls.Config
			token  string
		}{
			"trusted":     {&tls.Config{RootCAs: w.roots}, loadgen.TokenEOF},
			"unchecked":   {&tls.Config{InsecureSkipVerify: true}, loadgen.TokenEOF},
			"unknown":     {nil, tokenTLSCertificate},
			"other name":  {&tls.Config{RootCAs: w.roots, ServerName: "other.example.org"}, tokenTLSCertificate},
			"given name":  {&tls.Config{RootCAs: w.roots, ServerName: "example.com"}, loadgen.TokenEOF},
			"old version": {&tls.Config{RootCAs: w.roots, MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10}, tokenTLSHandshake},
		} {
			tr, _ := newTransport(t, Config{Engine: w.engine, Protocol: w.protocol, TLS: c.config})
			r := newReader(t)
			open(tr, get(t, u), r)
			e := r.untilToken(c.token)
			if opened := len(r.openings) == 1; opened != (c.token == loadgen.TokenEOF) || !opened && !e.Requested.IsZero() || opened && r.openings[0].Requested.IsZero() {
				t.Errorf("%s: openings %+v, ending %+v", name, r.openings, e)
			}
		}
	})
}

// The host's own name is in SNI and Host though another address is dialed.
func TestConnectToKeepsTheName(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			name := "no TLS"
			if r.TLS != nil {
				name = r.TLS.ServerName
			}
			if r.URL.Path == "/other" {
				http.Redirect(rw, r, r.URL.Query().Get("to"), http.StatusFound)
				return
			}
			if r.URL.Path == "/redirect" {
				http.Redirect(rw, r, "/end", http.StatusFound)
				return
			}
			io.WriteString(rw, r.Host+" "+name)
		})
		scheme, address, _ := strings.Cut(u, "://")
		host, port, _ := strings.Cut(address, ":")
		name := "example.com"
		if !w.tls {
			name = "sse.invalid"
		}
		sni := " no TLS"
		if w.tls {
			sni = " example.com"
		}
		other := w.serve(t, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, "other") })
		_, otherPort, _ := strings.Cut(strings.TrimPrefix(other, scheme+"://"), ":")
		for _, c := range []struct{ connectTo, url, want string }{
			{address, scheme + "://" + name + "/other", "other"},
			{address, scheme + "://" + name + "/redirect", name + sni},
			{host, scheme + "://" + name + ":" + port + "/redirect", name + ":" + port + sni},
		} {
			tr, _ := w.transport(t, Config{ConnectTo: c.connectTo})
			r := newReader(t)
			q := get(t, c.url+"?to="+scheme+"://"+name+":"+otherPort)
			q.Login = get(t, c.url+"?to=x")
			open(tr, q, r)
			r.untilToken(loadgen.TokenEOF)
			if r.body.String() != c.want || c.want != "other" && r.openings[0].Remote != address {
				t.Errorf("got %q by way of %s, want %q", r.body.String(), r.openings[0].Remote, c.want)
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// connect_to is for the URL's host, however that is written, for what it redirects to and for its login; Host has the A-label.
func TestConnectToOfANameInUnicode(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		w := &way{spoken: spoken{engine: engine, protocol: HTTP1}}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/redirect" {
				http.Redirect(rw, r, "http://"+r.Host+"/end", http.StatusFound)
				return
			}
			io.WriteString(rw, r.Host)
		})
		for host, want := range map[string]string{
			"bücher.invalid":        "xn--bcher-kva.invalid",
			"例え.invalid:81":         "xn--r8jz45g.invalid:81",
			"xn--bcher-kva.invalid": "xn--bcher-kva.invalid",
			"EXAMPLE.invalid":       "EXAMPLE.invalid",
			"[fe80::1%25eth0]":      "[fe80::1]",
		} {
			tr, _ := w.transport(t, Config{ConnectTo: strings.TrimPrefix(u, "http://")})
			q := get(t, "http://"+host+"/redirect")
			if strings.HasPrefix(host, "[") {
				q = get(t, "http://"+host+"/end") // a redirect to its Host leads to another address
			}
			q.Login = get(t, "http://"+host+"/login")
			r := newReader(t)
			open(tr, q, r)
			if e := r.untilOver(); e.Token != loadgen.TokenEOF || r.body.String() != want {
				t.Errorf("%s: %s (%s), Host %q, want %q", host, e.Token, e.Message, r.body.String(), want)
			}
		}
	})
}

func TestHandshakesThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(p *peer)
		token string
	}{
		"plain HTTP": {func(p *peer) {
			p.say("HTTP/1.1 400 Bad Request\r\n\r\n")
			p.gone()
		}, tokenTLSHandshake},
		"closes":       {func(p *peer) { p.Read(make([]byte, 64<<10)) }, tokenTLSHandshake},
		"says nothing": {func(p *peer) { p.gone() }, tokenTLSHandshake},
		"resets": {func(p *peer) {
			p.Conn.(*net.TCPConn).SetLinger(0)
		}, tokenReset},
	} {
		t.Run(name, func(t *testing.T) {
			u := "https" + strings.TrimPrefix(script(t, c.serve), "http")
			for _, protocol := range []string{HTTP1, HTTP2} {
				patience := time.Second
				if name != "says nothing" {
					patience = 0
				}
				tr, _ := newTransport(t, Config{Protocol: protocol, DialTimeout: patience})
				r := newReader(t)
				open(tr, get(t, u), r)
				if e := r.untilToken(c.token); !e.Requested.IsZero() || e.DialStart.IsZero() {
					t.Errorf("%s: %+v", protocol, e)
				}
			}
		})
	}
}

func TestProtocolNotAgreed(t *testing.T) {
	certificate, roots := selfSigned()
	for offered, want := range map[string]map[string]string{
		"http/1.1": {HTTP1: loadgen.TokenEOF, HTTP2: tokenALPN},
		"":         {HTTP1: loadgen.TokenEOF, HTTP2: tokenALPN},
	} {
		config := &tls.Config{Certificates: []tls.Certificate{certificate}}
		if offered != "" {
			config.NextProtos = []string{offered}
		}
		l, err := tls.Listen("tcp", "127.0.0.1:0", config)
		if err != nil {
			t.Fatal(err)
		}
		u := "https://" + scriptOn(t, l, func(p *peer) {
			if p.next() {
				p.say(okHead + "Content-Length: 0\r\n\r\n")
			}
		})
		for protocol, token := range want {
			tr, _ := newTransport(t, Config{Protocol: protocol, TLS: &tls.Config{RootCAs: roots}})
			r := newReader(t)
			open(tr, get(t, u), r)
			if e := r.untilOver(); e.Token != token {
				t.Errorf("%s to a server of %q: %+v, want %s", protocol, offered, e, token)
			}
		}
	}
	tr, _ := newTransport(t, Config{Protocol: HTTP2})
	r := newReader(t)
	open(tr, get(t, "http://127.0.0.1:1/"), r)
	if e := r.untilToken(tokenALPN); !e.Permanent {
		t.Errorf("%+v", e)
	}
}

// Without close_notify nobody knows whether a body of unknown length is whole (RFC 8446 section 6.1, RFC 9112 section 9.8). One whose end is
// announced needs none.
func TestCloseWithoutCloseNotify(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		end    func(secure *tls.Conn)
		token  string
	}{
		"properly":                   {okHead + "\r\ndata: 1\n\n", func(c *tls.Conn) { c.Close() }, loadgen.TokenEOF},
		"without":                    {okHead + "\r\ndata: 1\n\n", func(c *tls.Conn) { c.NetConn().Close() }, tokenTLSTruncated},
		"inside a record":            {okHead + "\r\ndata: 1\n\n", func(c *tls.Conn) { c.NetConn().Write([]byte{23, 3, 3, 0, 80, 1, 2, 3}); c.NetConn().Close() }, tokenTLSTruncated},
		"inside a record's head":     {okHead + "\r\ndata: 1\n\n", func(c *tls.Conn) { c.NetConn().Write([]byte{23, 3}); c.NetConn().Close() }, tokenTLSTruncated},
		"of a known length":          {okHead + "Content-Length: 9\r\n\r\ndata: 1\n\n", func(c *tls.Conn) { c.NetConn().Close() }, loadgen.TokenEOF},
		"after the last chunk":       {okHead + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n", func(c *tls.Conn) { c.NetConn().Close() }, loadgen.TokenEOF},
		"before the announced end":   {okHead + "Content-Length: 99\r\n\r\ndata: 1\n\n", func(c *tls.Conn) { c.NetConn().Close() }, tokenBodyTruncated},
		"properly before a last one": {okHead + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n", func(c *tls.Conn) { c.Close() }, tokenBodyTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			onEvery(t, func(t *testing.T, engine string) {
				for _, most := range []uint16{tls.VersionTLS12, tls.VersionTLS13} { // crypto/tls under TLS 1.2, on a loop too
					u, trusting := secureScript(t, func(p *peer) {
						p.next()
						p.say(c.answer)
						c.end(p.Conn.(*tls.Conn))
					})
					trusting.MaxVersion = most
					tr, _ := newTransport(t, Config{Engine: engine, TLS: trusting})
					r := newReader(t)
					open(tr, get(t, u), r)
					if e := r.untilToken(c.token); !e.Opened || r.body.String() != "data: 1\n\n" {
						t.Errorf("%s: %+v, body %q", tls.VersionName(most), e, r.body.String())
					}
				}
			})
		})
	}
}

// A server that breaks TLS after the handshake.
func TestBrokenRecord(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		u, trusting := secureScript(t, func(p *peer) {
			p.next()
			p.Conn.(*tls.Conn).NetConn().Write(append([]byte{23, 3, 3, 0, 80}, make([]byte, 80)...))
			p.gone()
		})
		tr, _ := newTransport(t, Config{Engine: engine, TLS: trusting})
		r := newReader(t)
		open(tr, get(t, u), r)
		r.untilToken(tokenTLSRecord)
	})
}
