package transport

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"ssebench/loadgen"
)

// upgrade is get for a WebSocket.
func upgrade(t testing.TB, rawURL string, w loadgen.WebSocket) *loadgen.Request {
	r := get(t, rawURL)
	r.Upgrade, r.WebSocket = upgradeWebSocket, w
	return r
}

// coderServer serves WebSockets by an independent library, with a function that ends with the connection.
func coderServer(t *testing.T, secure *tls.Config, compress bool, serve func(ctx context.Context, c *websocket.Conn)) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled}
		if compress {
			o.CompressionMode, o.CompressionThreshold = websocket.CompressionNoContextTakeover, 1
		}
		c, err := websocket.Accept(w, r, o)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		serve(r.Context(), c)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure != nil {
		certificate, _ := selfSigned()
		s.TLS = secure.Clone()
		s.TLS.Certificates = []tls.Certificate{certificate}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.URL
}

// overWebSocket runs a test on every engine, in cleartext, over our own record layer and over crypto/tls, with compression and without.
func overWebSocket(t *testing.T, test func(t *testing.T, c Config, secure *tls.Config, compress bool)) {
	onEvery(t, func(t *testing.T, engine string) {
		for name, secure := range map[string]*tls.Config{"cleartext": nil, "TLS 1.3": {}, "TLS 1.2": {MaxVersion: tls.VersionTLS12}} {
			for _, compress := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, compressed %v", name, compress), func(t *testing.T) {
					_, roots := selfSigned()
					test(t, Config{Engine: engine, TLS: &tls.Config{RootCAs: roots}}, secure, compress)
				})
			}
		}
	})
}

