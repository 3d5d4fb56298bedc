package transport

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"ssebench/loadgen"
	"ssebench/results"
)

// The method and body rules of HTTP-redirect fetch.
func TestRedirectMethodAndBody(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			status := 0
			if fmt.Sscanf(r.URL.Path, "/%d", &status); status > 0 {
				rw.Header().Set("Location", "target?a=b#c")
				rw.WriteHeader(status)
				return
			}
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(rw, "%s %s %q type=%q length=%q accept=%q", r.Method, r.URL, body, r.Header.Get("Content-Type"), r.Header.Get("Content-Length"), r.Header.Get("Accept"))
		})
		tr, sum := w.transport(t, Config{})
		kept := `POST /target?a=b "prompt" type="text/plain" length="6" accept="text/event-stream"`
		changed := `GET /target?a=b "" type="" length="" accept="text/event-stream"`
		for status, want := range map[int]string{301: changed, 302: changed, 303: changed, 307: kept, 308: kept} {
			for _, method := range []string{"GET", "POST"} {
				q := get(t, fmt.Sprintf("%s/%d", u, status), "Accept", "text/event-stream")
				want := want
				if q.Method = method; method == "POST" {
					q.Body = []byte("prompt")
					q.Header = append(q.Header, loadgen.Field{Name: "content-type", Value: "text/plain"})
				} else {
					want = changed
				}
				before := sum.of(results.RequestsCount)
				r := newReader(t)
				open(tr, q, r)
				r.untilToken(loadgen.TokenEOF)
				if got := r.body.String(); got != want {
					t.Errorf("%d of %s: got %s, want %s", status, method, got, want)
				}
				if o := r.openings[0]; len(r.openings) != 1 || o.URL.Path != "/target" || o.Status != 200 {
					t.Errorf("openings %+v", r.openings)
				}
				if n := sum.of(results.RequestsCount) - before; n != 2 {
					t.Errorf("%d requests", n)
				}
				if len(q.Body) != 0 != (method == "POST") || q.URL.Path == "/target" || q.Header[0].Name != "Accept" || q.Header[len(q.Header)-1].Name == "" {
					t.Errorf("the caller's request was changed: %+v", q)
				}
			}
		}
	})
}

func TestRedirectsThatCannotBeFollowed(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			n := 0
			fmt.Sscanf(r.URL.Path, "/deep/%d", &n)
			switch {
			case r.URL.Path == "/circle":
				rw.Header().Set("Location", "/circle")
			case r.URL.Path == "/a":
				rw.Header().Set("Location", "/b")
			case r.URL.Path == "/b":
				rw.Header().Set("Location", "/a")
			case n > 0:
				rw.Header().Set("Location", fmt.Sprintf("/deep/%d", n-1))
			case strings.HasPrefix(r.URL.Path, "/to/"):
				rw.Header().Set("Location", r.URL.Query().Get("l"))
			case strings.HasPrefix(r.URL.Path, "/two"):
				rw.Header()["Location"] = []string{"/a", "/b"}
			case r.URL.Path == "/deep/0":
				io.WriteString(rw, "there")
				return
			}
			rw.WriteHeader(302)
		})
		for _, c := range []struct {
			path  string
			limit int
			token string
		}{
			{"/none", 0, tokenRedirectLocation},
			{"/two", 0, tokenRedirectLocation},
			{"/to/?l=" + url.QueryEscape("http://[::1"), 0, tokenRedirectLocation},
			{"/to/?l=" + url.QueryEscape("http:///path"), 0, tokenRedirectLocation},
			{"/to/?l=" + url.QueryEscape("ftp://127.0.0.1/"), 0, tokenRedirectScheme},
			{"/to/?l=" + url.QueryEscape("data:text/event-stream,data:1"), 0, tokenRedirectScheme},
			{"/to/?l=" + url.QueryEscape("javascript:1"), 0, tokenRedirectScheme},
			{"/circle", 0, tokenRedirectLoop},
			{"/a", 0, tokenRedirectLoop},
			{"/deep/20", 0, loadgen.TokenEOF},
			{"/deep/21", 0, tokenRedirectLimit},
			{"/deep/3", 3, loadgen.TokenEOF},
			{"/deep/4", 3, tokenRedirectLimit},
			{"/deep/1", -1, tokenRedirectLimit},
		} {
			tr, _ := w.transport(t, Config{MaxRedirects: c.limit})
			r := newReader(t)
			open(tr, get(t, u+c.path), r)
			e := r.untilToken(c.token)
			if e.Permanent != (c.token != loadgen.TokenEOF) {
				t.Errorf("%s: %+v", c.path, e)
			}
			if c.token == loadgen.TokenEOF && r.body.String() != "there" {
				t.Errorf("%s: %q", c.path, r.body.String())
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Credentials stay with their origin, and do not come back when a chain of redirects does.
func TestRedirectKeepsCredentialsFromOthers(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		var mu sync.Mutex
		seen := make(map[string]http.Header)
		note := func(r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[r.URL.Path] = r.Header.Clone()
		}
		first := make(chan string, 1)
		other := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			note(r)
			http.Redirect(rw, r, <-first+"/back", http.StatusTemporaryRedirect)
		})
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			note(r)
			switch r.URL.Path {
			case "/start":
				http.Redirect(rw, r, "/same", http.StatusTemporaryRedirect)
			case "/same":
				http.Redirect(rw, r, other+"/other", http.StatusTemporaryRedirect)
			}
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		first <- u
		open(tr, get(t, u+"/start", "Authorization", "Bearer t", "cookie", "a=b", "proxy-authorization", "p", "x-api-key", "k", "X-Own", "o"), r)
		r.untilToken(loadgen.TokenEOF)
		mu.Lock()
		defer mu.Unlock()
		for path, credentials := range map[string]bool{"/start": true, "/same": true, "/other": false, "/back": false} {
			h := seen[path]
			for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key"} {
				if (h.Get(name) != "") != credentials {
					t.Errorf("%s: %s is %q", path, name, h.Get(name))
				}
			}
			if h.Get("X-Own") != "o" || h.Get("Accept-Encoding") != "identity" || h.Get("User-Agent") != loadgen.UserAgent {
				t.Errorf("%s: %v", path, h)
			}
		}
	})
}

