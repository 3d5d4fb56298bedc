package publish

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssebench/loadgen"
)

// got is a request as the server saw it.

type got struct{ Method, URI, Host, Type, Extra, Body string }

// recorder is a server that keeps what it was sent, and counts connections.

type recorder struct {
	*httptest.Server
	mu          sync.Mutex
	requests    []got
	connections atomic.Int32
}

func record(t *testing.T, answer http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.requests = append(r.requests, got{q.Method, q.RequestURI, q.Host, q.Header.Get("Content-Type"), q.Header.Get("X-Event"), string(body)})
		r.mu.Unlock()
		if answer != nil {
			answer(w, q)
		}
	}))
	r.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			r.connections.Add(1)
		}
	}
	r.Start()
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) seen() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func TestHTTPSendsWhatTheTemplatesSay(t *testing.T) {
	server := record(t, nil)
	host := strings.TrimPrefix(server.URL, "http://")
	for name, c := range map[string]struct {
		config HTTP
		want   got
	}{
		"the least": {
			HTTP{URL: server.URL + "/publish"},
			got{"POST", "/publish", host, "text/plain; charset=utf-8", "", "pay load"},
		},
		"all of it": {
			HTTP{
				URL: server.URL + "/{{urlquery .Topic}}?id={{.ID}}", Method: "put", Body: `{"data":{{json .Payload}},"seq":{{.Seq}}}`,
				Header: map[string][]string{"x-event": {"{{.Event}}-{{.Seq}}"}},
			},
			got{"PUT", "/a+b?id=0-7", host, "application/json", "news-7", `{"data":"pay load","seq":7}`},
		},
		"own content type and host": {
			HTTP{URL: server.URL, Body: "[]", Header: map[string][]string{"content-type": {"x/y"}, "host": {"example.com"}}},
			got{"POST", "/", "example.com", "x/y", "", "[]"},
		},
		"GET": {
			HTTP{URL: server.URL + "/?d={{urlquery .Payload}}", Method: "GET"},
			got{"GET", "/?d=pay+load", host, "", "", ""},
		},
		"connect to": {
			HTTP{URL: "http://nowhere.invalid/x", ConnectTo: map[string]string{"nowhere.invalid:80": host}},
			got{"POST", "/x", "nowhere.invalid", "text/plain; charset=utf-8", "", "pay load"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewHTTP(c.config)
			publishAll(t, must(t, h, err), event("a b", 7, "pay load"))
			requests := server.seen()
			if diff := cmp.Diff(c.want, requests[len(requests)-1]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever looks at requests is told who sends them; what the scenario says comes first, and a repeated name is sent as often.
func TestHTTPNamesItself(t *testing.T) {
	var mu sync.Mutex
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		header = r.Header
	}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		header map[string][]string
		agents []string
		own    []string
	}{
		"ours":     {nil, []string{loadgen.UserAgent}, nil},
		"own":      {map[string][]string{"user-agent": {"curl/8"}}, []string{"curl/8"}, nil},
		"repeated": {map[string][]string{"x-own": {"{{.Seq}}", "b", "a"}}, []string{loadgen.UserAgent}, []string{"7", "b", "a"}},
	} {
		h, err := NewHTTP(HTTP{URL: server.URL, Header: c.header})
		publishAll(t, must(t, h, err), event("a b", 7, "pay load"))
		mu.Lock()
		if !slices.Equal(header["User-Agent"], c.agents) || !slices.Equal(header["X-Own"], c.own) {
			t.Errorf("%s: %v", name, header)
		}
		mu.Unlock()
	}
}

func TestHTTPKeepsConnections(t *testing.T) {
	for _, noReuse := range []bool{false, true} {
		server := record(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 10<<10)) })
		h, err := NewHTTP(HTTP{URL: server.URL, NoReuse: noReuse})
		must(t, h, err)
		for seq := range uint64(20) {
			publishAll(t, h, event("t", seq, "x"))
		}
		want := int32(1)
		if noReuse {
			want = 20
		}
		if n := server.connections.Load(); n != want {
			t.Errorf("NoReuse %v: %d connections for 20 calls, want %d", noReuse, n, want)
		}
	}
}

