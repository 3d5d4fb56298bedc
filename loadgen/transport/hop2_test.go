package transport

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"ssebench/loadgen"
)

// framed is a server's end of an HTTP/2 connection in a test.
type framed struct {
	*peer
	*http2.Framer
}

// frames serves HTTP/2 connections frame by frame: serve is called once the first request's header has come, with its stream.
func frames(t *testing.T, settings []http2.Setting, serve func(f *framed, stream uint32)) (url string) {
	t.Helper()
	return script(t, func(p *peer) {
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(p.in, preface); err != nil {
			return
		}
		f := &framed{p, http2.NewFramer(p.Conn, p.in)}
		f.AllowIllegalWrites = true
		f.WriteSettings(settings...)
		for {
			in, err := f.ReadFrame()
			if err != nil {
				return
			}
			switch in := in.(type) {
			case *http2.SettingsFrame:
				if !in.IsAck() {
					f.WriteSettingsAck()
				}
			case *http2.HeadersFrame:
				serve(f, in.StreamID)
				p.gone()
				return
			}
		}
	})
}

// head writes a response header.
func (f *framed) head(stream uint32, fields ...string) {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: b.Bytes(), EndHeaders: true})
}

func TestHTTP2Failures(t *testing.T) {
	var sent chan struct{}
	ok := func(f *framed, stream uint32) {
		f.head(stream, ":status", "200", "content-type", "text/event-stream")
		f.WriteData(stream, false, []byte("data: 1\n\n"))
	}
	for name, c := range map[string]struct {
		serve  func(f *framed, stream uint32)
		token  string
		opened bool
	}{
		"reset before the answer": {func(f *framed, stream uint32) { f.WriteRSTStream(stream, http2.ErrCodeInternal) }, tokenStreamReset, false},
		"reset": {func(f *framed, stream uint32) {
			ok(f, stream)
			f.WriteRSTStream(stream, http2.ErrCodeEnhanceYourCalm)
		}, tokenStreamReset, true},
		"goaway": {func(f *framed, stream uint32) {
			ok(f, stream)
			f.WriteGoAway(stream, http2.ErrCodeEnhanceYourCalm, []byte("enough"))
			f.Close()
		}, tokenGoAway, true},
		"closes": {func(f *framed, stream uint32) {
			ok(f, stream)
			f.Close()
		}, tokenBodyTruncated, true},
		"closes before the answer": {func(f *framed, _ uint32) { f.Close() }, tokenNoResponse, false},
		"connection reset": {func(f *framed, stream uint32) {
			ok(f, stream)
			f.Conn.(*net.TCPConn).SetLinger(0)
			f.Close()
		}, tokenReset, true},
		"beyond the window": {func(f *framed, stream uint32) {
			defer close(sent)
			ok(f, stream)
			for f.WriteData(stream, false, make([]byte, 16<<10)) == nil {
			} // until the client gives up the connection
		}, tokenFlowControl, true},
		"no status":            {func(f *framed, stream uint32) { f.head(stream, "content-type", "text/event-stream") }, tokenHTTP2, false},
		"data before a header": {func(f *framed, stream uint32) { f.WriteData(stream, false, []byte("a")) }, tokenHTTP2, false},
		"frame of no kind":     {func(f *framed, _ uint32) { f.WriteRawFrame(http2.FrameHeaders, 0, 0, []byte("abc")) }, tokenHTTP2, false},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP2(t, func(t *testing.T, config Config) {
				r := newReader(t)
				if name == "beyond the window" {
					if config.Engine == EngineLoop {
						return // it gives the window back before a reader can hold it up; see TestConn2Overflow
					}
					sent = make(chan struct{})
					// Nothing is read, so that the window never grows.
					r.accept = func([]byte) error {
						<-sent
						return nil
					}
				}
				u := frames(t, nil, c.serve)
				tr, _ := newTransport(t, config)
				open(tr, get(t, u), r)
				e := r.untilToken(c.token)
				if e.Opened != c.opened || e.Message == "" || e.Requested.IsZero() != e.Opened && config.Engine == EngineLoop {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// A field that is of a connection's and not of a request's is refused, and not left out.
func TestFieldsWithoutAPlaceInHTTP2(t *testing.T) {
	u := script(t, func(*peer) { t.Error("something was dialed") })
	overHTTP2(t, func(t *testing.T, c Config) {
		for _, name := range []string{"Keep-Alive", "proxy-connection", "Upgrade", "Connection"} {
			tr, _ := newTransport(t, c)
			r := newReader(t)
			open(tr, get(t, u, name, "x"), r)
			if e := r.untilToken(tokenRequestInvalid); !e.Permanent {
				t.Errorf("%+v", e)
			}
		}
	})
}

// After GOAWAY the next opening takes another connection.
func TestGoAwayIsNoEndForTheNext(t *testing.T) {
	overHTTP2(t, func(t *testing.T, c Config) {
		var connections atomic.Int32
		u := frames(t, nil, func(f *framed, stream uint32) {
			n := connections.Add(1)
			f.head(stream, ":status", "200")
			f.WriteGoAway(stream, http2.ErrCodeNo, nil)
			f.WriteData(stream, true, fmt.Append(nil, n))
		})
		tr, _ := newTransport(t, c)
		r := newReader(t)
		r.reopen = onceMore(r)
		open(tr, get(t, u), r)
		if r.untilToken(loadgen.TokenEOF); r.body.String() != "12" {
			t.Errorf("served by connections %q", r.body.String())
		}
	})
}

// Streams fill the connections that the server's SETTINGS and our own bound allow, also when they all come at once.
func TestStreamsFillConnections(t *testing.T) {
	overHTTP2(t, func(t *testing.T, c Config) {
		for _, k := range []struct{ server, own, want int }{{1, 100, 25}, {10, 100, 3}, {100, 10, 3}, {100, 0, 25}} {
			var mu sync.Mutex
			connections := make(map[string]int)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				mu.Lock()
				connections[r.RemoteAddr]++
				mu.Unlock()
				flush(rw)
				<-r.Context().Done()
			}))
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: k.server}
			s.Start()
			t.Cleanup(s.Close)
			c.StreamsPerConnection = k.own
			tr, _ := newTransport(t, c)
			var h counter
			for range 25 {
				open(tr, get(t, s.URL), &h)
			}
			await(t, &h.opened, 25)
			mu.Lock()
			if len(connections) != k.want {
				t.Errorf("%d connections with at most %d and %d streams each, want %d", len(connections), k.server, k.own, k.want)
			}
			mu.Unlock()
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestServersWithoutHTTP2(t *testing.T) {
	for name, serve := range map[string]func(p *peer){
		"HTTP/1.1":     func(p *peer) { p.say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"); p.gone() },
		"says nothing": func(p *peer) { p.gone() },
		"closes":       func(p *peer) { p.in.ReadString('\n') },
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP2(t, func(t *testing.T, c Config) {
				u := script(t, serve)
				c.DialTimeout = 100 * time.Millisecond
				tr, _ := newTransport(t, c)
				r := newReader(t)
				open(tr, get(t, u), r)
				e := r.untilToken(tokenHTTP2)
				if !strings.Contains(e.Message, "does not speak HTTP/2") || !e.Requested.IsZero() {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}
