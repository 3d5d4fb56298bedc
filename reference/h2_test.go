package reference

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2client speaks HTTP/2 frame by frame.
type h2client struct {
	*http2.Framer
	t    *testing.T
	conn net.Conn
	enc  *hpack.Encoder
	buf  bytes.Buffer
}

func dialH2(t *testing.T, s *Server, settings ...http2.Setting) *h2client {
	t.Helper()
	conn, err := net.Dial("tcp", s.gate.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	c := &h2client{Framer: http2.NewFramer(conn, conn), t: t, conn: conn}
	c.enc = hpack.NewEncoder(&c.buf)
	c.must(c.WriteSettings(settings...))
	return c
}

func (c *h2client) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// request sends a header; pairs are names and values.
func (c *h2client) request(id uint32, end bool, pairs ...string) {
	c.t.Helper()
	c.buf.Reset()
	for i := 0; i < len(pairs); i += 2 {
		c.must(c.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}))
	}
	c.must(c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.buf.Bytes(), EndHeaders: true, EndStream: end}))
}

func (c *h2client) get(id uint32, path string) {
	c.t.Helper()
	c.request(id, true, ":method", "GET", ":scheme", "http", ":authority", "a", ":path", path)
}

// data reads the next DATA frame, over whatever else comes.
func (c *h2client) data() *http2.DataFrame {
	c.t.Helper()
	for {
		f, err := c.ReadFrame()
		c.must(err)
		if d, ok := f.(*http2.DataFrame); ok {
			return d
		}
	}
}