// Against coder/websocket: what it sends in one frame and in many comes as one message a call, and what we send comes back.
func TestWebSocketAgainstCoder(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 65535, 65536, 200_000}
	overWebSocket(t, func(t *testing.T, c Config, secure *tls.Config, compress bool) {
		url := coderServer(t, secure, compress, func(ctx context.Context, c *websocket.Conn) {
			for _, n := range sizes {
				if c.Write(ctx, websocket.MessageText, filler(n)) != nil {
					return
				}
			}
			w, err := c.Writer(ctx, websocket.MessageText)
			if err != nil {
				return
			}
			for range 5 {
				w.Write(filler(10_000))
			}
			w.Close()
			for range 3 {
				_, b, err := c.Read(ctx)
				if err != nil || c.Write(ctx, websocket.MessageText, append([]byte("echo "), b...)) != nil {
					return
				}
			}
			c.Close(websocket.StatusGoingAway, "enough")
		})
		tr, _ := newTransport(t, c)
		r := newReader(t)
		var lengths []int
		r.accept = func(b []byte) error { lengths = append(lengths, len(b)); return nil }
		s := open(tr, upgrade(t, url, loadgen.WebSocket{Compress: compress, Subscribe: []byte("first")}), r)
		r.untilBody("echo first")
		for _, n := range []int{3, 100_000} {
			if err := s.(loadgen.Sender).Send(filler(n)); err != nil {
				t.Fatal(err)
			}
		}
		e := r.untilToken("ws_close_1001")
		if !e.Opened || !strings.Contains(e.Message, "enough") {
			t.Errorf("ending %+v", e)
		}
		want := fmt.Sprint(append(sizes[:len(sizes):len(sizes)], 50_000, len("echo first"), len("echo ")+3, len("echo ")+100_000))
		if got := fmt.Sprint(lengths); got != want {
			t.Errorf("messages of %s bytes, want %s", got, want)
		}
		if o := r.openings[0]; o.Status != 101 || o.Headers.IsZero() || o.Requested.IsZero() {
			t.Errorf("opening %+v", o)
		}
		if err := s.(loadgen.Sender).Send([]byte("late")); failureOf(err) == nil || failureOf(err).Token != loadgen.TokenNotOpen {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Pings are answered while the peer waits for the pong, and an orderly cut says close.
func TestWebSocketPingAndCut(t *testing.T) {
	overWebSocket(t, func(t *testing.T, c Config, secure *tls.Config, compress bool) {
		status := make(chan websocket.StatusCode, 1)
		url := coderServer(t, secure, compress, func(ctx context.Context, c *websocket.Conn) {
			closed := make(chan error, 1)
			go func() {
				_, _, err := c.Read(ctx)
				closed <- err
			}()
			if err := c.Ping(ctx); err == nil {
				c.Write(ctx, websocket.MessageText, []byte("pong came"))
			}
			status <- websocket.CloseStatus(<-closed)
		})
		tr, _ := newTransport(t, c)
		r := newReader(t)
		s := open(tr, upgrade(t, url, loadgen.WebSocket{Compress: compress}), r)
		r.untilBody("pong came")
		cutNow(t, s, loadgen.CutFIN, r)
		if got := <-status; got != websocket.StatusGoingAway {
			t.Errorf("the server saw status %d", got)
		}
	})
}

// A WebSocket that ends is opened again with another key, and does not carry over what was torn.
func TestWebSocketOpensAgain(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		keys := make(chan string, 2)
		url := script(t, func(p *peer) {
			if !p.next() {
				return
			}
			keys <- keyOf(p.request)
			p.say(switched(p.request) + "\x81\x02hi\x81\x05to")
		})
		tr, _ := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		r.reopen = func(loadgen.Ending) time.Time {
			if len(r.endings) < 2 {
				return time.Now()
			}
			return time.Time{}
		}
		open(tr, upgrade(t, url, loadgen.WebSocket{}), r)
		if e := r.untilToken("ws_no_close"); !e.Opened || r.body.String() != "hihi" {
			t.Errorf("ending %+v, body %q", e, r.body.String())
		}
		if one, two := <-keys, <-keys; one == two {
			t.Errorf("the key %q twice", one)
		}
	})
}

// What a server must not do ends in a token, and it is told by a close frame where the WebSocket was open.
func TestWebSocketRefusals(t *testing.T) {
	const extension = "Sec-WebSocket-Extensions: "
	with := func(field string) func(string) string {
		return func(request string) string {
			return strings.Replace(switched(request), "\r\n\r\n", "\r\n"+field+"\r\n\r\n", 1)
		}
	}
	then := func(frames string) func(string) string {
		return func(request string) string {
			return with(extension+"permessage-deflate; server_no_context_takeover")(request) + frames
		}
	}
	for name, c := range map[string]struct {
		answer func(request string) string
		token  string
		code   string // of the close frame that the server gets; empty: none
	}{
		"another key":           {func(string) string { return switched("Sec-WebSocket-Key: abc\r\n\r\n") }, "ws_accept", ""},
		"another protocol":      {func(r string) string { return strings.Replace(switched(r), "websocket", "h2c", 1) }, "ws_accept", ""},
		"no Connection":         {func(r string) string { return strings.Replace(switched(r), "Connection: Upgrade\r\n", "", 1) }, "ws_accept", ""},
		"unknown extension":     {with(extension + "x-webkit-deflate-frame"), "ws_extension", ""},
		"two extensions":        {with(extension + "permessage-deflate; server_no_context_takeover, x"), "ws_extension", ""},
		"context takeover":      {with(extension + "permessage-deflate"), "ws_extension", ""},
		"a window for us":       {with(extension + "permessage-deflate; server_no_context_takeover; client_max_window_bits=9"), "ws_extension", ""},
		"no window":             {with(extension + "permessage-deflate; server_no_context_takeover; server_max_window_bits=99"), "ws_extension", ""},
		"a bad frame":           {then("\x83\x00"), "ws_frame", "\x03\xea"},
		"no UTF-8":              {then("\x81\x01\xff"), "ws_utf8", "\x03\xef"},
		"no deflate":            {then("\xc1\x02\xff\xff"), "ws_deflate", "\x03\xef"},
		"too long":              {then("\x81\x7e\x0f\xff"), "ws_too_long", "\x03\xf1"},
		"too long when opened":  {then(packedFrame(strings.Repeat("a", 1001))), "ws_too_long", "\x03\xf1"},
		"close":                 {then("\x88\x04\x0f\xa0hi"), "ws_close_4000", "\x0f\xa0"},
		"close without a code":  {then("\x88\x00"), "ws_close_1005", ""},
		"close with half a one": {then("\x88\x01\x03"), "ws_frame", "\x03\xea"},
		"close with none":       {then("\x88\x02\x03\xed"), "ws_frame", "\x03\xea"},
		"close, no UTF-8":       {then("\x88\x03\x03\xe8\xff"), "ws_utf8", "\x03\xef"},
	} {
		t.Run(name, func(t *testing.T) {
			onEvery(t, func(t *testing.T, engine string) {
				told := make(chan string, 1)
				url := script(t, func(p *peer) {
					if p.next() {
						p.say(c.answer(p.request))
						rest, _ := io.ReadAll(p.in)
						told <- string(rest)
					}
				})
				tr, _ := newTransport(t, Config{Engine: engine})
				r := newReader(t)
				open(tr, upgrade(t, url, loadgen.WebSocket{Compress: true, Limit: 1000}), r)
				r.untilToken(c.token)
				if got := unmasked(<-told); got != c.code {
					t.Errorf("the server was told %q, want %q", got, c.code)
				}
			})
		})
	}
}

// An answer that is no 101 is judged as any other; a WebSocket is not asked for over HTTP/2, and not by a POST.
func TestWebSocketOtherAnswers(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		url := script(t, func(p *peer) {
			for p.next() {
				p.say("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")
			}
		})
		tr, _ := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		open(tr, upgrade(t, url, loadgen.WebSocket{}), r)
		r.untilToken(loadgen.TokenEOF)
		if r.openings[0].Status != 426 || r.body.String() != "no" {
			t.Errorf("%+v %q", r.openings[0], r.body.String())
		}
		post := upgrade(t, url, loadgen.WebSocket{})
		post.Method = "POST"
		r = newReader(t)
		open(tr, post, r)
		r.untilToken(tokenRequestInvalid)
		h2, _ := newTransport(t, Config{Engine: engine, Protocol: H2C})
		r = newReader(t)
		open(h2, upgrade(t, url, loadgen.WebSocket{}), r)
		r.untilToken(tokenRequestInvalid)
	})
}

