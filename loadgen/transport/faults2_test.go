package transport

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
)

// conversations are what a server may send after it got the request of stream 1 (and of 3 and 5), and what comes of it. want has the
// streams' heads, bodies and ends.
var conversations = []struct {
	name    string
	streams int
	serve   func(s *server2)
	want    []string
	said    []string
	broken  string
}{
	{name: "an answer", serve: func(s *server2) {
		s.head(1, false, ":status", "200", "set-cookie", "a=b", "set-cookie", "c=d", "x-a-b", "")
		s.WriteData(1, false, []byte("abc"))
		s.WriteData(1, true, []byte("def"))
	}, want: []string{"HTTP/2.0 200 Set-Cookie=a=b|c=d X-A-B=;abcdef;complete"}},
	{name: "an answer of a head", serve: func(s *server2) { s.head(1, true, ":status", "204", "content-length", "7") }, want: []string{"HTTP/2.0 204 Content-Length=7;;complete"}},
	{name: "an empty end", serve: func(s *server2) { s.ok(1); s.WriteData(1, true, nil) }, want: []string{okHead2 + ";;complete"}},
	{name: "a length", serve: func(s *server2) {
		s.head(1, false, ":status", "200", "content-length", "3")
		s.WriteData(1, true, []byte("abc"))
	}, want: []string{"HTTP/2.0 200 Content-Length=3;abc;complete"}},
	{name: "padding", serve: func(s *server2) {
		s.ok(1)
		s.WriteDataPadded(1, false, []byte("abc"), make([]byte, 5))
		s.WriteDataPadded(1, false, nil, make([]byte, 255))
		s.WriteDataPadded(1, false, []byte("d"), []byte{})
		s.WriteDataPadded(1, true, []byte("e"), make([]byte, 1))
	}, want: []string{okHead2 + ";abcde;complete"}},
	{name: "interim answers", serve: func(s *server2) {
		s.head(1, false, ":status", "103", "link", "a")
		s.head(1, false, ":status", "100")
		s.ok(1)
	}, want: []string{okHead2 + ";;open"}},
	{name: "too many interim answers", serve: func(s *server2) {
		for range interimLimit + 1 {
			s.head(1, false, ":status", "103")
		}
	}, want: []string{";;" + tokenInterimLimit}, said: []string{"RST_STREAM 1 CANCEL"}},
	{name: "an interim answer at the end", serve: func(s *server2) { s.head(1, true, ":status", "103") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "another protocol", serve: func(s *server2) { s.head(1, false, ":status", "101") }, want: []string{";;" + tokenSwitching}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "trailers", serve: func(s *server2) { s.ok(1); s.WriteData(1, false, []byte("a")); s.head(1, true, "x", "y") }, want: []string{okHead2 + ";a;complete"}},
	{name: "trailers in mid-stream", serve: func(s *server2) { s.ok(1); s.head(1, false, "x", "y") }, want: []string{okHead2 + ";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a status among the trailers", serve: func(s *server2) { s.ok(1); s.head(1, true, ":status", "200") }, want: []string{okHead2 + ";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "long trailers", serve: func(s *server2) { s.ok(1); s.head(1, true, "x", strings.Repeat("y", 990)) }, want: []string{okHead2 + ";;" + tokenHeaderTooLarge}, said: []string{"RST_STREAM 1 CANCEL"}},
	{name: "a head in many frames", serve: func(s *server2) {
		b := s.block(":status", "200", "content-type", "text/event-stream")
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b[:1]})
		for _, c := range b[1:] {
			s.WriteContinuation(1, false, []byte{c})
		}
		s.WriteContinuation(1, true, nil)
		s.WriteData(1, true, []byte("a"))
	}, want: []string{okHead2 + ";a;complete"}},
	{name: "a padded head with a priority", serve: func(s *server2) {
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status", "200"), EndHeaders: true, PadLength: 9, Priority: http2.PriorityParam{StreamDep: 7, Weight: 3}})
	}, want: []string{"HTTP/2.0 200;;open"}},
	{name: "a head that never ends", serve: func(s *server2) {
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status", "200")})
		for range blockFrames {
			s.WriteContinuation(1, false, nil)
		}
	}, want: []string{";;" + tokenHeaderTooLarge}, said: []string{"GOAWAY ENHANCE_YOUR_CALM"}, broken: tokenHeaderTooLarge},
	{name: "a head without end", serve: func(s *server2) {
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status", "200")})
		for i := range 20 {
			s.WriteContinuation(1, false, s.block("x", strings.Repeat(string(rune('!'+i)), 300)))
		}
	}, want: []string{";;" + tokenHeaderTooLarge}, said: []string{"GOAWAY ENHANCE_YOUR_CALM"}, broken: tokenHeaderTooLarge},
	{name: "another frame inside a head", serve: func(s *server2) {
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status", "200")})
		s.WritePing(false, [8]byte{})
	}, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "another stream's continuation", streams: 2, serve: func(s *server2) {
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status", "200")})
		s.WriteContinuation(3, true, nil)
	}, want: []string{";;" + tokenHTTP2, ";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a continuation of nothing", serve: func(s *server2) { s.WriteContinuation(1, true, nil) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a large head", streams: 2, serve: func(s *server2) {
		s.head(1, false, ":status", "200", "a", strings.Repeat("y", 500), "b", strings.Repeat("z", 500))
		s.ok(3)
	}, want: []string{";;" + tokenHeaderTooLarge, okHead2 + ";;open"}, said: []string{"RST_STREAM 1 CANCEL"}},
	{name: "a field larger than a head", serve: func(s *server2) { s.head(1, false, ":status", "200", "a", strings.Repeat("y", 1001)) }, want: []string{";;" + tokenHeaderTooLarge}, said: []string{"GOAWAY ENHANCE_YOUR_CALM"}, broken: tokenHeaderTooLarge},
	{name: "no status", serve: func(s *server2) { s.head(1, false, "a", "b") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "two status", serve: func(s *server2) { s.head(1, false, ":status", "200", ":status", "200") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a late status", serve: func(s *server2) { s.head(1, false, "a", "b", ":status", "200") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a long status", serve: func(s *server2) { s.head(1, false, ":status", "0200") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a status of letters", serve: func(s *server2) { s.head(1, false, ":status", "2xx") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a small status", serve: func(s *server2) { s.head(1, false, ":status", "099") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a request's field", serve: func(s *server2) { s.head(1, false, ":status", "200", ":path", "/") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "upper case", serve: func(s *server2) { s.head(1, false, ":status", "200", "Aa", "b") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a name with a space", serve: func(s *server2) { s.head(1, false, ":status", "200", "a b", "c") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a value with a line feed", serve: func(s *server2) { s.head(1, false, ":status", "200", "a", "b\nc") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a value with a space before it", serve: func(s *server2) { s.head(1, false, ":status", "200", "a", " b") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a field of HTTP/1", serve: func(s *server2) { s.head(1, false, ":status", "200", "connection", "keep-alive") }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a malformed head, and a good one that needs its table", streams: 2, serve: func(s *server2) {
		s.head(1, false, ":status", "200", "Bad", "1", "x-good", "2")
		s.head(3, false, ":status", "200", "x-good", "2")
	}, want: []string{";;" + tokenHTTP2, "HTTP/2.0 200 X-Good=2;;open"}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "a malformed block", serve: func(s *server2) {
		s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff, 0xff, 0xff}, EndHeaders: true})
	}, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY COMPRESSION_ERROR"}, broken: tokenHTTP2},
	{name: "a wrong length", serve: func(s *server2) { s.head(1, false, ":status", "200", "content-length", "x") }, want: []string{";;" + tokenContentLength}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "less than the length", serve: func(s *server2) {
		s.head(1, false, ":status", "200", "content-length", "4")
		s.WriteData(1, true, []byte("abc"))
	}, want: []string{"HTTP/2.0 200 Content-Length=4;abc;" + tokenBodyTruncated}},
	{name: "more than the length", serve: func(s *server2) {
		s.head(1, false, ":status", "200", "content-length", "2")
		s.WriteData(1, true, []byte("abc"))
	}, want: []string{"HTTP/2.0 200 Content-Length=2;ab;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "data before a head", serve: func(s *server2) { s.WriteData(1, false, []byte("a")) }, want: []string{";;" + tokenHTTP2}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "data of another", serve: func(s *server2) { s.WriteData(9, false, []byte("a")) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "data of none", serve: func(s *server2) { s.WriteData(0, false, []byte("a")) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "data of a server's stream", serve: func(s *server2) { s.WriteData(2, false, []byte("a")) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "data after the end", streams: 2, serve: func(s *server2) { s.head(1, true, ":status", "200"); s.WriteData(1, false, []byte("a")) }, want: []string{"HTTP/2.0 200;;complete", ";;" + tokenHTTP2}, said: []string{"GOAWAY STREAM_CLOSED"}, broken: tokenHTTP2},
	{name: "a head after the end", streams: 2, serve: func(s *server2) { s.head(1, true, ":status", "200"); s.ok(1) }, want: []string{"HTTP/2.0 200;;complete", ";;" + tokenHTTP2}, said: []string{"GOAWAY STREAM_CLOSED"}, broken: tokenHTTP2},
	{name: "more padding than data", serve: func(s *server2) { s.ok(1); s.WriteRawFrame(http2.FrameData, http2.FlagDataPadded, 1, []byte{2, 0}) }, want: []string{okHead2 + ";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "padding of nothing", serve: func(s *server2) { s.ok(1); s.WriteRawFrame(http2.FrameData, http2.FlagDataPadded, 1, nil) }, want: []string{okHead2 + ";;" + tokenHTTP2}, said: []string{"GOAWAY FRAME_SIZE_ERROR"}, broken: tokenHTTP2},
	{name: "a large frame", serve: func(s *server2) { s.ok(1); s.WriteData(1, false, make([]byte, largestFrame+1)) }, want: []string{okHead2 + ";;" + tokenHTTP2}, said: []string{"GOAWAY FRAME_SIZE_ERROR"}, broken: tokenHTTP2},
	{name: "a large ping", serve: func(s *server2) { s.WriteRawFrame(http2.FramePing, 0, 0, make([]byte, 9)) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY FRAME_SIZE_ERROR"}, broken: tokenHTTP2},
	{name: "a head without its padding", serve: func(s *server2) { s.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersPadded, 1, nil) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY FRAME_SIZE_ERROR"}, broken: tokenHTTP2},
	{name: "a head of padding", serve: func(s *server2) { s.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersPadded, 1, []byte{9, 0}) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a head of none", serve: func(s *server2) { s.head(0, false, ":status", "200") }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a head of another", serve: func(s *server2) { s.head(3, false, ":status", "200") }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "frames of no kind", serve: func(s *server2) {
		s.WriteRawFrame(77, 0xff, 1, []byte("abc"))
		s.WritePriority(99, http2.PriorityParam{Weight: 1})
		s.WriteRawFrame(http2.FramePriorityUpdate, 0, 0, []byte("a"))
		s.ok(1)
	}, want: []string{okHead2 + ";;open"}},
	{name: "a ping", serve: func(s *server2) {
		s.WritePing(true, [8]byte{})
		s.WritePing(false, [8]byte([]byte("abcdefgh")))
		s.ok(1)
	}, want: []string{okHead2 + ";;open"}, said: []string{"PING true abcdefgh"}},
	{name: "a reset", streams: 2, serve: func(s *server2) {
		s.ok(1)
		s.WriteRSTStream(1, http2.ErrCodeInternal)
		s.WriteRSTStream(1, http2.ErrCodeInternal)
		s.WriteData(1, false, []byte("a"))
		s.ok(3)
	}, want: []string{okHead2 + ";;" + tokenStreamReset, okHead2 + ";;open"}},
	{name: "a reset without error", serve: func(s *server2) { s.ok(1); s.WriteRSTStream(1, http2.ErrCodeNo) }, want: []string{okHead2 + ";;" + tokenStreamReset}},
	{name: "a reset after the answer", serve: func(s *server2) { s.head(1, true, ":status", "200"); s.WriteRSTStream(1, http2.ErrCodeNo) }, want: []string{"HTTP/2.0 200;;complete"}},
	{name: "a refusal", serve: func(s *server2) { s.WriteRSTStream(1, http2.ErrCodeRefusedStream) }, want: []string{";;" + tokenStreamReset + " unprocessed"}},
	{name: "a reset of another", serve: func(s *server2) { s.WriteRSTStream(3, http2.ErrCodeInternal) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a push", serve: func(s *server2) {
		s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true})
	}, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "goaway", streams: 3, serve: func(s *server2) {
		s.ok(1)
		s.WriteGoAway(3, http2.ErrCodeNo, []byte("going\nhome"))
		s.WriteGoAway(1, http2.ErrCodeNo, nil)
		s.WriteData(1, true, []byte("a"))
	}, want: []string{okHead2 + ";a;complete", ";;" + tokenGoAway + " unprocessed", ";;" + tokenGoAway + " unprocessed"}},
	{name: "a short goaway", serve: func(s *server2) { s.WriteRawFrame(http2.FrameGoAway, 0, 0, make([]byte, 7)) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY FRAME_SIZE_ERROR"}, broken: tokenHTTP2},
	{name: "an answer to no settings", serve: func(s *server2) { s.WriteSettingsAck() }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "settings", serve: func(s *server2) {
		s.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 20}, http2.Setting{ID: 0x99, Val: 5})
		s.ok(1)
	}, want: []string{okHead2 + ";;open"}, said: []string{"SETTINGS true"}},
	{name: "push switched on", serve: func(s *server2) { s.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 1}) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a small frame size", serve: func(s *server2) { s.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1}) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a large window size", serve: func(s *server2) {
		s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31})
	}, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY FLOW_CONTROL_ERROR"}, broken: tokenHTTP2},
	{name: "a large window size after a good one", serve: func(s *server2) {
		s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31})
	}, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY FLOW_CONTROL_ERROR"}, broken: tokenHTTP2},
	{name: "settings that take a window over its limit", serve: func(s *server2) {
		s.WriteWindowUpdate(1, largestWindow-defaultWindow)
		s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: defaultWindow + 1})
	}, want: []string{";;" + tokenFlowControl}, said: []string{"GOAWAY FLOW_CONTROL_ERROR"}, broken: tokenFlowControl},
	{name: "a stream's window over its limit", streams: 2, serve: func(s *server2) { s.WriteWindowUpdate(1, largestWindow-defaultWindow+1); s.ok(3) }, want: []string{";;" + tokenFlowControl, okHead2 + ";;open"}, said: []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"}},
	{name: "the window over its limit", serve: func(s *server2) { s.WriteWindowUpdate(0, largestWindow-defaultWindow+1) }, want: []string{";;" + tokenFlowControl}, said: []string{"GOAWAY FLOW_CONTROL_ERROR"}, broken: tokenFlowControl},
	{name: "no more of a stream's window", streams: 2, serve: func(s *server2) { s.WriteWindowUpdate(1, 0); s.ok(3) }, want: []string{";;" + tokenHTTP2, okHead2 + ";;open"}, said: []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
	{name: "no more of the window", serve: func(s *server2) { s.WriteWindowUpdate(0, 0) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "another's window", serve: func(s *server2) { s.WriteWindowUpdate(3, 1) }, want: []string{";;" + tokenHTTP2}, said: []string{"GOAWAY PROTOCOL_ERROR"}, broken: tokenHTTP2},
	{name: "a window of a closed stream", streams: 2, serve: func(s *server2) {
		s.head(1, true, ":status", "200")
		s.WriteWindowUpdate(1, largestWindow)
		s.WriteWindowUpdate(1, 0)
		s.ok(3)
	}, want: []string{"HTTP/2.0 200;;complete", okHead2 + ";;open"}},
}

const okHead2 = "HTTP/2.0 200 Content-Type=text/event-stream"

func TestConn2Conversations(t *testing.T) {
	for _, k := range conversations {
		t.Run(k.name, func(t *testing.T) {
			inAnySplit(t, func(t *testing.T, step int) {
				c, s := begun(step, max(1, k.streams))
				k.serve(s)
				c.serve(s.taken())
				c.check(t, k.want, k.said, k.broken)
			})
		})
	}
}

// check compares what streams were told, what was written, and whether the connection is broken.
func (c *client2) check(t *testing.T, want, said []string, broken string) {
	t.Helper()
	var got []string
	for _, s := range c.streams {
		got = append(got, s.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("streams:\n%s", d)
	}
	if d := cmp.Diff(said, c.said()); d != "" {
		t.Errorf("written:\n%s", d)
	}
	token := ""
	if f := failureOf(c.err); f != nil {
		token = f.Token
	}
	if token != broken || c.usable() != (broken == "" && c.goaway == nil) || c.err != nil && c.room() != 0 {
		t.Errorf("the connection is broken by %v, usable %v, room for %d", c.err, c.usable(), c.room())
	}
}

func (s *told2) String() string { return fmt.Sprintf("%s;%s;%s", s.Head, s.Body, s.End) }

func TestConn2WithoutHTTP2(t *testing.T) {
	inAnySplit(t, func(t *testing.T, step int) {
		for in, want := range map[string]string{
			"HTTP/1.1 400 Bad Request\r\n\r\n":     "the server answered in HTTP/1: it does not speak HTTP/2 here",
			"HTTP/1":                               "the server answered in HTTP/1: it does not speak HTTP/2 here",
			"HTT":                                  "the server closed the connection before its SETTINGS frame: it does not speak HTTP/2 here",
			"":                                     "the server closed the connection before its SETTINGS frame: it does not speak HTTP/2 here",
			"SSH-2.0-OpenSSH_9.2":                  "the server sent no SETTINGS frame first: it does not speak HTTP/2 here",
			"\x00\x00\x00\x04\x01\x00\x00\x00\x00": "the server sent no SETTINGS frame first: it does not speak HTTP/2 here",
		} {
			c := newClient2(step, 1000)
			c.serve([]byte(in))
			if f := c.closed(nil); f.Token != tokenHTTP2 || f.Message != want || c.usable() {
				t.Errorf("%q: %v", in, f)
			}
		}
	})
}
