package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// allowedStreams is what the server of these tests allows on an HTTP/2 connection.
const allowedStreams = 6

// site is a server that keeps each stream open until it is told to end it.
type site struct {
	t     *testing.T
	url   string
	tr    *Transport
	sum   *tally
	limit string // its token

	connections, most atomic.Int64 // connections open, and at the most

	mu    sync.Mutex
	paths []string // of the requests, in order
	ends  map[string]chan struct{}
}

// onSites runs a test of browsers in every way to speak.
func onSites(t *testing.T, test func(t *testing.T, s *site)) {
	for _, w := range everySpoken {
		if w.shared > 0 {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			s := &site{t: t, ends: make(map[string]chan struct{}), limit: tokenBrowserLimit}
			server := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
			p := new(http.Protocols)
			p.SetHTTP1(w.protocol == HTTP1)
			p.SetHTTP2(w.protocol == HTTP2)
			p.SetUnencryptedHTTP2(w.protocol == H2C)
			server.Config.Protocols, server.EnableHTTP2 = p, w.protocol == HTTP2
			server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: allowedStreams}
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Config.ConnState = s.count
			roots := x509.NewCertPool()
			if w.tls {
				server.StartTLS()
				roots.AddCert(server.Certificate())
			} else {
				server.Start()
			}
			t.Cleanup(server.Close)
			if w.protocol != HTTP1 {
				s.limit = tokenMaxStreams
			}
			s.url = server.URL
			s.tr, s.sum = newTransport(t, Config{Engine: w.engine, Protocol: w.protocol, TLS: &tls.Config{RootCAs: roots}, Lanes: 2})
			test(t, s)
		})
	}
}

func (s *site) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if n := s.connections.Add(1); n > s.most.Load() {
			s.most.Store(n)
		}
	case http.StateClosed, http.StateHijacked:
		s.connections.Add(-1)
	}
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.paths = append(s.paths, r.URL.Path)
	end := s.end(r.URL.Path)
	s.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/poll") {
		io.WriteString(w, "{}")
		return
	}
	flush(w)
	select {
	case <-end:
	case <-r.Context().Done():
	}
}

// end is the channel that ends a stream. The site is locked.
func (s *site) end(path string) chan struct{} {
	if s.ends[path] == nil {
		s.ends[path] = make(chan struct{})
	}
	return s.ends[path]
}

// stop ends the stream of a path.
func (s *site) stop(path string) {
	s.mu.Lock()
	end := s.end(path)
	s.mu.Unlock()
	end <- struct{}{}
}

// asked waits for the requests so far, in order from the given one on.
func (s *site) asked(from int, want ...string) {
	s.t.Helper()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		got := slices.Clone(s.paths)
		s.mu.Unlock()
		if len(got) >= from+len(want) || time.Since(start) > 20*time.Second {
			if !slices.Equal(got[min(from, len(got)):], want) {
				s.t.Fatalf("requests %v, want %v from %d on", got, want, from)
			}
			return
		}
	}
}

// tab opens a stream of a browser and waits until it is open, or queued as the n-th that ever was.
func (s *site) tab(browser int, path string, r *reader, n int64) loadgen.Stream {
	s.t.Helper()
	request := get(s.t, s.url+path)
	request.Browser = browser
	stream := s.tr.Open(s.tr.Lanes()[browser%2], request, time.Now(), r)
	if n == 0 {
		r.until("the opening of "+path, func() bool { return len(r.openings) > 0 })
		return stream
	}
	s.queued(n)
	return stream
}

func (s *site) queued(n int64) {
	s.t.Helper()
	for start := time.Now(); s.sum.of(results.ConnectionsQueued) != n; time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			s.t.Fatalf("%d queued, want %d", s.sum.of(results.ConnectionsQueued), n)
		}
	}
}

