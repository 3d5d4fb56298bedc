package reference

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// eachSocket runs a test in cleartext, where lanes have the sockets, and over
// TLS, where goroutines have, with compression and without.
func eachSocket(t *testing.T, run func(t *testing.T, s *Server, dial func(query string, header ...string) *websocket.Conn)) {
	for _, secure := range []bool{false, true} {
		for _, compress := range []bool{false, true} {
			t.Run(fmt.Sprintf("tls=%v,compressed=%v", secure, compress), func(t *testing.T) {
				s := &Server{TLS: secure, FirstID: 1}
				run(t, s, func(query string, header ...string) *websocket.Conn {
					return dialSocket(t, s, compress, query, header...)
				})
			})
		}
	}
}

func dialSocket(t *testing.T, s *Server, compress bool, query string, header ...string) *websocket.Conn {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	o := &websocket.DialOptions{HTTPClient: c, HTTPHeader: http.Header{}, CompressionMode: websocket.CompressionDisabled}
	if compress {
		o.CompressionMode, o.CompressionThreshold = websocket.CompressionNoContextTakeover, 1
	}
	for i := 0; i < len(header); i += 2 {
		o.HTTPHeader.Set(header[i], header[i+1])
	}
	conn, _, err := websocket.Dial(t.Context(), s.URL()+"/ws?"+query, o)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(4 << 20)
	t.Cleanup(func() {
		conn.CloseNow()
		c.CloseIdleConnections()
	})
	return conn
}

func hears(t *testing.T, c *websocket.Conn, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, w := range want {
		kind, b, err := c.Read(ctx)
		if err != nil || kind != websocket.MessageText || string(b) != w {
			t.Fatalf("got %v %.80q %v, want %.80q", kind, b, err, w)
		}
	}
}

func says(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// closes waits for the server's close frame.
func closes(t *testing.T, c *websocket.Conn, code websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, b, err := c.Read(ctx); websocket.CloseStatus(err) != code {
		t.Fatalf("got %.80q %v, want status %d", b, err, code)
	}
}

func TestSocketsAndStreamsShareTheHub(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Server, dial func(string, ...string) *websocket.Conn) {
		started(t, s)
		a, asJSON, b := dial("topic=a"), dial("topic=a&format=json"), dial("topic=b&topic=a")
		client := clientOf(func(p *http.Protocols) { p.SetHTTP1(true) })()
		defer client.CloseIdleConnections()
		events := open(t, client, s.URL()+"/events?topic=a")
		if p := publishTo(t, client, s, "topic=a&event=news", "two\nlines \"quoted\""); p.Subscribers != 4 {
			t.Fatalf("answer %+v", p)
		}
		long := strings.Repeat("0123456789", 20_000)
		publishTo(t, client, s, "topic=a", long)
		publishTo(t, client, s, "topic=b", "\xff")
		says(t, a, "from a client")
		hears(t, a, "two\nlines \"quoted\"", long, "from a client")
		hears(t, b, "two\nlines \"quoted\"", long, "\ufffd", "from a client")
		hears(t, asJSON, `{"id":"1","event":"news","data":"two\nlines \"quoted\""}`, `{"id":"2","data":"`+long+`"}`, `{"id":"4","data":"from a client"}`)
		events.expect("id: 1|event: news|data: two|data: lines \"quoted\"", numbered(2, long), numbered(4, "from a client"))
		if n := s.counts.published.Load(); n != 4 {
			t.Errorf("%d published", n)
		}
	})
}

// What one client sends fast, in large and small messages, comes to all, once and in order.
func TestSocketDuplex(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Server, dial func(string, ...string) *websocket.Conn) {
		s.Backlog = 5000
		started(t, s)
		all := []*websocket.Conn{dial("topic=a"), dial("topic=a"), dial("topic=a")}
		text := func(sender, i int) string { return fmt.Sprint(sender, " ", i, strings.Repeat("x", i%7*500)) }
		const each = 500
		for sender, c := range all {
			go func() {
				for i := range each {
					if c.Write(context.Background(), websocket.MessageText, []byte(text(sender, i))) != nil {
						return
					}
				}
			}()
		}
		for _, c := range all {
			next := make([]int, len(all))
			for range each * len(all) {
				_, b, err := c.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var sender, i int
				fmt.Sscan(string(b), &sender, &i)
				if i = next[sender]; string(b) != text(sender, i) {
					t.Fatalf("got %.20q, want message %d of %d", b, i, sender)
				}
				next[sender]++
			}
		}
	})
}

