package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// all reads a stream to its end.
func (s *stream) all() (string, error) {
	b, err := io.ReadAll(s)
	return string(b), err
}

// faulty returns a server with faults, one subscriber of topic a, and publishes
// "1" to "n" to it.
func faulty(t *testing.T, d dialect, c *http.Client, faults string, n int) (*Server, *stream) {
	t.Helper()
	f, err := ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	s := started(t, &Server{TLS: d.tls, Faults: f})
	st := open(t, c, s.URL()+"/events?topic=a")
	for i := 1; i <= n; i++ {
		publishTo(t, c, s, "topic=a", fmt.Sprint(i))
	}
	return s, st
}

func wantDone(t *testing.T, s *Server, name string, n uint64) {
	t.Helper()
	if got := s.FaultsDone()[name]; got != n {
		t.Errorf("%s: done %d, want %d", name, got, n)
	}
}

func TestFaultsOfForm(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		tests := []struct {
			faults, want string
			done         uint64
		}{
			{"line-ends=cr", "id: 1\rdata: 1\r\rid: 2\rdata: 2\r\r", 2},
			{"line-ends=crlf", "id: 1\r\ndata: 1\r\n\r\nid: 2\r\ndata: 2\r\n\r\n", 2},
			{"bom", "\ufeffid: 1\ndata: 1\n\nid: 2\ndata: 2\n\n", 1},
			{"split", "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n", 2},
			{"huge-line=100000", strings.Repeat(":", 100000) + "\nid: 1\ndata: 1\n\n" + strings.Repeat(":", 100000) + "\nid: 2\ndata: 2\n\n", 2},
			{"invalid-utf8=2", "id: 1\ndata: 1\n\nid: 2\ndata: \xff\n\n", 1},
			{"coalesce=2", "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n", 2},
		}
		for _, tt := range tests {
			t.Run(tt.faults, func(t *testing.T) {
				s, st := faulty(t, d, c, tt.faults, 2)
				got := make([]byte, len(tt.want))
				if _, err := io.ReadFull(st, got); err != nil || string(got) != tt.want {
					t.Fatalf("%.200q, %v", got, err)
				}
				name, _, _ := strings.Cut(tt.faults, "=")
				wantDone(t, s, name, tt.done)
			})
		}
	})
}

// TestCoalesceIsOneRead reads what one write brings.
func TestCoalesceIsOneRead(t *testing.T) {
	s := started(t, &Server{Faults: Faults{Coalesce: 3}})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	st := open(t, c, s.URL()+"/events?topic=a")
	for i := 1; i <= 3; i++ {
		publishTo(t, c, s, "topic=a", fmt.Sprint(i))
	}
	b := make([]byte, 4096)
	n, err := st.resp.Body.Read(b)
	if err != nil || strings.Count(string(b[:n]), "\n\n") != 3 {
		t.Fatalf("%q %v", b[:n], err)
	}
}

// TestNoFlush holds even the head back until the buffer is full.
func TestNoFlush(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, Faults: Faults{NoFlush: 90}})
		opened := make(chan *stream, 1)
		go func() {
			req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/events?topic=a", nil)
			if err != nil {
				t.Error(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Error(err)
				close(opened)
				return
			}
			opened <- &stream{nil, t, resp}
		}()
		await(t, func() bool { return s.counts.open.Load() == 1 })
		for i := range 4 { // 24 bytes each
			if len(opened) > 0 {
				t.Fatalf("the head came after %d events", i)
			}
			publishTo(t, c, s, "topic=a", "0123456789")
		}
		st := <-opened
		defer st.resp.Body.Close()
		got := make([]byte, 4*len("id: 1\ndata: 0123456789\n\n"))
		if _, err := io.ReadFull(st.resp.Body, got); err != nil {
			t.Fatalf("%q %v", got, err)
		}
	})
}