// Tabs beyond the limit wait, and get a place in the order of asking when a stream ends, is cut, or is refused; one that comes back waits
// behind the others. Another browser does not feel it.
func TestTabsWaitForAPlace(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		readers := map[string]*reader{}
		streams := map[string]loadgen.Stream{}
		queued := int64(0)
		tab := func(browser int, path string, waits bool) {
			t.Helper()
			readers[path] = newReader(t)
			if path == "/2" {
				readers[path].reopen = func(loadgen.Ending) time.Time { return time.Now() }
			}
			n := int64(0)
			if waits {
				queued++
				n = queued
			}
			streams[path] = s.tab(browser, path, readers[path], n)
		}
		var all []string
		for n := range 6 {
			all = append(all, fmt.Sprint("/", n))
			tab(1, all[n], false)
		}
		for _, path := range []string{"/6", "/7", "/8", "/9"} {
			tab(1, path, true)
		}
		tab(2, "/other", false)
		s.asked(0, append(all, "/other")...)

		s.stop("/2") // and it comes back, behind /9
		s.asked(7, "/6")
		queued++
		s.queued(queued)
		streams["/4"].Cut(loadgen.CutFIN)
		s.asked(8, "/7")
		readers["/4"].untilToken(loadgen.TokenCut)
		streams["/8"].Cut(loadgen.CutFIN) // it leaves the queue
		e := readers["/8"].untilToken(loadgen.TokenCut)
		if e.Opened || e.DialStart.IsZero() || !e.Requested.IsZero() {
			t.Errorf("a stream that never opened ended with %+v", e)
		}
		s.stop("/0")
		s.asked(9, "/9")
		s.stop("/1")
		s.asked(10, "/2")
		want := int64(BrowserConnections + 1)
		if s.limit == tokenMaxStreams {
			want = 2
		}
		for start := time.Now(); s.connections.Load() != want; time.Sleep(time.Millisecond) { // the server learns late of the cut
			if time.Since(start) > 20*time.Second {
				t.Fatalf("%d connections, want %d", s.connections.Load(), want)
			}
		}

		tab(1, "/10", true)
		cutNow(t, streams["/10"], loadgen.CutFIN, readers["/10"])
		if err := s.tr.Close(); err != nil {
			t.Error(err)
		}
		for path, r := range readers {
			e := r.endings[len(r.endings)-1]
			starved := path == "/8" || path == "/10"
			if starved && (e.Limit != s.limit || !e.QueuedAt.Before(e.At) || !e.Requested.IsZero()) || !starved && e.Limit != "" {
				t.Errorf("%s ended with %+v", path, e)
			}
		}
		waited := s.sum.recorded[results.ConnectQueue]
		if len(waited) != 4 || slices.Min(waited) <= 0 {
			t.Errorf("those who got a place waited %v", waited)
		}
	})
}

// Polls use the connections of their browser in turn, and no more of them.
func TestPollsShareTheConnectionsOfTheirBrowser(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		const tabs, polls = 15, 4
		var wait sync.WaitGroup
		for n := range tabs {
			r := newReader(t)
			r.reopen = func(loadgen.Ending) time.Time {
				if len(r.endings) == polls {
					return time.Now().Add(time.Hour) // its connection is the others'
				}
				return time.Now()
			}
			request := get(t, fmt.Sprint(s.url, "/poll", n))
			request.Browser = 1
			s.tr.Open(s.tr.Lanes()[0], request, time.Now(), r)
			wait.Go(func() {
				r.until("the last poll", func() bool { return len(r.endings) == polls })
				if len(r.openings) != polls {
					t.Errorf("%d polls were answered", len(r.openings))
				}
			})
		}
		wait.Wait()
		if most := s.most.Load(); most > BrowserConnections || s.limit == tokenMaxStreams && most != 1 {
			t.Errorf("%d connections at once", most)
		}
	})
}

// A login and a poll wait as a stream does.
func TestEveryRequestWaits(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		for n := range 6 {
			s.tab(1, fmt.Sprint("/", n), newReader(t), 0)
		}
		login := newReader(t)
		request := get(t, s.url+"/7")
		request.Browser, request.Login = 1, get(t, s.url+"/poll/login")
		s.tr.Open(s.tr.Lanes()[1], request, time.Now(), login)
		s.queued(1)
		s.tab(1, "/poll", newReader(t), 2)
		s.stop("/3")
		// The login is answered, and the stream behind it waits for the poll.
		s.asked(6, "/poll/login", "/poll", "/7")
		login.until("the opening", func() bool { return len(login.openings) == 1 })
		if o := login.openings[0]; o.Queued <= 0 && s.limit == tokenBrowserLimit {
			t.Errorf("it waited %v", o.Queued)
		}
	})
}

// What cannot be dialed gives its place to the next.
func TestAFailedDialGivesItsPlaceBack(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.EnableHTTP2 = true
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for _, w := range everySpoken {
		if w.shared > 0 {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			u, token := closed.URL, tokenDialRefused
			if w.tls {
				u, token = untrusted.URL, tokenTLSCertificate
			}
			tr, _ := newTransport(t, Config{Engine: w.engine, Protocol: w.protocol, Lanes: 1})
			var readers []*reader
			for range 20 {
				r := newReader(t)
				readers = append(readers, r)
				request := get(t, u)
				request.Browser = 1
				open(tr, request, r)
			}
			for _, r := range readers {
				r.untilToken(token)
			}
		})
	}
}

// What the server allows on a connection that streams share is in the account.
func TestTheServersStreamLimitIsInTheAccount(t *testing.T) {
	onSites(t, func(t *testing.T, s *site) {
		s.tab(1, "/0", newReader(t), 0)
		want := int64(0)
		if s.limit == tokenMaxStreams {
			want = allowedStreams
		}
		if got := s.tr.Account().StreamLimit; got != want {
			t.Errorf("the limit is %d, want %d", got, want)
		}
	})
}
