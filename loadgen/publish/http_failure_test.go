package publish

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestHTTPStatuses(t *testing.T) {
	var status atomic.Int32
	server := record(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		if status.Load() != 204 {
			fmt.Fprint(w, "line one\nline two")
		}
	})
	h, err := NewHTTP(HTTP{URL: server.URL + "/p?topic={{.Topic}}"})
	must(t, h, err)
	for _, code := range []int{200, 201, 202, 204, 299} {
		status.Store(int32(code))
		publishAll(t, h, event("t", 1, "x"))
	}
	for code, advice := range map[int]string{
		400: "check the hook's url, headers and body", 401: "check the credentials", 403: "check the credentials", 404: "check the path",
		405: "check the hook's method", 413: "smaller payload", 415: "Content-Type", 429: "lower rate", 500: "see the server's log",
		503: "503 Service Unavailable", 599: "answered 599 (",
	} {
		status.Store(int32(code))
		wantFailure(t, h.Publish(t.Context(), event("t", 1, "x")), fmt.Sprintf("hook_status_%d", code),
			"the hook POST "+server.URL+"/p?topic=t answered", advice, `("line one line two")`)
	}

	picky, err := NewHTTP(HTTP{URL: server.URL, Expect: []int{202, 409}})
	must(t, picky, err)
	for _, code := range []int{202, 409} {
		status.Store(int32(code))
		publishAll(t, picky, event("t", 1, "x"))
	}
	status.Store(200)
	wantFailure(t, picky.Publish(t.Context(), event("t", 1, "x")), "hook_status_200", "check what the hook expects")
}

func TestHTTPSecretsAreNotShown(t *testing.T) {
	// The server echoes everything it was sent.
	server := record(t, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		scheme, credentials, _ := strings.Cut(q.Header.Get("Authorization"), " ")
		_, password, _ := q.BasicAuth()
		fmt.Fprintln(w, q.RequestURI, "no", scheme, "with", credentials, password, q.Header)
	})
	url := strings.Replace(server.URL, "http://", "http://user:pass%40word@", 1)
	for name, c := range map[string]struct {
		config HTTP
		hidden []string
	}{
		"bearer":    {HTTP{URL: server.URL, Header: map[string][]string{"Authorization": {"Bearer s3cr3t-token"}}}, []string{"s3cr3t"}},
		"basic":     {HTTP{URL: server.URL, Header: map[string][]string{"Authorization": {"Basic bWU6czNjcjN0"}}}, []string{"s3cr3t", "bWU6czNjcjN0"}},
		"api key":   {HTTP{URL: server.URL, Header: map[string][]string{"X-Api-Key": {"s3cr3t{{.Seq}}"}}}, []string{"s3cr3t"}},
		"user info": {HTTP{URL: url}, []string{"pass", "user", "dXNlcjpwYXNzQHdvcmQ="}},
		"query":     {HTTP{URL: server.URL + "/?access_token=s3cr3t&topic=x"}, []string{"s3cr3t"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewHTTP(c.config)
			failure := wantFailure(t, must(t, h, err).Publish(t.Context(), event("t", 1, "x")), "hook_status_401", strings.TrimPrefix(server.URL, "http://"))
			for _, hidden := range c.hidden {
				if strings.Contains(failure.Message, hidden) {
					t.Errorf("%q shows %q", failure.Message, hidden)
				}
			}
		})
	}
	for _, bad := range []string{"ftp://user:s3cr3t@host/", "http://user:s3cr3t@ho st/", "http://user:s3c/s3cr3t@host:x/", "user:s3cr3t@host/x"} {
		h, err := NewHTTP(HTTP{URL: bad})
		wantMistake(t, h, err, "the hook's url")
		if strings.Contains(err.Error(), "s3c") {
			t.Errorf("%v shows the password", err)
		}
	}
}

