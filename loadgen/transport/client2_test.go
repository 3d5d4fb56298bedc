package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"ssebench/loadgen"
)

// server2 writes the frames of a server, legal or not, into a buffer.
type server2 struct {
	*http2.Framer
	wire    bytes.Buffer
	fields  bytes.Buffer
	encoder *hpack.Encoder
}

func newServer2() *server2 {
	s := new(server2)
	s.Framer = http2.NewFramer(&s.wire, nil)
	s.AllowIllegalWrites = true
	s.encoder = hpack.NewEncoder(&s.fields)
	return s
}

// block encodes a block of fields.
func (s *server2) block(fields ...string) []byte {
	s.fields.Reset()
	for i := 0; i < len(fields); i += 2 {
		s.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return s.fields.Bytes()
}

// head writes HEADERS; the last one of a stream with end.
func (s *server2) head(stream uint32, end bool, fields ...string) {
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: s.block(fields...), EndStream: end, EndHeaders: true})
}

func (s *server2) ok(stream uint32) {
	s.head(stream, false, ":status", "200", "content-type", "text/event-stream")
}

// taken gives what was written since the last time.
func (s *server2) taken() []byte {
	b := bytes.Clone(s.wire.Bytes())
	s.wire.Reset()
	return b
}

// client2 is a conn2 with what its streams were told.
type client2 struct {
	*conn2
	step    int // bytes fed at once; 0: all
	err     error
	streams []*told2
	written []byte
}

// told2 is a sink that keeps what it is told.
type told2 struct {
	id      uint32
	Interim string
	Head    string
	Body    []byte
	End     string // "open" until it is finished
	inHead  func() error
	inBody  func() error
	inEnd   func()
}

func (s *told2) head(status int, proto string, h http.Header, at time.Time) error {
	var b strings.Builder
	fmt.Fprint(&b, proto, " ", status)
	names := make([]string, 0, len(h))
	for n := range h {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&b, " %s=%s", n, strings.Join(h[n], "|"))
	}
	s.Head += b.String()
	if s.inHead != nil {
		return s.inHead()
	}
	return nil
}

func (s *told2) body(b []byte, at time.Time) error {
	if len(b) == 0 || at.IsZero() {
		s.Body = append(s.Body, "(nothing)"...)
	}
	s.Body = append(s.Body, b...)
	if s.inBody != nil {
		return s.inBody()
	}
	return nil
}

func (s *told2) finished(err error) {
	if s.End != "open" {
		s.End += " and "
	} else {
		s.End = ""
	}
	var f *loadgen.Failure
	var again unprocessed
	switch {
	case err == nil:
		s.End += "complete"
	case errors.As(err, &f):
		s.End += f.Token
		if f.Message == "" || strings.Contains(f.Message, "\n") {
			s.End += " with a bad message"
		}
		if !listed(f.Token) {
			s.End += ", which is not listed"
		}
	default:
		s.End += err.Error()
	}
	if errors.As(err, &again) {
		s.End += " unprocessed"
	}
	if s.inEnd != nil {
		s.inEnd()
	}
}

var someTime = time.Unix(1_700_000_000, 0)

func newClient2(step, headLimit int) *client2 {
	return &client2{conn2: newConn2(newCodec2(headLimit)), step: step}
}

// serve feeds what a server wrote.
func (c *client2) serve(b []byte) {
	step := c.step
	if step == 0 {
		step = len(b)
	}
	for len(b) > 0 && c.err == nil {
		n := min(step, len(b))
		piece := bytes.Clone(b[:n])
		c.err = c.feed(piece, someTime)
		clear(piece) // nothing may be kept of it
		b = b[n:]
		c.written = c.take(c.written)
	}
}

// get opens a stream with GET.
func (c *client2) get() *told2 {
	s := &told2{End: "open"}
	s.id = c.open(&outgoing{method: "GET", scheme: "http", authority: "a.example:80", path: "/events?x=y"}, s)
	c.streams = append(c.streams, s)
	return s
}

// said describes the frames that the client wrote since the last time.
func (c *client2) said() (out []string) {
	c.written = c.take(c.written)
	b := bytes.TrimPrefix(c.written, []byte(http2.ClientPreface))
	c.written = nil
	f := http2.NewFramer(nil, bytes.NewReader(b))
	for {
		got, err := f.ReadFrame()
		if err != nil {
			return out
		}
		h := got.Header()
		line := h.Type.String()
		if h.StreamID != 0 {
			line += fmt.Sprint(" ", h.StreamID)
		}
		switch got := got.(type) {
		case *http2.DataFrame:
			line += fmt.Sprintf(" %d %t", len(got.Data()), got.StreamEnded())
		case *http2.RSTStreamFrame:
			line += " " + got.ErrCode.String()
		case *http2.GoAwayFrame:
			line += " " + got.ErrCode.String()
		case *http2.WindowUpdateFrame:
			line += fmt.Sprint(" ", got.Increment)
		case *http2.PingFrame:
			line += fmt.Sprintf(" %t %s", got.IsAck(), got.Data)
		case *http2.SettingsFrame:
			line += fmt.Sprint(" ", got.IsAck())
			got.ForeachSetting(func(s http2.Setting) error {
				line += fmt.Sprintf(" %v=%d", s.ID, s.Val)
				return nil
			})
		}
		out = append(out, line)
	}
}

// inAnySplit runs a test with what the server sends in pieces of several sizes.
func inAnySplit(t *testing.T, test func(t *testing.T, step int)) {
	for _, step := range []int{0, 1, 2, 3, 7} {
		t.Run(fmt.Sprint(step), func(t *testing.T) { test(t, step) })
	}
}

// begun gives a connection that has the server's settings and n streams, with the server.
func begun(step, n int, settings ...http2.Setting) (*client2, *server2) {
	c, s := newClient2(step, 1000), newServer2()
	s.WriteSettings(settings...)
	s.WriteSettingsAck()
	c.serve(s.taken())
	for range n {
		c.get()
	}
	c.said()
	return c, s
}
