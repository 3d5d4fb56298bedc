package reference

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started returns a running server that ends with the test.
func started(t *testing.T, s *Server) *Server {
	t.Helper()
	if s.FirstID == 0 {
		s.FirstID = 1
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// dialect is a way to speak HTTP to the server.
type dialect struct {
	name   string
	tls    bool
	client func() *http.Client
}

func clientOf(set func(*http.Protocols)) func() *http.Client {
	return func() *http.Client {
		p := new(http.Protocols)
		set(p)
		return &http.Client{Transport: &http.Transport{
			Protocols:       p,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		}}
	}
}

var dialects = []dialect{
	{"http1", false, clientOf(func(p *http.Protocols) { p.SetHTTP1(true) })},
	{"h2c", false, clientOf(func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })},
	{"tls-http1", true, clientOf(func(p *http.Protocols) { p.SetHTTP1(true) })},
	{"tls-h2", true, clientOf(func(p *http.Protocols) { p.SetHTTP2(true) })},
}

// eachDialect runs a test over every protocol the server speaks.
func eachDialect(t *testing.T, run func(t *testing.T, d dialect, c *http.Client)) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			c := d.client()
			defer c.CloseIdleConnections()
			run(t, d, c)
		})
	}
}

// stream is an open event stream in a test.
type stream struct {
	*bufio.Reader
	t    *testing.T
	resp *http.Response
}

func open(t *testing.T, c *http.Client, url string, header ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &stream{bufio.NewReader(resp.Body), t, resp}
}

// next returns the next block of lines up to an empty one, joined by "|".
func (s *stream) next() string {
	s.t.Helper()
	block, err := s.block()
	if err != nil {
		s.t.Fatalf("after %q: %v", block, err)
	}
	return block
}

func (s *stream) block() (string, error) {
	var lines []string
	for {
		line, err := s.ReadString('\n')
		if err != nil {
			return strings.Join(append(lines, line), "|"), err
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			return strings.Join(lines, "|"), nil
		}
		lines = append(lines, line)
	}
}

// expect fails unless the next blocks are want.
func (s *stream) expect(want ...string) {
	s.t.Helper()
	for i, w := range want {
		if got := s.next(); got != w {
			s.t.Fatalf("block %d: got %q, want %q", i, got, w)
		}
	}
}

type published struct {
	ID          string
	Subscribers int
}

// publishTo publishes data with a query such as "topic=a" and returns the answer.
func publishTo(t *testing.T, c *http.Client, s *Server, query, data string) published {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/publish?"+query, strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	status, body := do(t, c, req)
	var p published
	if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 {
		t.Fatalf("publish: %d %q %v", status, body, err)
	}
	return p
}

// ask makes a request and returns status and body.
func ask(t *testing.T, c *http.Client, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return do(t, c, req)
}

func do(t *testing.T, c *http.Client, req *http.Request) (int, string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// refused checks for a status and one JSON line with the token.
func refused(t *testing.T, status int, body string, wantStatus int, token string) {
	t.Helper()
	var line struct{ Error, Message string }
	err := json.Unmarshal([]byte(body), &line)
	if status != wantStatus || err != nil || line.Error != token || line.Message == "" || strings.Count(body, "\n") != 1 {
		t.Fatalf("got %d %q (%v), want %d and one JSON line with %q", status, body, err, wantStatus, token)
	}
}

func numbered(id int, data string) string { return fmt.Sprintf("id: %d|data: %s", id, data) }