func TestFaultsOfStreams(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		two := "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n"
		t.Run("cut", func(t *testing.T) {
			s, st := faulty(t, d, c, "cut=2", 3)
			if got, err := st.all(); got != two || err == nil {
				t.Fatalf("%q %v", got, err)
			}
			wantDone(t, s, "cut", 1)
		})
		t.Run("cut-after", func(t *testing.T) {
			s, st := faulty(t, d, c, "cut-after=50ms", 0)
			if got, err := st.all(); got != "" || err == nil {
				t.Fatalf("%q %v", got, err)
			}
			wantDone(t, s, "cut-after", 1)
		})
		t.Run("half-close", func(t *testing.T) {
			s, st := faulty(t, d, c, "half-close=2", 3)
			if got, err := st.all(); got != two || err == nil {
				t.Fatalf("%q %v", got, err)
			}
			wantDone(t, s, "half-close", 1)
			st.resp.Body.Close()
			await(t, func() bool { return s.counts.open.Load() == 0 })
		})
		t.Run("rst", func(t *testing.T) {
			s, st := faulty(t, d, c, "rst=2", 3)
			got, err := st.all()
			if err == nil || d.name == "http1" && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("%q %v", got, err)
			}
			wantDone(t, s, "rst", 1)
		})
		t.Run("stall", func(t *testing.T) {
			s, st := faulty(t, d, c, "stall=2", 5)
			st.expect(numbered(1, "1"), numbered(2, "2"))
			wantDone(t, s, "stall", 1)
			if s.counts.open.Load() != 1 {
				t.Fatal("the stream was closed")
			}
			s.Close()
			if b, err := st.block(); b != "" || err == nil {
				t.Fatalf("after the stall: %q %v", b, err)
			}
		})
	})
}

func TestFaultsOfAnswers(t *testing.T) {
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer c.CloseIdleConnections()
	for _, status := range []int{204, 301, 404, 503} {
		s := started(t, &Server{Faults: Faults{Status: status}})
		if st := open(t, c, s.URL()+"/events"); st.resp.StatusCode != status {
			t.Errorf("status %d: got %d", status, st.resp.StatusCode)
		}
		wantDone(t, s, "status", 1)
	}
	s := started(t, &Server{Faults: Faults{Redirect: "http://127.0.0.1:1/x?y"}})
	st := open(t, c, s.URL()+"/events")
	if st.resp.StatusCode != 307 || st.resp.Header.Get("Location") != "http://127.0.0.1:1/x?y" {
		t.Errorf("redirect: %d %q", st.resp.StatusCode, st.resp.Header.Get("Location"))
	}
	wantDone(t, s, "redirect", 1)
	s = started(t, &Server{Faults: Faults{ContentType: "text/html"}})
	st = open(t, c, s.URL()+"/events")
	if st.resp.StatusCode != 200 || st.resp.Header.Get("Content-Type") != "text/html" {
		t.Errorf("content type: %d %q", st.resp.StatusCode, st.resp.Header.Get("Content-Type"))
	}
	wantDone(t, s, "content-type", 1)
}

func TestRestart(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s, st := faulty(t, d, c, "", 2)
		status, body := ask(t, c, "PUT", s.URL()+"/admin/faults", "restart=50ms,drop=2")
		if status != 200 || !strings.Contains(body, `"restart":{"value":"","done":1}`) || !strings.Contains(body, `"drop":{"value":"2","n":2,`) {
			t.Fatalf("%d %s", status, body)
		}
		if _, err := st.all(); err == nil {
			t.Fatal("the stream ended as if it were complete")
		}
		fresh := d.client()
		defer fresh.CloseIdleConnections()
		var again *http.Response
		refused := 0
		await(t, func() bool {
			req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/events?topic=a", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Last-Event-ID", "1")
			if again, err = fresh.Do(req); err != nil {
				refused++
				time.Sleep(time.Millisecond)
			}
			return err == nil
		})
		if refused == 0 {
			t.Error("nobody was refused meanwhile")
		}
		t.Cleanup(func() { again.Body.Close() })
		st = open(t, fresh, s.URL()+"/events?topic=a", "Last-Event-ID", "1")
		st.expect(`event: gap|data: {"lastEventId":"1"}`)
	})
}
