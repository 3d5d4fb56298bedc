package transport

import (
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// serveOn serves the same on a port of several addresses, and gives its URL by the name several.example.
func serveOn(t *testing.T, w *way, addresses ...string) string {
	t.Helper()
	port := "0"
	for {
		var taken []net.Listener
		for _, a := range addresses {
			l, err := net.Listen("tcp", net.JoinHostPort(a, port))
			if errors.Is(err, syscall.EADDRINUSE) && port != "0" {
				break // another program has it
			}
			if err != nil {
				t.Fatal(err)
			}
			_, port, _ = net.SplitHostPort(l.Addr().String())
			taken = append(taken, l)
		}
		if len(taken) < len(addresses) {
			for _, l := range taken {
				l.Close()
			}
			port = "0"
			continue
		}
		p := new(http.Protocols)
		p.SetHTTP1(w.protocol == HTTP1)
		p.SetUnencryptedHTTP2(w.protocol == H2C)
		s := &http.Server{Protocols: p, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			io.WriteString(rw, r.Context().Value(http.LocalAddrContextKey).(net.Addr).String())
		})}
		for _, l := range taken {
			go s.Serve(l)
		}
		t.Cleanup(func() { s.Close() })
		return "http://several.example:" + port
	}
}

// resolvesTo makes a name one of several addresses.
func resolvesTo(tr *Transport, name string, addresses ...string) {
	known := &resolution{done: make(chan struct{}), until: time.Now().Add(time.Hour)}
	for _, a := range addresses {
		known.addrs = append(known.addrs, netip.MustParseAddr(a))
	}
	close(known.done)
	tr.resolver.names = map[string]*resolution{name: known}
}

// visits opens streams one after the other, each as often as asked, and counts to which addresses they went.
func visits(t *testing.T, tr *Transport, rawURL string, streams, openings int) map[string]int {
	t.Helper()
	where := map[string]int{}
	for range streams {
		r := newReader(t)
		r.reopen = func(loadgen.Ending) (again time.Time) {
			if len(r.endings) < openings {
				again = time.Now()
			}
			return again
		}
		q := get(t, rawURL)
		q.Close = true
		open(tr, q, r)
		r.untilToken(loadgen.TokenEOF)
		for _, o := range r.openings {
			host, _, _ := net.SplitHostPort(o.Remote)
			where[host]++
		}
	}
	return where
}

// overClear runs a test in every way to speak in the clear; TLS is above what dials.
func overClear(t *testing.T, test func(t *testing.T, w *way)) {
	inEvery(t, func(t *testing.T, w *way) {
		if !w.tls {
			test(t, w)
		}
	})
}

func TestStreamsSpreadOverTheAddressesOfAName(t *testing.T) {
	overClear(t, func(t *testing.T, w *way) {
		if w.shared > 0 {
			return // streams that share a connection are where that leads
		}
		for name, c := range map[string]struct {
			addresses []string
			how       string
			want      map[string]int
		}{
			"spread":            {[]string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}, "", map[string]int{"127.0.0.1": 3, "127.0.0.2": 3, "127.0.0.3": 3}},
			"first":             {[]string{"127.0.0.2", "127.0.0.1", "127.0.0.3"}, AddressesFirst, map[string]int{"127.0.0.2": 9}},
			"one":               {[]string{"127.0.0.2"}, AddressesSpread, map[string]int{"127.0.0.2": 9}},
			"of the family":     {[]string{"127.0.0.1", "::1", "127.0.0.3"}, AddressesSpread, map[string]int{"127.0.0.1": 5, "127.0.0.3": 4}},
			"of another family": {[]string{"::1", "127.0.0.1", "127.0.0.3"}, AddressesSpread, map[string]int{"127.0.0.1": 5, "127.0.0.3": 4}},
		} {
			u := serveOn(t, w, "127.0.0.1", "127.0.0.2", "127.0.0.3")
			tr, sum := w.transport(t, Config{Addresses: c.how})
			resolvesTo(tr, "several.example", c.addresses...)
			if got := visits(t, tr, u, 9, 1); !maps.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
			want := int64(0)
			if c.addresses[0] == "::1" { // where nobody listens
				want = 9
			}
			if got := sum.of(results.ConnectFailovers); got != want {
				t.Errorf("%s: %d failovers, want %d", name, got, want)
			}
		}
	})
}

// What comes back takes its turn too.
func TestReconnectsSpreadOverTheAddressesOfAName(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		w := &way{spoken: spoken{engine: engine, protocol: HTTP1}}
		u := serveOn(t, w, "127.0.0.1", "127.0.0.2")
		tr, _ := w.transport(t, Config{})
		resolvesTo(tr, "several.example", "127.0.0.1", "127.0.0.2")
		if got := visits(t, tr, u, 2, 4); got["127.0.0.1"] != 4 || got["127.0.0.2"] != 4 {
			t.Errorf("%v", got)
		}
	})
}

// connect_to spreads over the addresses of its own name.
func TestConnectToSpreads(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		w := &way{spoken: spoken{engine: engine, protocol: HTTP1}}
		u, err := url.Parse(serveOn(t, w, "127.0.0.1", "127.0.0.2"))
		if err != nil {
			t.Fatal(err)
		}
		tr, _ := w.transport(t, Config{ConnectTo: u.Host})
		resolvesTo(tr, "several.example", "127.0.0.1", "127.0.0.2")
		if got := visits(t, tr, "http://other.invalid/", 4, 1); got["127.0.0.1"] != 2 || got["127.0.0.2"] != 2 {
			t.Errorf("%v", got)
		}
	})
}

// An address that is dead is followed by the next, and counted by what was wrong with it.
func TestDeadAddressOfAName(t *testing.T) {
	overClear(t, func(t *testing.T, w *way) {
		if w.shared > 0 {
			return
		}
		u := serveOn(t, w, "127.0.0.1", "127.0.0.3")
		tr, sum := w.transport(t, Config{})
		resolvesTo(tr, "several.example", "127.0.0.1", "127.0.0.2", "127.0.0.3")
		if got := visits(t, tr, u, 6, 1); got["127.0.0.1"] != 2 || got["127.0.0.3"] != 4 {
			t.Errorf("%v", got)
		}
		if got := sum.by[results.ConnectFailovers]; !maps.Equal(got, map[string]int64{tokenDialRefused: 2}) {
			t.Errorf("failovers %v", got)
		}
		// Where all are dead, the first failure is that of the stream.
		resolvesTo(tr, "several.example", "127.0.0.8", "127.0.0.9")
		r := newReader(t)
		open(tr, get(t, u), r)
		r.untilToken(tokenDialRefused)
		if got := sum.of(results.ConnectFailovers); got != 3 {
			t.Errorf("%d failovers, want 3", got)
		}
	})
}
