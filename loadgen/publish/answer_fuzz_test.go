package publish

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
)

// answered is a connection whose other end answers what it was given and closes.
type answered struct {
	*scripted
	asked bytes.Buffer
}

func (a *answered) Write(b []byte) (int, error) { return a.asked.Write(b) }
func (a *answered) SetDeadline(time.Time) error { return nil }
func (a *answered) LocalAddr() net.Addr         { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (a *answered) RemoteAddr() net.Addr        { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (a *answered) Read(b []byte) (n int, _ error) {
	if n, _ = a.scripted.Read(b); n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// FuzzHookAnswer shows that whatever answers a hook's call ends it with success or with a token and one line, which quotes a little of the
// answer and nothing of the call's credentials.
func FuzzHookAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno s3cr3t\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n", "HTTP/1.1 302 Found\r\nLocation: //\x01\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 500 \r\n\r\n\x1b[31m\xff\r\nred",
	} {
		f.Add([]byte(s))
	}
	hook, err := NewHTTP(HTTP{URL: "http://127.0.0.1:1/publish", Header: map[string][]string{"Authorization": {"Bearer s3cr3t"}}, Timeout: time.Second, NoReuse: true})
	if err != nil {
		f.Fatal(err)
	}
	h := hook.(*httpHook)
	transport := h.client.Transport.(*http.Transport)
	f.Fuzz(func(t *testing.T, in []byte) {
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			return &answered{scripted: &scripted{rest: in}}, nil
		}
		ev := event("t", 1, "x")
		err := h.Publish(t.Context(), ev)
		text := ev.Answer
		if failure, ok := errors.AsType[*loadgen.Failure](err); ok {
			if failure.Token == "" {
				t.Fatalf("a failure without a token: %s", failure.Message)
			}
			text += failure.Message
		} else if err != nil {
			t.Fatalf("%v is no failure", err)
		} else if r, bad := http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), &http.Request{Method: "POST"}); bad != nil || r.StatusCode/100 > 2 {
			t.Fatalf("success by %q", in)
		}
		if len(text) > 2000 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Contains(text, "s3cr3t") {
			t.Fatalf("%q", text)
		}
	})
}
