package reference

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPublishReachesSubscribers(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, Retry: 1500 * time.Millisecond})
		a := open(t, c, s.URL()+"/events?topic=a")
		ab := open(t, c, s.URL()+"/events?topic=a&topic=b&topic=a")
		if ct := a.resp.Header.Get("Content-Type"); ct != "text/event-stream" {
			t.Fatalf("content type %q", ct)
		}
		if p := publishTo(t, c, s, "topic=a", "one"); p.ID != "1" || p.Subscribers != 2 {
			t.Fatalf("answer %+v", p)
		}
		publishTo(t, c, s, "topic=b&event=news", "two\nlines\r\nand\rmore")
		publishTo(t, c, s, "topic=a&id=my-id", "")
		a.expect("retry: 1500|id: 1|data: one", "id: my-id|data: ")
		ab.expect("retry: 1500|id: 1|data: one", "id: 2|event: news|data: two|data: lines|data: and|data: more", "id: my-id|data: ")
	})
}

func TestReplay(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, Ring: 3})
		for _, topic := range []string{"a", "b", "a", "b", "a"} {
			if p := publishTo(t, c, s, "topic="+topic, topic); p.Subscribers != 0 {
				t.Fatalf("answer %+v", p)
			}
		}
		both := open(t, c, s.URL()+"/events?topic=a&topic=b", "Last-Event-ID", "2")
		byQuery := open(t, c, s.URL()+"/events?topic=b&lastEventId=2")
		fresh := open(t, c, s.URL()+"/events?topic=a")
		publishTo(t, c, s, "topic=a", "live")
		publishTo(t, c, s, "topic=b", "live")
		both.expect(numbered(3, "a"), numbered(4, "b"), numbered(5, "a"), numbered(6, "live"), numbered(7, "live"))
		byQuery.expect(numbered(4, "b"), numbered(7, "live"))
		fresh.expect(numbered(6, "live"))

		// Event 1 left the ring of a: 3, 5 and 6 are in it.
		evicted := open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "0")
		evicted.expect(`event: gap|data: {"lastEventId":"0"}`, numbered(3, "a"), numbered(5, "a"), numbered(6, "live"))
		kept := open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "1")
		kept.expect(numbered(3, "a"))
		unknown := open(t, c, s.URL()+"/events?topic=b", "Last-Event-ID", "what")
		unknown.expect(`event: gap|data: {"lastEventId":"what"}`, numbered(2, "b"))
	})
}

func TestReplayAfterOwnID(t *testing.T) {
	s := started(t, &Server{})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	publishTo(t, c, s, "topic=a&id=x", "1")
	publishTo(t, c, s, "topic=a&id=y", "2")
	open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "x").expect("id: y|data: 2")
}

func TestTokenIsAsked(t *testing.T) {
	s := started(t, &Server{Token: "secret"})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	for _, path := range []string{"/publish?topic=a", "/admin/faults"} {
		for _, header := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"Authorization", "Basic secret"}} {
			status, body := ask(t, c, "POST", s.URL()+path, "x", header...)
			refused(t, status, body, 401, "token")
		}
	}
	publishTo(t, c, s, "topic=a", "x")
}

func TestListenElsewhereNeedsToken(t *testing.T) {
	s := &Server{Listen: "0.0.0.0:0"}
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "token") {
		s.Close()
		t.Fatalf("got %v", err)
	}
	started(t, &Server{Listen: "0.0.0.0:0", Token: "secret"})
}

func TestHeartbeat(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		// A stream outlives the time that a request may take.
		s := started(t, &Server{TLS: d.tls, Heartbeat: 10 * time.Millisecond, BodyTimeout: 40 * time.Millisecond})
		open(t, c, s.URL()+"/events").expect(":", ":", ":", ":", ":", ":", ":", ":", ":", ":")
		st := open(t, c, s.URL()+"/clock?n=10&interval=10ms")
		for range 10 {
			st.next()
		}
	})
}

func TestShutdownEndsStreams(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls})
		st := open(t, c, s.URL()+"/events")
		publishTo(t, c, s, "", "last")
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.expect(numbered(1, "last"))
		if b := st.next(); !strings.HasPrefix(b, "retry: 1") || !strings.HasSuffix(b, "|: the server is closing") {
			t.Fatalf("last block %q", b)
		}
		if b, err := st.block(); b != "" || !errors.Is(err, io.EOF) {
			t.Fatalf("after the last block: %q %v", b, err)
		}
	})
}
