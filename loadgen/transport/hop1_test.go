package transport

import (
	"net"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

func TestCloseDelimitedBody(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		const response = okHead + "\r\ndata: 1\n\n"
		u := answer(t, response)
		tr, sum := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		open(tr, get(t, u+"/events?topic=a", "Accept", "text/event-stream"), r)
		e := r.untilToken(loadgen.TokenEOF)
		if r.body.String() != "data: 1\n\n" {
			t.Errorf("body %q", r.body.String())
		}
		o := r.openings[0]
		if o.Status != 200 || o.Protocol != "HTTP/1.1" || o.Header.Get("Content-Type") != "text/event-stream" || o.URL.Path != "/events" {
			t.Errorf("opening %+v", o)
		}
		if "http://"+o.Remote != u {
			t.Errorf("remote %q", o.Remote)
		}
		for _, order := range [][2]time.Time{{o.DialStart, o.Dialed}, {o.Dialed, o.Requested}, {o.Requested, o.Headers}, {o.Headers, e.At}} {
			if order[0].IsZero() || order[1].Before(order[0]) {
				t.Errorf("instants out of order: %+v", o)
			}
		}
		if !o.TLSDone.IsZero() {
			t.Error("TLSDone is set without TLS")
		}
		if !e.Opened || e.Message != "" {
			t.Errorf("ending %+v", e)
		}
		request := "GET /events?topic=a HTTP/1.1\r\nHost: " + strings.TrimPrefix(u, "http://") + "\r\nAccept: text/event-stream\r\nAccept-Encoding: identity\r\nUser-Agent: " + loadgen.UserAgent + "\r\n\r\n"
		if n := sum.of(results.BytesReceived); n != int64(len(response)) {
			t.Errorf("%d bytes received, want %d", n, len(response))
		}
		if n := sum.of(results.BytesSent); n != int64(len(request)) {
			t.Errorf("%d bytes sent, want %d", n, len(request))
		}
		if n := sum.of(results.RequestsCount); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// Each way in which a response can be wrong, by way of the whole client.
func TestWrongResponses(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		for name, c := range map[string]struct {
			response string
			token    string
			opened   bool
		}{
			"no HTTP":            {"220 mail.example ESMTP\r\n", tokenStatusLine, false},
			"folded header":      {okHead + "A: b\r\n c\r\n\r\n", tokenHeaderFolded, false},
			"junk in the header": {okHead + "junk\r\n\r\n", tokenHeaderMalformed, false},
			"oversize header":    {okHead + "A: " + strings.Repeat("x", defaultHeadLimit) + "\r\n\r\n", tokenHeaderTooLarge, false},
			"101":                {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", tokenSwitching, false},
			"endless 1xx":        {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000), tokenInterimLimit, false},
			"unknown coding":     {okHead + "Transfer-Encoding: gzip\r\n\r\n", tokenTransferEncoding, false},
			"two lengths":        {okHead + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", tokenContentLength, false},
			"bad chunk":          {okHead + "Transfer-Encoding: chunked\r\n\r\nx\r\n", tokenChunkMalformed, true},
			"chunk cut short":    {okHead + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", tokenBodyTruncated, true},
			"no last chunk":      {okHead + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", tokenBodyTruncated, true},
			"length cut short":   {okHead + "Content-Length: 5\r\n\r\nab", tokenBodyTruncated, true},
			"header cut short":   {okHead, tokenHeadTruncated, false},
			"nothing":            {"", tokenNoResponse, false},
		} {
			t.Run(name, func(t *testing.T) {
				u := answer(t, c.response)
				tr, _ := newTransport(t, Config{Engine: engine})
				r := newReader(t)
				open(tr, get(t, u), r)
				e := r.untilToken(c.token)
				if e.Opened != c.opened || len(r.openings) == 1 != c.opened || e.Requested.IsZero() && !c.opened || e.Message == "" || e.Permanent {
					t.Errorf("openings %+v, ending %+v", r.openings, e)
				}
			})
		}
	})
}

func TestServerResets(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		for name, response := range map[string]string{"before the answer": "", "inside the header": okHead, "inside the body": okHead + "\r\ndata: 1\n\n"} {
			t.Run(name, func(t *testing.T) {
				read := make(chan struct{})
				u := script(t, func(p *peer) {
					p.next()
					p.say(response)
					if strings.HasSuffix(response, "\n\n") {
						<-read
					}
					p.Conn.(*net.TCPConn).SetLinger(0)
				})
				tr, _ := newTransport(t, Config{Engine: engine})
				r := newReader(t)
				open(tr, get(t, u), r)
				if strings.HasSuffix(response, "\n\n") {
					r.untilBody("data: 1\n\n")
					close(read)
				}
				r.untilToken(tokenReset)
			})
		}
	})
}

func TestRequestOnTheWire(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		requests := make(chan string, 1)
		u := script(t, func(p *peer) {
			p.next()
			requests <- p.request + p.body
		})
		host := strings.TrimPrefix(u, "http://")
		tr, _ := newTransport(t, Config{Engine: engine})
		fields := []loadgen.Field{{Name: "accept", Value: "text/event-stream"}, {Name: "X-Name", Value: "käse \xff\t漢"}, {Name: "X-Empty", Value: ""}, {Name: "accept", Value: "b"}}
		lines := "accept: text/event-stream\r\nX-Name: käse \xff\t漢\r\nX-Empty: \r\naccept: b\r\n"
		for _, c := range []struct {
			method, path, body, want string
			header                   []loadgen.Field
		}{
			{"GET", "/a%2Fb?q=a+b%20c#fragment", "", "GET /a%2Fb?q=a+b%20c HTTP/1.1\r\nHost: " + host + "\r\n" + lines + "Accept-Encoding: identity\r\nUser-Agent: " + loadgen.UserAgent + "\r\nLast-Event-ID: 7 \xff\r\n\r\n", fields},
			{"", "", "", "GET / HTTP/1.1\r\nHost: " + host + "\r\nAccept-Encoding: identity\r\nUser-Agent: " + loadgen.UserAgent + "\r\n\r\n", nil},
			{"POST", "/", "prompt", "POST / HTTP/1.1\r\nHost: " + host + "\r\naccept-encoding: gzip\r\nUser-Agent: " + loadgen.UserAgent + "\r\nContent-Length: 6\r\n\r\nprompt", []loadgen.Field{{Name: "accept-encoding", Value: "gzip"}}},
			{"POST", "/", "", "POST / HTTP/1.1\r\nHost: " + host + "\r\nAccept-Encoding: identity\r\nUser-Agent: " + loadgen.UserAgent + "\r\nContent-Length: 0\r\n\r\n", nil},
		} {
			q := get(t, u+c.path)
			q.Method, q.Header, q.Body = c.method, c.header, []byte(c.body)
			r := newReader(t)
			if c.header != nil && c.method == "GET" {
				r.lastEventID = "7 \xff"
			}
			open(tr, q, r)
			r.untilToken(tokenNoResponse)
			if got := <-requests; got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		}
		q := get(t, u)
		q.URL.RawQuery = "a b=\"ä\"&c=%20d+"
		q.URL.Path = "/ü x"
		r := newReader(t)
		open(tr, q, r)
		r.untilOver()
		if got, want := <-requests, "GET /%C3%BC%20x?a%20b=%22%C3%A4%22&c=%20d+ HTTP/1.1\r\n"; !strings.HasPrefix(got, want) {
			t.Errorf("got %q", got)
		}
		q = get(t, "http://user:p%3Aw@"+host)
		r = newReader(t)
		open(tr, q, r)
		r.untilOver()
		if got := <-requests; !strings.Contains(got, "Authorization: Basic dXNlcjpwOnc=\r\n") || strings.Contains(got, "user") {
			t.Errorf("got %q", got)
		}
	})
}