// An origin is scheme, host and port: where one of them differs, a secret stays behind, that of a cursor too.
func TestRedirectToAnotherOrigin(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		seen := make(chan http.Header, 1)
		see := func(rw http.ResponseWriter, r *http.Request) { seen <- r.Header }
		plain, tls := &way{spoken: spoken{protocol: HTTP1}}, &way{spoken: spoken{protocol: HTTP1, tls: true}, roots: x509.NewCertPool()}
		other, secure := plain.serve(t, see), tls.serve(t, see)
		u := plain.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if to := r.URL.Query().Get("to"); to != "" {
				http.Redirect(rw, r, to, http.StatusTemporaryRedirect)
				return
			}
			see(rw, r)
		})
		for name, c := range map[string]struct {
			to    string
			keeps bool
		}{
			"the same origin": {u + "/other", true},
			"a path alone":    {"/other", true},
			"another port":    {other, false},
			"another host":    {strings.Replace(u, "127.0.0.1", "localhost", 1), false},
			"another scheme":  {secure, false},
		} {
			tr, _ := (&way{spoken: spoken{engine: engine, protocol: HTTP1}, roots: tls.roots}).transport(t, Config{})
			r := newReader(t)
			r.sessionToken = "s"
			open(tr, get(t, u+"?to="+url.QueryEscape(c.to), "Authorization", "a", "Cookie", "c=d", "X-Api-Key", "k", "X-Own", "o"), r)
			r.untilToken(loadgen.TokenEOF)
			h := <-seen
			for _, secret := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Session-Token"} {
				if kept := h.Get(secret) != ""; kept != c.keeps {
					t.Errorf("%s: %s is %q", name, secret, h.Get(secret))
				}
			}
			if h.Get("X-Own") != "o" {
				t.Errorf("%s: %v", name, h)
			}
		}
	})
}

// A redirect's connection is used again when its body has ended.
func TestRedirectReusesTheConnection(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		for name, c := range map[string]struct {
			answer string
			more   string // sent a moment later
			reused bool
		}{
			"empty":           {"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", "", true},
			"short":           {"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 4\r\n\r\nab", "cd", true},
			"chunked":         {"HTTP/1.1 302 Found\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "0\r\n\r\n", true},
			"close":           {"HTTP/1.1 302 Found\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "", false},
			"close-delimited": {"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\nabc", "", false},
			"long":            {"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 999_999), "", false},
			"never ending":    {"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 4\r\n\r\nabc", "", false},
			"truncated":       {"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 4\r\n\r\n", "", false},
		} {
			t.Run(name, func(t *testing.T) {
				u := script(t, func(p *peer) {
					for p.next() {
						if strings.HasPrefix(p.request, "GET /b ") {
							p.say(okHead + "Content-Length: 1\r\n\r\n" + fmt.Sprint(p.n))
							return
						}
						p.say(c.answer)
						p.say(c.more)
						if name == "close-delimited" || name == "truncated" {
							return
						}
					}
				})
				tr, sum := newTransport(t, Config{Engine: engine})
				r := newReader(t)
				open(tr, get(t, u), r)
				r.untilToken(loadgen.TokenEOF)
				if reused := r.body.String() == "0"; reused != c.reused {
					t.Errorf("the second request came on connection %s", r.body.String())
				}
				if n := sum.of(results.RequestsCount); n != 2 {
					t.Errorf("%d requests", n)
				}
				if n := sum.of(results.BytesReceived); n > 500_000 {
					t.Errorf("read %d bytes for nothing", n)
				}
			})
		}
	})
}

func TestAllowIsAskedOnEveryWay(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		refused := "http://127.0.0.9:1/"
		if w.tls {
			refused = "https://127.0.0.9:1/"
		}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, refused, http.StatusFound)
		})
		var mu sync.Mutex
		var asked []netip.Addr
		tr, _ := w.transport(t, Config{Allow: func(a netip.Addr) error {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, a)
			if a == netip.MustParseAddr("127.0.0.9") {
				return fmt.Errorf("%s is not to be loaded", a)
			}
			return nil
		}})
		for name, q := range map[string]*loadgen.Request{
			"the target":   get(t, refused),
			"a redirect":   get(t, u),
			"a login":      {URL: get(t, u).URL, Login: get(t, refused)},
			"with a login": {URL: get(t, refused).URL, Login: get(t, u)},
		} {
			asked = nil
			r := newReader(t)
			r.refuse = func(loadgen.Opening) error { t.Error("opened"); return nil }
			open(tr, q, r)
			e := r.untilToken(tokenAddressRefused)
			if !e.Permanent || e.Message != "127.0.0.9 is not to be loaded" {
				t.Errorf("%s: %+v", name, e)
			}
			if n := len(asked); n == 0 || asked[n-1].String() != "127.0.0.9" {
				t.Errorf("%s: asked %v", name, asked)
			}
		}
	})
}
