package loadgen

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

var (
	chromium = scenarios.ReconnectPolicy{Profile: "chromium", Delay: 3 * time.Second, GiveUp: true}
	library  = scenarios.ReconnectPolicy{Profile: "library", Delay: time.Second, Max: 30 * time.Second, Backoff: true}
	none     = scenarios.ReconnectPolicy{Profile: "none"}
	epoch    = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// sink keeps what a Subscriber understood.
type sink struct {
	policy *scenarios.ReconnectPolicy
	events []string
	next   Next
	lost   bool
}

func (s *sink) Policy() *scenarios.ReconnectPolicy { return s.policy }

func (s *sink) Opened(*Opening)                    {}
func (s *sink) Read([]byte, time.Time) *sse.Repeat { return nil }
func (s *sink) Comment(b []byte)                   { s.events = append(s.events, "comment "+string(b)) }

func (s *sink) Retry(ms int64) { s.events = append(s.events, fmt.Sprint("retry ", ms)) }

func (s *sink) Event(ev *sse.Event) {
	s.events = append(s.events, fmt.Sprintf("%s %s #%s", ev.Name(), ev.Data, ev.ID))
}
func (s *sink) Ended(_ *Ending, discarded bool, next Next) { s.next, s.lost = next, discarded }

func subscriber(p *scenarios.ReconnectPolicy) (*Subscriber, *sink) {
	to := &sink{policy: p}
	u, _ := url.Parse("http://127.0.0.1/events")
	return &Subscriber{Sink: to, Request: &Request{Method: "GET", URL: u, Header: StreamHeader(nil)}}, to
}

func opening(status int, header ...string) Opening {
	o := Opening{Status: status, Header: http.Header{}}
	o.URL, _ = url.Parse("http://127.0.0.1/events")
	for i := 0; i < len(header); i += 2 {
		o.Header.Add(header[i], header[i+1])
	}
	return o
}

func stream() Opening { return opening(200, "Content-Type", "text/event-stream") }

func TestOnlyAnEventStreamOpens(t *testing.T) {
	for _, tt := range []struct {
		o     Opening
		token string
	}{
		{stream(), ""},
		{opening(200, "Content-Type", "TEXT/Event-Stream"), ""},
		{opening(200, "Content-Type", "text/event-stream; charset=utf-8"), ""},
		{opening(200, "Content-Type", "text/event-stream;=broken"), ""},
		{opening(200, "Content-Type", "text/event-stream", "Content-Encoding", "identity"), ""},
		{opening(200, "Content-Type", "text/event-stream", "Content-Encoding", "gzip"), "content_encoding"},
		{opening(200, "Content-Type", "text/html"), "content_type"},
		{opening(200, "Content-Type", "text/event-streaming"), "content_type"},
		{opening(200), "content_type"},
		{opening(204), "status_204"},
		{opening(404, "Content-Type", "text/event-stream"), "status_404"},
		{opening(503), "status_503"},
	} {
		s, _ := subscriber(&none)
		err := s.Opened(tt.o)
		f, _ := errors.AsType[*Failure](err)
		if tt.token == "" && err != nil || tt.token != "" && (f == nil || f.Token != tt.token) {
			t.Errorf("%d %v: %v, want %q", tt.o.Status, tt.o.Header, err, tt.token)
		}
	}
}

func TestWhoComesBackAndWhen(t *testing.T) {
	for _, tt := range []struct {
		name     string
		policy   scenarios.ReconnectPolicy
		body     string // of a stream that opens first; empty: the opening fails
		token    string
		perm     bool
		reopen   time.Duration // 0: never
		stranded bool
	}{
		{name: "none", policy: none, body: "data: x\n\n", token: TokenEOF},
		{name: "cut", policy: chromium, body: "data: x\n\n", token: TokenCut},
		{name: "chromium after an end", policy: chromium, body: "data: x\n\n", token: TokenEOF, reopen: 3 * time.Second},
		{name: "chromium after a reset", policy: chromium, body: "data: x\n\n", token: "reset", reopen: 3 * time.Second},
		{name: "the server's retry", policy: chromium, body: "retry: 2000\n\n", token: TokenEOF, reopen: 2 * time.Second},
		{name: "retry counts at its line", policy: chromium, body: "retry: 700\n", token: TokenEOF, reopen: 700 * time.Millisecond},
		{name: "a floor against hot loops", policy: chromium, body: "retry: 0\n\n", token: TokenEOF, reopen: 10 * time.Millisecond},
		{
			name: "the profile's floor", policy: scenarios.ReconnectPolicy{Profile: "firefox", Delay: 5 * time.Second, Min: 500 * time.Millisecond, GiveUp: true},
			body: "retry: 1\n\n", token: TokenEOF, reopen: 500 * time.Millisecond,
		},
		{name: "chromium retries a network error", policy: chromium, token: "dial_refused", reopen: 3 * time.Second},
		{name: "chromium gives up on a status", policy: chromium, token: "status_503", stranded: true},
		{name: "chromium gives up on a type", policy: chromium, token: "content_type", stranded: true},
		{name: "204 ends for good, for a library too", policy: library, token: "status_204", stranded: true},
		{name: "a permanent failure", policy: library, token: "redirect_location", perm: true, stranded: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, to := subscriber(&tt.policy)
			if tt.body != "" {
				if err := s.Opened(stream()); err != nil {
					t.Fatal(err)
				}
				if err := s.Bytes([]byte(tt.body), epoch); err != nil {
					t.Fatal(err)
				}
			}
			at := s.Ended(Ending{At: epoch, Token: tt.token, Opened: tt.body != "", Permanent: tt.perm})
			want := time.Time{}
			if tt.reopen > 0 {
				want = epoch.Add(tt.reopen)
			}
			if !at.Equal(want) || to.next.Stranded != tt.stranded || to.next.Reopen != (tt.reopen > 0) {
				t.Errorf("reopen at %v, next %+v; want %v, stranded %v", at, to.next, want, tt.stranded)
			}
		})
	}
}