func TestSocketClosings(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Server, dial func(string, ...string) *websocket.Conn) {
		s.Token, s.MaxBody = "secret", 1000
		started(t, s)
		c := dial("topic=a")
		says(t, c, "may I")
		closes(t, c, websocket.StatusPolicyViolation)
		entitled := []string{"Authorization", "Bearer secret"}
		c = dial("topic=a&topic=b", entitled...)
		says(t, c, "to which")
		closes(t, c, websocket.StatusPolicyViolation)
		c = dial("topic=a", entitled...)
		says(t, c, strings.Repeat("a", 1001))
		closes(t, c, websocket.StatusMessageTooBig)
		c = dial("topic=a", entitled...)
		if err := c.Write(t.Context(), websocket.MessageBinary, []byte("x")); err != nil {
			t.Fatal(err)
		}
		closes(t, c, websocket.StatusUnsupportedData)
		c = dial("topic=a", entitled...)
		says(t, c, "\xff")
		closes(t, c, websocket.StatusInvalidFramePayloadData)
		c = dial("topic=a", entitled...)
		if err := c.Close(4321, "bye"); err != nil {
			t.Errorf("closing: %v", err)
		}
		c = dial("topic=a")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		go c.Read(ctx) // takes the pong
		if err := c.Ping(ctx); err != nil {
			t.Errorf("ping: %v", err)
		}
		last := dial("topic=a")
		shut := make(chan error, 1)
		go func() { shut <- s.Shutdown(ctx) }()
		closes(t, last, websocket.StatusGoingAway)
		if err := <-shut; err != nil {
			t.Error(err)
		}
	})
}

// A client that breaks the protocol is told so.
func TestSocketGarbage(t *testing.T) {
	s := started(t, &Server{})
	for name, c := range map[string]struct{ frames, code string }{
		"not masked":        {"\x81\x00", "\x03\xea"},
		"a reserved bit":    {"\xc1\x80abcd", "\x03\xea"},
		"a long ping":       {"\x89\xfe\x01\x00abcd", "\x03\xea"},
		"a continuation":    {"\x80\x80abcd", "\x03\xea"},
		"unknown":           {"\x83\x80abcd", "\x03\xea"},
		"in another":        {"\x01\x80abcd\x81\x80abcd", "\x03\xea"},
		"half a close code": {"\x88\x81\x00\x00\x00\x00a", "\x03\xea"},
		"no close code":     {"\x88\x82\x00\x00\x00\x00\x03\xed", "\x03\xea"},
		"huge":              {"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", "\x03\xf1"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range []int{len(c.frames), 1} {
				conn := rawSocket(t, s)
				for rest := c.frames; rest != ""; rest = rest[min(step, len(rest)):] {
					if _, err := conn.Write([]byte(rest[:min(step, len(rest))])); err != nil {
						break // told already
					}
				}
				b, _ := io.ReadAll(conn)
				if len(b) < 4 || b[0] != 0x88 || string(b[2:4]) != c.code {
					t.Errorf("in steps of %d: the server said %q", step, b)
				}
			}
		})
	}
}

// rawSocket opens a WebSocket without a library.
func rawSocket(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString([]byte("0123456789abcdef")))
	var head []byte
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		var b [1]byte
		if _, err := conn.Read(b[:]); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		head = append(head, b[0])
	}
	if !strings.HasPrefix(string(head), "HTTP/1.1 101 ") {
		t.Fatalf("%q", head)
	}
	return conn
}