func TestRequestsThatCannotBeSent(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		tr, sum := newTransport(t, Config{Engine: engine})
		for name, q := range map[string]*loadgen.Request{
			"LF":         get(t, "http://127.0.0.1:1/", "A", "b\nInjected: c"),
			"CR":         get(t, "http://127.0.0.1:1/", "A", "b\rc"),
			"NUL":        get(t, "http://127.0.0.1:1/", "A", "b\x00"),
			"name":       get(t, "http://127.0.0.1:1/", "A b", "c"),
			"framing":    get(t, "http://127.0.0.1:1/", "transfer-encoding", "chunked"),
			"host":       get(t, "http://127.0.0.1:1/", "Host", "a"),
			"no host":    get(t, "http:///path"),
			"no URL":     {},
			"scheme":     get(t, "ftp://127.0.0.1/"),
			"port":       get(t, "http://127.0.0.1:99999/"),
			"bad method": {Method: "GET /", URL: get(t, "http://127.0.0.1:1/").URL},
		} {
			r := newReader(t)
			open(tr, q, r)
			if e := r.untilOver(); e.Token != tokenRequestInvalid || !e.Permanent || !e.Requested.IsZero() {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if n := sum.of(results.RequestsCount); n > 0 {
			t.Errorf("%d requests", n)
		}
	})
}