// TestH2Windows opens two streams with a window of ten bytes: not one byte more
// may come before the client asks for it, and then all comes, in order.
func TestH2Windows(t *testing.T) {
	s := started(t, &Server{})
	c := dialH2(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
	c.get(1, "/events?topic=a")
	c.get(3, "/events?topic=a")
	await(t, func() bool { return s.Subscribers() == 2 })
	for _, data := range []string{"one", "two"} {
		if _, _, err := s.Publish("a", &Event{Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	want := "id: 1\ndata: one\n\nid: 2\ndata: two\n\n"
	got := map[uint32]string{}
	window := map[uint32]int{1: 10, 3: 10}
	for len(got[1]) < len(want) || len(got[3]) < len(want) {
		d := c.data()
		id := d.StreamID
		got[id] += string(d.Data())
		if window[id] -= len(d.Data()); window[id] < 0 {
			t.Fatalf("stream %d: %d bytes over its window", id, -window[id])
		}
		if window[id] == 0 {
			window[id] = 3
			c.must(c.WriteWindowUpdate(id, 3))
		}
	}
	if got[1] != want || got[3] != want {
		t.Fatalf("%q and %q", got[1], got[3])
	}
	// A larger initial window lets everything through at once.
	if _, _, err := s.Publish("a", &Event{Data: []byte("three")}); err != nil {
		t.Fatal(err)
	}
	c.must(c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000}))
	want = "id: 3\ndata: three\n\n"
	got = map[uint32]string{}
	for got[1] != want || got[3] != want {
		d := c.data()
		got[d.StreamID] += string(d.Data())
	}
}

// TestH2ConnectionWindow sends more than a connection's first 64 KiB.
func TestH2ConnectionWindow(t *testing.T) {
	s := started(t, &Server{})
	c := dialH2(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
	c.get(1, "/events?topic=a")
	await(t, func() bool { return s.Subscribers() == 1 })
	payload := strings.Repeat("x", 200_000)
	if _, _, err := s.Publish("a", &Event{Data: []byte(payload)}); err != nil {
		t.Fatal(err)
	}
	total, window := 0, 65535
	for total < len("id: 1\ndata: \n\n")+len(payload) {
		d := c.data()
		total += len(d.Data())
		if window -= len(d.Data()); window < 0 {
			t.Fatalf("%d bytes over the connection's window", -window)
		}
		if window == 0 {
			window = 50_000
			c.must(c.WriteWindowUpdate(0, 50_000))
		}
	}
}

// TestH2SlowStream leaves one stream of a connection unread: the other goes on.
func TestH2SlowStream(t *testing.T) {
	s := started(t, &Server{Backlog: 10})
	c := dialH2(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	c.must(c.WriteWindowUpdate(0, 1<<30))
	c.get(1, "/events?topic=a")
	c.get(3, "/events?topic=a")
	c.must(c.WriteWindowUpdate(3, 1<<30))
	await(t, func() bool { return s.Subscribers() == 2 })
	payload := bytes.Repeat([]byte("x"), 1000)
	for i := 1; i <= 50; i++ {
		if _, _, err := s.Publish("a", &Event{Data: payload}); err != nil {
			t.Fatal(err)
		}
		if d := c.data(); d.StreamID != 3 {
			t.Fatalf("stream %d has no window", d.StreamID)
		}
	}
	if n := s.counts.dropped.Load(); n != 40 {
		t.Fatalf("dropped %d", n)
	}
}

// TestH2Deaf floods a client that reads nothing at all while its windows are
// wide open: the server must not gather without bound.
func TestH2Deaf(t *testing.T) {
	s := started(t, &Server{Backlog: 10, Ring: 1})
	c := dialH2(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
	c.must(c.WriteWindowUpdate(0, 1<<30))
	c.get(1, "/events?topic=a")
	await(t, func() bool { return s.Subscribers() == 1 })
	payload := bytes.Repeat([]byte("x"), 100<<10)
	for range 200 {
		if _, _, err := s.Publish("a", &Event{Data: payload}); err != nil {
			t.Fatal(err)
		}
		s.hub.settle(time.Minute)
	}
	if n := s.counts.dropped.Load(); n < 50 {
		t.Fatalf("dropped %d", n)
	}
	good := http.DefaultClient
	defer good.CloseIdleConnections()
	st := open(t, good, s.URL()+"/events?topic=a", "Last-Event-ID", "199")
	if b := st.next(); !strings.HasPrefix(b, "id: 200|") {
		t.Fatalf("%.40q", b)
	}
}

// TestH2Violations sends what no client may: the connection or the stream ends
// with the right code, and the server lives.
func TestH2Violations(t *testing.T) {
	s := started(t, &Server{MaxHeader: 1 << 10})
	tests := []struct {
		name string
		send func(c *h2client)
		want http2.ErrCode
	}{
		{"even stream", func(c *h2client) { c.get(2, "/events") }, http2.ErrCodeProtocol},
		{"stream goes back", func(c *h2client) { c.get(5, "/healthz"); c.get(3, "/healthz") }, http2.ErrCodeProtocol},
		{"data on an idle stream", func(c *h2client) { c.must(c.WriteData(9, true, []byte("x"))) }, http2.ErrCodeProtocol},
		{"window overflow", func(c *h2client) {
			c.must(c.WriteWindowUpdate(0, 1<<31-1))
		}, http2.ErrCodeFlowControl},
		{"no path", func(c *h2client) {
			c.request(1, true, ":method", "GET", ":scheme", "http")
		}, http2.ErrCodeProtocol},
		{"frame too large", func(c *h2client) {
			c.must(c.WriteRawFrame(http2.FrameData, 0, 1, make([]byte, 20000)))
		}, http2.ErrCodeFrameSize},
		{"push", func(c *h2client) {
			c.must(c.WriteRawFrame(http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, 1, make([]byte, 4)))
		}, http2.ErrCodeProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dialH2(t, s)
			tt.send(c)
			for {
				f, err := c.ReadFrame()
				if err != nil {
					if tt.want == http2.ErrCodeFrameSize { // the close may overtake the farewell
						return
					}
					t.Fatal(err)
				}
				switch f := f.(type) {
				case *http2.GoAwayFrame:
					if f.ErrCode != tt.want {
						t.Fatalf("GOAWAY %v, want %v", f.ErrCode, tt.want)
					}
					return
				case *http2.RSTStreamFrame:
					if f.ErrCode != tt.want {
						t.Fatalf("RST_STREAM %v, want %v", f.ErrCode, tt.want)
					}
					return
				}
			}
		})
	}
	c := dialH2(t, s)
	c.get(1, "/healthz")
	if d := c.data(); string(d.Data()) != "{\"status\":\"ok\"}\n" {
		t.Fatalf("%q", d.Data())
	}
	c.must(c.WritePing(false, [8]byte{1, 2, 3}))
	for {
		f, err := c.ReadFrame()
		c.must(err)
		if p, ok := f.(*http2.PingFrame); ok {
			if !p.IsAck() || binary.BigEndian.Uint64(p.Data[:]) != 1<<56|2<<48|3<<40 {
				t.Fatalf("%v %x", p.IsAck(), p.Data)
			}
			break
		}
	}
}

// TestH2Limits opens more streams than one connection may, and posts a body
// over the limit, and one that does not come.
func TestH2Limits(t *testing.T) {
	s := started(t, &Server{MaxBody: 1000, BodyTimeout: 50 * time.Millisecond})
	c := dialH2(t, s)
	for i := range h2Streams + 1 {
		c.get(uint32(2*i+1), "/events?topic=a")
	}
	for {
		f, err := c.ReadFrame()
		c.must(err)
		if r, ok := f.(*http2.RSTStreamFrame); ok {
			if r.StreamID != 2*h2Streams+1 || r.ErrCode != http2.ErrCodeRefusedStream {
				t.Fatalf("%d %v", r.StreamID, r.ErrCode)
			}
			break
		}
	}
	await(t, func() bool { return s.Subscribers() == h2Streams })
	c.conn.Close()
	await(t, func() bool { return s.Subscribers() == 0 })

	c = dialH2(t, s)
	post := []string{":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/publish?topic=a"}
	c.request(1, false, post...)
	c.must(c.WriteData(1, false, make([]byte, 1001)))
	if d := c.data(); !strings.Contains(string(d.Data()), `"body_limit"`) {
		t.Fatalf("%q", d.Data())
	}
	c.request(3, false, post...)
	c.must(c.WriteData(3, false, make([]byte, 10)))
	if d := c.data(); !strings.Contains(string(d.Data()), `"body_timeout"`) {
		t.Fatalf("%q", d.Data())
	}
}