func TestHTTPNetworkFailures(t *testing.T) {
	nobody := vacant(t)
	hang := make(chan struct{})
	for name, c := range map[string]struct {
		url    string
		answer func(net.Conn)
		config HTTP
		token  string
		want   []string
	}{
		"nobody there": {url: "http://" + nobody, token: "hook_refused", want: []string{"POST http://" + nobody, "nothing listens there"}},
		"no such host": {url: "http://no-such-host.invalid/", token: "hook_dns", want: []string{"no-such-host.invalid", "check"}},
		"never answers": {
			answer: func(net.Conn) { <-hang }, config: HTTP{Timeout: 100 * time.Millisecond},
			token: "hook_timeout", want: []string{"no answer within 100ms", "longer timeout"},
		},
		"body never ends": {
			answer: func(c net.Conn) {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
				<-hang
			}, config: HTTP{Timeout: 100 * time.Millisecond},
			token: "hook_timeout", want: []string{"no answer within 100ms", "its body did not end"},
		},
		"resets": {
			answer: func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
			token:  "hook_reset", want: []string{"reset the connection", "see the server's log"},
		},
		"closes": {
			answer: func(net.Conn) {},
			token:  "hook_eof", want: []string{"closed the connection before it answered"},
		},
		"closes half-way": {
			answer: func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") },
			token:  "hook_eof", want: []string{"its body did not end"},
		},
		"a header without end": {
			answer: func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("x", 1<<20)) },
			token:  "hook_header_too_large", want: []string{"more than 256 KiB"},
		},
		"interim answers without end": {
			answer: func(c net.Conn) { fmt.Fprint(c, strings.Repeat("HTTP/1.1 103 Early Hints\r\nA: x\r\n\r\n", 1<<15)) },
			token:  "hook_header_too_large", want: []string{"more than 256 KiB"},
		},
		"no HTTP": {
			answer: func(c net.Conn) { fmt.Fprint(c, "hello, this is no HTTP at all\r\n\r\n") },
			token:  "hook_failed", want: []string{"malformed HTTP"},
		},
		"an event stream": {
			answer: func(c net.Conn) {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\ndata: 1\n\n")
				<-hang
			},
			token: "hook_content_type", want: []string{"answers with an event stream"},
		},
		"no TLS": {
			url: "https://", answer: func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n") },
			token: "hook_tls", want: []string{"does not answer with TLS"},
		},
		"refused address": {
			url: "http://203.0.113.7:1/x", config: HTTP{Allow: func(a netip.Addr) error { return fmt.Errorf("%s is far away", a) }},
			token: "address_refused", want: []string{"POST http://203.0.113.7:1/x", "203.0.113.7 is far away"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := c.config
			config.URL = c.url
			if c.answer != nil {
				if config.URL == "" {
					config.URL = "http://"
				}
				config.URL += answering(t, c.answer)
			}
			h, err := NewHTTP(config)
			wantFailure(t, must(t, h, err).Publish(t.Context(), event("t", 1, "x")), c.token, c.want...)
		})
	}
	close(hang)
}

func answering(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 64<<10)); err == nil {
					answer(c)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

func TestHTTPIsCutOff(t *testing.T) {
	h, err := NewHTTP(HTTP{URL: "http://127.0.0.1:1/"})
	wantFailure(t, must(t, h, err).Publish(canceled(), event("t", 1, "x")), "hook_canceled", "the run ended")
}

func TestHTTPMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		config HTTP
		want   []string
	}{
		"no scheme":      {HTTP{URL: "localhost:8080/publish"}, []string{`"localhost:8080/publish"`, "write http://localhost:8080/publish"}},
		"empty":          {HTTP{}, []string{"the hook's url", "is no http or https URL"}},
		"no host":        {HTTP{URL: "http:///x"}, []string{"needs a scheme and a host"}},
		"other scheme":   {HTTP{URL: "ws://host/x"}, []string{`"ws://host/x"`, "is no http or https URL"}},
		"not escaped":    {HTTP{URL: "http://host/%zz"}, []string{"cannot be read", "urlquery"}},
		"field in url":   {HTTP{URL: "http://host/{{.Tpoic}}"}, []string{"the hook's url uses .Tpoic"}},
		"field in body":  {HTTP{URL: "http://host/", Body: "{{.Data}}"}, []string{"the hook's body uses .Data"}},
		"field in head":  {HTTP{URL: "http://host/", Header: map[string][]string{"X-A": {"{{.Data}}"}}}, []string{"the hook's header X-A uses .Data"}},
		"method":         {HTTP{URL: "http://host/", Method: "PO ST"}, []string{"invalid method"}},
		"line in header": {HTTP{URL: "http://host/", Header: map[string][]string{"X-A": {"a\nb"}}}, []string{"the header X-A has a line end"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewHTTP(c.config)
			wantMistake(t, h, err, c.want...)
		})
	}
}

func TestHTTPHeaderOfAnEventWithALineEnd(t *testing.T) {
	h, err := NewHTTP(HTTP{URL: "http://127.0.0.1:1/", Header: map[string][]string{"X-A": {"{{.Payload}}"}}})
	wantFailure(t, must(t, h, err).Publish(context.Background(), event("t", 1, "a\r\nX-B: c")), "hook_template", "the header X-A has a line end")
}