// A server that stops reading gets no more than the backlog, and Send says so.
func TestWebSocketBacklog(t *testing.T) {
	release := make(chan struct{})
	url := script(t, func(p *peer) {
		if p.next() {
			p.say(switched(p.request) + "\x81\x02hi")
			<-release
			io.Copy(io.Discard, p.in)
		}
	})
	tr, _ := newTransport(t, Config{})
	r := newReader(t)
	s := open(tr, upgrade(t, url, loadgen.WebSocket{}), r)
	r.untilBody("hi")
	var err error
	for n := 0; err == nil && n < 10_000; n++ {
		err = s.(loadgen.Sender).Send(filler(100_000))
	}
	close(release)
	if f := failureOf(err); f == nil || f.Token != tokenWSBacklog {
		t.Errorf("got %v", err)
	}
}

// filler is text that compresses to some degree.
func filler(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz"[(i*i/7+i)%26]
	}
	return b
}

func keyOf(request string) string {
	_, rest, _ := strings.Cut(request, "Sec-WebSocket-Key: ")
	key, _, _ := strings.Cut(rest, "\r\n")
	return key
}

// switched answers the opening handshake of a request.
func switched(request string) string {
	sum := sha1.Sum([]byte(keyOf(request) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
}

// packedFrame is a compressed message as a server sends it.
func packedFrame(text string) string {
	packed := new(deflation).pack([]byte(text))
	return string(append([]byte{bitFin | bitCompressed | opText, byte(len(packed))}, packed...))
}

// unmasked gives the payload of a client's short frame.
func unmasked(frame string) string {
	in := bufio.NewReader(strings.NewReader(frame))
	var head [6]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return frame
	}
	payload, _ := io.ReadAll(in)
	for i := range payload {
		payload[i] ^= head[2+i&3]
	}
	return string(payload)
}