// Calls that were under way together leave their connections for the next ones, and never are there more than allowed.

func TestHTTPConnectionsInParallel(t *testing.T) {
	const calls, most = 24, 8
	var now, peak atomic.Int32
	full := make(chan struct{})
	var once sync.Once
	server := record(t, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
		}
		if n == most {
			once.Do(func() { close(full) })
		}
		<-full
	})
	h, err := NewHTTP(HTTP{URL: server.URL, MaxInFlight: most})
	must(t, h, err)
	for range 2 {
		var all sync.WaitGroup
		for seq := range uint64(calls) {
			all.Go(func() {
				if err := h.Publish(t.Context(), event("t", seq, "x")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if p, c := peak.Load(), server.connections.Load(); p != most || c != most {
		t.Errorf("%d at once on %d connections, want %d", p, c, most)
	}
}

// answering is the address of a server that reads a request and then does with the connection as it is told.

func TestHTTPRedirects(t *testing.T) {
	far := "http://203.0.113.7:1/there"
	server := record(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/308":
			http.Redirect(w, q, "/end", http.StatusPermanentRedirect)
		case "/302":
			http.Redirect(w, q, "/end", http.StatusFound)
		case "/far":
			http.Redirect(w, q, far, http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, q, "/loop", http.StatusTemporaryRedirect)
		}
	})
	publish := func(path string, expect ...int) error {
		h, err := NewHTTP(HTTP{URL: server.URL + path, Expect: expect, Allow: func(a netip.Addr) error {
			if a.IsLoopback() {
				return nil
			}
			return errors.New("not this machine")
		}})
		return must(t, h, err).Publish(t.Context(), event("t", 1, "x"))
	}
	if err := publish("/308"); err != nil {
		t.Error(err)
	}
	requests := server.seen()
	if last := requests[len(requests)-1]; last.Method != "POST" || last.URI != "/end" || last.Body != "x" {
		t.Errorf("a 308 led to %+v", last)
	}
	wantFailure(t, publish("/302"), "hook_status_302", "give the URL that it leads to, "+server.URL+"/end")
	if err := publish("/302", 302); err != nil {
		t.Errorf("a 302 that is expected: %v", err)
	}
	before := len(server.seen())
	if err := publish("/308", 308); err != nil || len(server.seen()) != before+1 {
		t.Errorf("a 308 that is expected: %v, after %d requests", err, len(server.seen())-before)
	}
	wantFailure(t, publish("/far"), "address_refused", "not this machine")
	wantFailure(t, publish("/loop"), "hook_status_307")
}

func TestHTTPOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the handshake that has to fail
	server.StartTLS()
	defer server.Close()
	h, err := NewHTTP(HTTP{URL: server.URL})
	wantFailure(t, must(t, h, err).Publish(t.Context(), event("t", 1, "x")), "hook_tls", "not signed by a known authority", "TLS settings")
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	trusting, err := NewHTTP(HTTP{URL: server.URL, TLS: &tls.Config{RootCAs: roots}})
	publishAll(t, must(t, trusting, err), event("t", 1, "x"))
}

// A GET that fails on a kept connection is not sent again behind our back.

func TestHTTPSendsNothingTwice(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		var requests atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
			_, _ = io.Copy(io.Discard, q.Body)
			if requests.Add(1) > 1 {
				panic(http.ErrAbortHandler)
			}
		}))
		h, err := NewHTTP(HTTP{URL: server.URL, Method: method})
		must(t, h, err)
		publishAll(t, h, event("t", 1, "x"))
		wantFailure(t, h.Publish(t.Context(), event("t", 2, "x")), "hook_eof")
		if n := requests.Load(); n != 2 {
			t.Errorf("%s: the server saw %d requests for 2 events", method, n)
		}
		server.Close()
	}
}