func TestLibraryBacksOffWithJitterAndStartsAnew(t *testing.T) {
	s, to := subscriber(&library)
	for n, ceiling := range []time.Duration{2, 4, 8, 16, 30, 30, 30} {
		s.Ended(Ending{At: epoch, Token: "status_503"})
		if d := to.next.Delay; d < ceiling*time.Second/2 || d > ceiling*time.Second {
			t.Errorf("failure %d: waits %v, want between half of %v s and all of it", n+1, d, int64(ceiling))
		}
	}
	if err := s.Opened(stream()); err != nil {
		t.Fatal(err)
	}
	s.Ended(Ending{At: epoch, Token: TokenEOF, Opened: true})
	if d := to.next.Delay; d < 500*time.Millisecond || d > time.Second {
		t.Errorf("after a good opening: waits %v", d)
	}
}

func TestLastEventIDIsSentAsRawBytesOnceKnown(t *testing.T) {
	s, to := subscriber(&chromium)
	end := func() {
		s.Ended(Ending{At: epoch, Token: TokenEOF, Opened: true})
	}
	feed := func(body string) {
		if err := s.Opened(stream()); err != nil {
			t.Fatal(err)
		}
		if err := s.Bytes([]byte(body), epoch); err != nil {
			t.Fatal(err)
		}
	}
	feed("data: x\n\n")
	end()
	if id := s.LastEventID(); len(id) > 0 {
		t.Errorf("sent %q before any id", id)
	}
	feed("id: …é\ndata: x\n\nid: never\ndata: cut off")
	end()
	if id := s.LastEventID(); string(id) != "…é" || !to.lost {
		t.Errorf("sent %q, discarded %v", id, to.lost)
	}
	feed("id: 7\n\n")
	end()
	if id := s.LastEventID(); string(id) != "7" {
		t.Errorf("sent %q after an id-only block", id)
	}
	feed("id\ndata: x\n\n")
	end()
	if id := s.LastEventID(); len(id) > 0 {
		t.Errorf("sent %q after a reset", id)
	}
	feed("id: a\xff\xfeb\ndata: x\n\n")
	end()
	if id := s.LastEventID(); string(id) != "a\uFFFD\uFFFDb" {
		t.Errorf("sent %q for an id that is not UTF-8", id)
	}
}

func TestPOSTComesBackOnlyWhenTold(t *testing.T) {
	for _, told := range []bool{false, true} {
		policy := chromium
		policy.POST = told
		s, to := subscriber(&policy)
		s.Request.Method, s.Request.Body = "POST", []byte("{}")
		if err := s.Opened(stream()); err != nil {
			t.Fatal(err)
		}
		s.Ended(Ending{At: epoch, Token: TokenEOF, Opened: true})
		if to.next.Reopen != told || string(s.Request.Body) != "{}" {
			t.Errorf("told %v: %+v", told, to.next)
		}
	}
}

func TestAnEventBeyondTheLimitFailsTheStream(t *testing.T) {
	s, _ := subscriber(&none)
	if err := s.Opened(stream()); err != nil {
		t.Fatal(err)
	}
	chunk := slices.Repeat([]byte("x"), 1<<20)
	var err error
	for range 18 {
		if err = s.Bytes(chunk, epoch); err != nil {
			break
		}
	}
	if f, ok := errors.AsType[*Failure](err); !ok || f.Token != sse.TooLongToken {
		t.Errorf("got %v", err)
	}
}

func TestOwnHeaderFieldsTakeThePlaceOfOurs(t *testing.T) {
	got := StreamHeader([]Field{{"accept", "application/json"}, {"X-User", "7"}})
	want := []Field{{"accept", "application/json"}, {"Cache-Control", "no-cache"}, {"Pragma", "no-cache"}, {"Accept-Encoding", "identity"}, {"X-User", "7"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
