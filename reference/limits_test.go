package reference

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRefusals(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, MaxBody: 10, MaxTopics: 3})
		tests := []struct {
			method, path, body string
			status             int
			token              string
		}{
			{"POST", "/publish?topic=a", strings.Repeat("x", 11), 413, "body_limit"},
			{"POST", "/publish?topic=news.*", "x", 400, "topic_pattern"},
			{"GET", "/events?topic=%7Bid%7D", "", 400, "topic_pattern"},
			{"GET", "/events?topic=", "", 400, "topic"},
			{"GET", "/events?topic=a%00", "", 400, "topic"},
			{"GET", "/events?topic=%ff", "", 400, "topic"},
			{"GET", "/events?topic=" + strings.Repeat("x", 201), "", 400, "topic"},
			{"GET", "/events?topic=%zz", "", 400, "bad_query"},
			{"POST", "/publish?topic=%zz", "", 400, "bad_query"},
			{"POST", "/publish?topic=a&topic=b", "x", 400, "topics"},
			{"POST", "/publish?topic=a&id=a%0ab", "x", 400, "bad_id"},
			{"POST", "/publish?topic=a&id=" + strings.Repeat("x", 1001), "x", 400, "id_limit"},
			{"POST", "/publish?topic=a&event=a%0db", "x", 400, "bad_event"},
			{"GET", "/publish", "", 405, "method"},
			{"POST", "/events", "", 405, "method"},
			{"GET", "/nothing", "", 404, "not_found"},
			{"GET", "/debug/pprof/", "", 404, "not_found"},
			{"GET", "/clock?n=x", "", 400, "n"},
			{"GET", "/clock?interval=0", "", 400, "interval"},
			{"GET", "/finite?topic=*", "", 400, "topic_pattern"},
			{"GET", "/events?lastEventId=a%0ab", "", 400, "last_event_id"},
			{"PUT", "/admin/faults", "delay=x", 400, "fault"},
		}
		for _, tt := range tests {
			status, body := ask(t, c, tt.method, s.URL()+tt.path, tt.body)
			t.Run(tt.method+tt.path[:min(len(tt.path), 30)], func(t *testing.T) {
				refused(t, status, body, tt.status, tt.token)
			})
		}
		many := "/events?x=1"
		for i := range topicLimit + 1 {
			many += fmt.Sprintf("&topic=%d", i)
		}
		status, body := ask(t, c, "GET", s.URL()+many, "")
		refused(t, status, body, 400, "topics")
	})
}

func TestTopicsLimit(t *testing.T) {
	s := started(t, &Server{MaxTopics: 50, Ring: 2})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	sub := open(t, c, s.URL()+"/events?topic=0")
	for i := range 100 {
		status, body := ask(t, c, "POST", fmt.Sprintf("%s/publish?topic=%d", s.URL(), i), "x")
		if i < 50 && status != 200 {
			t.Fatalf("topic %d: %d %s", i, status, body)
		}
		if i >= 50 {
			refused(t, status, body, 503, "topics_limit")
		}
	}
	status, body := ask(t, c, "GET", s.URL()+"/events?topic=new", "")
	refused(t, status, body, 503, "topics_limit")
	sub.expect(numbered(1, "x"))
}

// TestTopicsAreForgotten subscribes to more topics than the limit, one after
// the other: a topic without events goes with its last subscriber.
func TestTopicsAreForgotten(t *testing.T) {
	s := started(t, &Server{MaxTopics: 2})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	for i := range 10 {
		st := open(t, c, fmt.Sprintf("%s/events?topic=%d", s.URL(), i))
		if st.resp.StatusCode != 200 {
			t.Fatalf("stream %d: %d", i, st.resp.StatusCode)
		}
		st.resp.Body.Close()
		await(t, func() bool { return s.hub.topicCount() == 0 })
	}
}

func TestSubscribersLimit(t *testing.T) {
	s := started(t, &Server{MaxSubscribers: 2})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	first := open(t, c, s.URL()+"/events")
	open(t, c, s.URL()+"/events")
	status, body := ask(t, c, "GET", s.URL()+"/events", "")
	refused(t, status, body, 503, "subscribers_limit")
	first.resp.Body.Close()
	await(t, func() bool { return s.counts.open.Load() == 1 })
	if st := open(t, c, s.URL()+"/events"); st.resp.StatusCode != 200 {
		t.Fatalf("a place was free: %d", st.resp.StatusCode)
	}
}

// TestBrokenRequests speaks to the socket: what net/http answers by itself is
// one JSON line as well, and streams go on.
func TestBrokenRequests(t *testing.T) {
	s := started(t, &Server{HeaderTimeout: 100 * time.Millisecond, BodyTimeout: 100 * time.Millisecond, MaxHeader: 4 << 10})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	sub := open(t, c, s.URL()+"/events?topic=a")
	tests := []struct {
		name, send string
		status     int
		token      string
	}{
		{"request line", "NONSENSE\r\n\r\n", 400, "bad_request"},
		{"header", "GET /events HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, "bad_request"},
		{"no host", "GET /events HTTP/1.1\r\n\r\n", 400, "bad_request"},
		{"huge header", "GET /events HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 16<<10) + "\r\n\r\n", 431, "header_limit"},
		{"slow header", "GET /events HTTP/1.1\r\nHost: a\r\nX: ", 408, "header_timeout"},
		{"slow body", "POST /publish?topic=a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", 408, "body_timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.gate.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.send); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil && len(body) == 0 {
				t.Fatal(err)
			}
			refused(t, resp.StatusCode, string(body), tt.status, tt.token)
		})
	}
	publishTo(t, c, s, "topic=a", "still here")
	sub.expect(numbered(1, "still here"))
}

func TestHTTP10(t *testing.T) {
	s := started(t, &Server{})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	conn, err := net.Dial("tcp", s.gate.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /events?topic=a HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // first: closing the body reads to its end
	st := &stream{bufio.NewReader(resp.Body), t, resp}
	publishTo(t, c, s, "topic=a", "one")
	publishTo(t, c, s, "topic=a", "two")
	st.expect(numbered(1, "one"), numbered(2, "two"))
	if resp.ProtoMinor != 0 || resp.TransferEncoding != nil {
		t.Fatalf("%s %v", resp.Proto, resp.TransferEncoding)
	}
}

// await waits for a condition, at most half a minute.
func await(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the condition never held")
		}
	}
}