func TestSocketHandshakes(t *testing.T) {
	s := started(t, &Server{})
	good := map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
	}
	for name, c := range map[string]struct {
		field, value string
		status       int
		token        string
	}{
		"no upgrade":     {"Upgrade", "", 426, "upgrade"},
		"another":        {"Upgrade", "h2c", 426, "upgrade"},
		"no connection":  {"Connection", "close", 426, "upgrade"},
		"old version":    {"Sec-WebSocket-Version", "8", 426, "websocket_version"},
		"bad key":        {"Sec-WebSocket-Key", "abc", 400, "websocket_key"},
		"another origin": {"Origin", "http://evil.example", 403, "origin"},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			for field, value := range good {
				if field != c.field {
					header = append(header, field, value)
				}
			}
			client := clientOf(func(p *http.Protocols) { p.SetHTTP1(true) })()
			defer client.CloseIdleConnections()
			status, body := ask(t, client, "GET", s.URL()+"/ws", "", append(header, c.field, c.value)...)
			refused(t, status, body, c.status, c.token)
		})
	}
	client := clientOf(func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })()
	defer client.CloseIdleConnections()
	status, body := ask(t, client, "GET", s.URL()+"/ws", "")
	refused(t, status, body, 505, "http_version")
	status, body = ask(t, client, "GET", s.URL()+"/ws?format=xml", "")
	refused(t, status, body, 400, "format")
}

// Heartbeats are pings, and faults of events hold for messages too.
func TestSocketHeartbeatAndFaults(t *testing.T) {
	s := started(t, &Server{Heartbeat: 20 * time.Millisecond, Faults: Faults{Drop: 2, Duplicate: 3, Corrupt: 1, Split: true}})
	conn := rawSocket(t, s)
	var b [2]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil || string(b[:]) != "\x89\x00" {
		t.Fatalf("%q %v", b, err)
	}
	c := dialSocket(t, s, false, "topic=a&format=json")
	client := http.DefaultClient
	defer client.CloseIdleConnections()
	for i := range 4 {
		publishTo(t, client, s, "topic=a", fmt.Sprint(i))
	}
	hears(t, c, `{"id":"1","data":"0"}`, `{"id":"3","data":"2"}`, `{"id":"3","data":"2"}`)
}

// The door turns WebSockets away as streams, and a subscriber that takes nothing is dropped by the same policy.
func TestSocketSlow(t *testing.T) {
	s := started(t, &Server{Slow: Disconnect, Backlog: 4})
	conn := rawSocket(t, s)
	client := http.DefaultClient
	defer client.CloseIdleConnections()
	big := strings.Repeat("x", 500_000)
	for range 100 {
		publishTo(t, client, s, "", big)
		if s.counts.disconnected.Load() > 0 {
			break
		}
	}
	if s.counts.disconnected.Load() != 1 {
		t.Error("it is still there")
	}
	_, err := io.Copy(io.Discard, conn)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

func TestObjectIsJSON(t *testing.T) {
	for _, data := range []string{"", "plain", "<&>", "\"\\\n\x00", "ü€", "\xff"} {
		var got struct{ ID, Event, Data string }
		b := appendObject(nil, []byte("7"), &Event{Type: "tick", Data: []byte(data)})
		if err := json.Unmarshal(b, &got); err != nil || got.ID != "7" || got.Event != "tick" || got.Data != strings.ToValidUTF8(data, "\ufffd") {
			t.Errorf("%q: %q %v", data, b, err)
		}
	}
}

// Splits never change what a client has said.
func FuzzSocketReader(f *testing.F) {
	f.Add([]byte("\x81\x82\x00\x00\x00\x00hi\x01\x80abcd\x89\x80abcd\x80\x81\x00\x00\x00\x00x"), uint16(3))
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		heard := func(pieces ...[]byte) string {
			var r wsReader
			said := ""
			ear := wsEar{
				limit: 1000, deflate: true, unpack: new(unpacker),
				message:  func(text []byte) *wsEnd { said += fmt.Sprintf("message %q\n", text); return nil },
				answered: func(frame []byte) { said += fmt.Sprintf("answer %q\n", frame) },
			}
			for _, piece := range pieces {
				if end := r.feed([]byte(string(piece)), &ear); end != nil {
					return said + fmt.Sprint(end.code)
				}
			}
			return said
		}
		i := int(at) % (len(in) + 1)
		var single [][]byte
		for j := range in {
			single = append(single, in[j:j+1])
		}
		whole := heard(in)
		if got := heard(in[:i], in[i:]); got != whole {
			t.Fatalf("%q at %d: %s, whole: %s", in, i, got, whole)
		}
		if got := heard(single...); got != whole {
			t.Fatalf("%q byte by byte: %s, whole: %s", in, got, whole)
		}
	})
}
