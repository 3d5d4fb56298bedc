package transport

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"ssebench/loadgen"
)

// withSessions is trusting with a cache of the Transport's.
func withSessions() *tls.Config {
	c := trusting()
	c.SessionTicketsDisabled = false
	return c
}

// One connection collects a ticket for all; the others have our record layer.
func TestOneCollectsATicket(t *testing.T) {
	h := shaker(t, withSessions())
	address := echoing(t, &tls.Config{})
	collector := dialLink(t, h, address, false)
	if collector.ours() {
		t.Error("the first connection cannot read its ticket")
	}
	early := dialLink(t, h, address, true)
	if !early.ours() || early.state.DidResume {
		t.Errorf("before the ticket: ours %v, resumed %v", early.ours(), early.state.DidResume)
	}
	collector.say("hello\n")
	collector.until("hello\n") // the ticket comes before it
	for _, resume := range []bool{true, true, false} {
		l := dialLink(t, h, address, resume)
		if !l.ours() || l.state.DidResume != resume {
			t.Errorf("resume %v: ours %v, resumed %v", resume, l.ours(), l.state.DidResume)
		}
		l.say("hello again\n")
		l.until("hello again\n")
	}
}

// A server that no longer takes a ticket gives another one.
func TestTicketThatIsRefused(t *testing.T) {
	h := shaker(t, withSessions())
	server := &tls.Config{}
	server.SetSessionTicketKeys([][32]byte{{1}})
	address := echoing(t, server)
	collect := func(l *link) {
		if l.ours() || l.state.DidResume {
			t.Errorf("ours %v, resumed %v", l.ours(), l.state.DidResume)
		}
		l.say("hello\n")
		l.until("hello\n")
	}
	resumed := func() {
		if l := dialLink(t, h, address, true); !l.ours() || !l.state.DidResume {
			t.Errorf("ours %v, resumed %v", l.ours(), l.state.DidResume)
		}
	}
	collect(dialLink(t, h, address, false))
	resumed()
	server.SetSessionTicketKeys([][32]byte{{2}})
	collect(dialLink(t, h, address, true))
	resumed()
}

// Who gives no tickets is asked at ever longer intervals.
func TestServerWithoutTickets(t *testing.T) {
	s := newSessions(withSessions())
	at := time.Unix(0, 0)
	for _, c := range []struct {
		after   time.Duration
		collect bool
	}{
		{0, true},
		{0, false},
		{collectPause - 1, false},
		{1, true},
		{2*collectPause - 1, false},
		{1, true},
		{4*collectPause - 1, false},
		{1, true},
	} {
		at = at.Add(c.after)
		if got := s.shook("a", true, false, at); got != c.collect {
			t.Errorf("at %v: %v", at.Unix(), got)
		}
	}
	if !s.shook("b", false, false, at) {
		t.Error("another host has tickets of its own")
	}
	s.cache.Put("a", &tls.ClientSessionState{})
	if s.shook("a", false, false, at) {
		t.Error("there is a ticket")
	}
	s.cache.Put("a", nil)
	if !s.shook("a", false, false, at) {
		t.Error("the ticket is gone")
	}
	c := withSessions()
	c.SessionTicketsDisabled = true
	if s := newSessions(c); s.shook("a", true, false, at) || s.view(true) != nil {
		t.Error("tickets are disabled")
	}
	c = withSessions()
	c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	if s := newSessions(c); s.view(true) != c.ClientSessionCache {
		t.Error("the caller's cache is not used")
	}
}

// The server sees that a stream resumes when it reconnects, and never on its first connection.
func TestReconnectsResume(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		if !w.tls || w.protocol != HTTP1 {
			return
		}
		for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
			var mu sync.Mutex
			resumed := make(map[string][]bool)
			u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				resumed[r.URL.Path] = append(resumed[r.URL.Path], r.TLS.DidResume)
				rw.Header().Set("Connection", "close")
			})
			tr, _ := newTransport(t, Config{Engine: w.engine, TLS: &tls.Config{RootCAs: w.roots, MaxVersion: version}})
			for i := range 3 {
				r := newReader(t)
				r.reopen = onceMore(r)
				open(tr, get(t, fmt.Sprintf("%s/%d", u, i)), r)
				r.untilToken(loadgen.TokenEOF)
			}
			mu.Lock()
			if got, want := fmt.Sprint(resumed), "map[/0:[false true] /1:[false true] /2:[false true]]"; got != want {
				t.Errorf("%s: resumed %s, want %s", tls.VersionName(version), got, want)
			}
			mu.Unlock()
		}
	})
}
