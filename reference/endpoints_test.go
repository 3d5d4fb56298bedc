package reference

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestFinite(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, Retry: 2500 * time.Millisecond, Ring: 2})
		url := s.URL() + "/finite?topic=a"
		get := func(lastID string) string {
			status, body := ask(t, c, "GET", url, "", "Last-Event-ID", lastID)
			if status != 200 {
				t.Fatalf("%d %s", status, body)
			}
			return body
		}
		if got := get(""); got != "retry: 2500\nid: 0\n\n" {
			t.Fatalf("first: %q", got)
		}
		publishTo(t, c, s, "topic=a", "1")
		publishTo(t, c, s, "topic=b", "2")
		publishTo(t, c, s, "topic=a&event=x", "3")
		if got := get("0"); got != "retry: 2500\nid: 1\ndata: 1\n\nid: 3\nevent: x\ndata: 3\n\nid: 3\n\n" {
			t.Fatalf("second: %q", got)
		}
		if got := get("3"); got != "retry: 2500\nid: 3\n\n" {
			t.Fatalf("third: %q", got)
		}
		publishTo(t, c, s, "topic=a", "4")
		if got := get("0"); !strings.Contains(got, "event: gap\n") {
			t.Fatalf("evicted: %q", got)
		}
	})
}

func TestClock(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls})
		for _, flush := range []string{"1", "0"} {
			before := time.Now().UnixMilli()
			st := open(t, c, s.URL()+"/clock?n=3&interval=20ms&flush="+flush)
			opened := time.Now().UnixMilli()
			var last int64
			for range 3 {
				ms, err := strconv.ParseInt(strings.TrimPrefix(st.next(), "data: "), 10, 64)
				if err != nil || ms < max(before, last) {
					t.Fatalf("%d %v", ms, err)
				}
				last = ms
			}
			if flush == "0" && opened < last {
				t.Errorf("the head came %d ms before the last event", last-opened)
			}
			if b, err := st.block(); b != "" || !errors.Is(err, io.EOF) {
				t.Fatalf("after the end: %q %v", b, err)
			}
		}
	})
}

func TestHealthMetricsPprof(t *testing.T) {
	s := started(t, &Server{Pprof: true, CORS: "*"})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	st := open(t, c, s.URL()+"/events")
	if got := st.resp.Header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("CORS on a stream: %q", got)
	}
	publishTo(t, c, s, "", "x")
	st.expect(numbered(1, "x"))
	if status, body := ask(t, c, "GET", s.URL()+"/healthz", ""); status != 200 || body != "{\"status\":\"ok\"}\n" {
		t.Errorf("healthz: %d %q", status, body)
	}
	await(t, func() bool {
		_, body := ask(t, c, "GET", s.URL()+"/metrics", "")
		return strings.Contains(body, "\nreference_streams_open 1\n") &&
			strings.Contains(body, "\nreference_events_published_total 1\n") &&
			strings.Contains(body, "\nreference_deliveries_sent_total 1\n") &&
			strings.Contains(body, "reference_faults_done_total{fault=\"drop\"} 0\n") &&
			strings.Contains(body, "process_resident_memory_bytes")
	})
	if status, body := ask(t, c, "GET", s.URL()+"/debug/pprof/goroutine?debug=1", ""); status != 200 || !strings.Contains(body, "goroutine profile") {
		t.Errorf("pprof: %d", status)
	}
	if status, _ := ask(t, c, "OPTIONS", s.URL()+"/events", ""); status != 204 {
		t.Errorf("preflight: %d", status)
	}
}

func TestDepartureIsNoticed(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls})
		st := open(t, c, s.URL()+"/events?topic=a")
		await(t, func() bool { return s.counts.open.Load() == 1 })
		st.resp.Body.Close()
		await(t, func() bool { return s.counts.open.Load() == 0 })
		if p := publishTo(t, c, s, "topic=a", "x"); p.Subscribers != 0 {
			t.Fatalf("%+v", p)
		}
	})
}
