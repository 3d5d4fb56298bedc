package transport

import (
	"errors"
	"io"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"ssebench/loadgen"
)

// sink2 is what a response over HTTP/2 is delivered to. An error of head or body ends the stream.
type sink2 interface {
	answerSink
	// finished is called once, after which the stream is gone: with nil for a response that is complete, with the error of head or
	// body, or with a failure. Where the server never worked on the request, the failure is an unprocessed one.
	finished(err error)
}

// conn2 is the client's end of an HTTP/2 connection (RFC 9113). It neither reads nor tells time: it is fed what came, in any splits,
// and take gives what is to be written. All calls come from the loop that has the connection, with its lane held. A sink may call
// open, cancel, silence and take, but not feed and closed.
type conn2 struct {
	codec   *codec2
	decoder *hpack.Decoder
	streams streamTable
	out     []byte // to be written
	kept    []byte // the beginning of a frame that a read ended inside; never payload of DATA
	data    dataFrame
	block   *fieldBlock // from HEADERS to END_HEADERS

	broken *loadgen.Failure // why the connection is of no use any more
	goaway *loadgen.Failure // GOAWAY came

	next       uint32 // the id of the next stream
	limit      uint32 // SETTINGS_MAX_CONCURRENT_STREAMS of the server
	ended      uint32 // the stream that the server ended last
	used       int32  // bytes of the receive window that we have not given back
	window     int32  // bytes that the server lets us send on all streams together
	initial    int32  // bytes that the server lets us send on a new stream
	unsent     int32  // streams whose request body waits for a window
	unanswered int32  // our SETTINGS frames without an ACK
	settled    bool   // the server's SETTINGS came
	idle       budget // frames that bring nothing
	answers    int32  // to PING and SETTINGS, waiting in out
}

// The sizes and identifiers of RFC 9113.
const (
	defaultWindow = 1<<16 - 1 // bytes (section 6.9.2)
	largestWindow = 1<<31 - 1 // bytes (section 6.9.1)
	largestFrame  = 16 << 10  // bytes of payload, in both directions: we neither allow nor use more (section 4.2)
	largestStream = 1<<31 - 1 // id (section 5.1.1)
	largestTable  = 4 << 10   // bytes of a table of header fields (section 6.5.2)
)

// What we let the server send before it needs our leave, in bytes. Half of it is given back at once, so that a stream that is read all
// the time costs hardly any WINDOW_UPDATE.
const (
	streamWindow = 4 << 20
	connWindow   = 1 << 30
)

// newConn2 makes a connection. What take gives first is the preface (section 3.4) and our settings.
func newConn2(k *codec2) *conn2 {
	c := &conn2{codec: k, next: 1, limit: largestStream, window: defaultWindow, initial: defaultWindow, unanswered: 1}
	c.decoder = hpack.NewDecoder(largestTable, c.field)
	c.decoder.SetMaxStringLength(k.headLimit)
	c.out = append(c.out, http2.ClientPreface...)
	c.write().WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(k.headLimit)},
	)
	c.write().WriteWindowUpdate(0, connWindow-defaultWindow)
	return c
}

// ready tells that the server's SETTINGS have come, before which nobody knows how many streams it takes.
func (c *conn2) ready() bool { return c.settled }

// usable tells that the connection may take a stream again, if not now.
func (c *conn2) usable() bool { return c.broken == nil && c.goaway == nil && c.next <= largestStream }

// room is how many streams may be opened now.
func (c *conn2) room() int {
	if !c.settled || !c.usable() || uint32(c.streams.count) >= c.limit {
		return 0
	}
	return int(min(c.limit-uint32(c.streams.count), (largestStream-c.next)/2+1))
}

// open sends a request; there must be room. Its body must not change before the stream is finished.
func (c *conn2) open(r *outgoing, sink sink2) (id uint32) {
	s := &stream2{id: c.next, sink: sink, window: c.initial, left: unknownLength, bare: r.method == "HEAD"}
	c.next += 2
	c.streams.add(s)
	c.writeHead(s.id, r)
	if len(r.body) > 0 {
		s.rest = r.body
		c.unsent++
		c.sendRest(s)
	}
	return s.id
}

// cancel ends a stream with RST_STREAM; its sink is called no more. A stream that is gone already may be cancelled, too.
func (c *conn2) cancel(id uint32) {
	if s := c.streams.find(id); s != nil {
		c.remove(s)
		c.write().WriteRSTStream(id, http2.ErrCodeCancel)
	}
}

// silence leaves a stream as it is: what comes for it is thrown away without giving its window back, nothing is written for it any
// more, and its sink is called no more. It counts for room as before.
func (c *conn2) silence(id uint32) {
	if s := c.streams.find(id); s != nil {
		c.drop(s)
		s.sink, s.silent = deaf{}, true
	}
}

// writes tells whether anything is to be written.
func (c *conn2) writes() bool { return len(c.out) > 0 }

// take appends what is to be written now, for all streams together. It is to be called only when all that it gave before is written,
// so that what a server does not read stays bounded.
func (c *conn2) take(dst []byte) []byte {
	dst = append(dst, c.out...)
	c.out, c.answers = emptied(c.out), 0
	return dst
}

// emptied is a buffer for its next use. A connection lives long, so only a small one is kept.
func emptied(b []byte) []byte {
	if cap(b) > 64 {
		return nil
	}
	return b[:0]
}

// closed tells that the socket was closed by the server (nil or io.EOF) or failed. Every stream is finished, and the answer is for who
// waits for the connection itself.
func (c *conn2) closed(err error) *loadgen.Failure {
	var known *loadgen.Failure
	end := err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case c.broken != nil:
		return c.broken
	case errors.As(err, &known):
		c.broken = known
	case !c.settled && string(c.kept[:min(len(c.kept), len(http1Prefix))]) == http1Prefix:
		c.broken = answeredInHTTP1()
	case !c.settled:
		c.broken = fail(tokenHTTP2, "the server closed the connection before its SETTINGS frame: it does not speak HTTP/2 here")
	case c.goaway != nil:
		c.broken = c.goaway
	case end:
		c.broken = fail(tokenNoResponse, "the server closed the connection before it answered")
	default:
		c.broken = readFailure(err)
	}
	c.finishAll(end && c.broken.Token == tokenNoResponse)
	return c.broken
}

// finishAll finishes every stream because the connection is broken. With cut off, those whose response had begun miss its rest.
func (c *conn2) finishAll(cutOff bool) {
	c.streams.each(func(s *stream2) {
		f := c.broken
		if cutOff && s.answered {
			f = fail(tokenBodyTruncated, "the server closed the connection before the stream's end")
		}
		c.remove(s)
		s.sink.finished(f)
	})
}

// fail is an error of the connection (section 5.4.1): GOAWAY is the last that take gives.
func (c *conn2) fail(code http2.ErrCode, f *loadgen.Failure) {
	if c.broken != nil {
		return
	}
	c.broken = f
	c.write().WriteGoAway(0, code, nil)
	c.finishAll(false)
}

// breach is a failure of the connection by a server that breaks the protocol.
func (c *conn2) breach(code http2.ErrCode, format string, args ...any) {
	c.fail(code, fail(tokenHTTP2, format, args...))
}

// reset is an error of a stream (section 5.4.2), the server's or the sink's.
func (c *conn2) reset(s *stream2, code http2.ErrCode, err error) {
	c.remove(s)
	if !s.silent {
		c.write().WriteRSTStream(s.id, code)
	}
	s.sink.finished(err)
}

// remove takes a stream out; nothing that comes for it is its own any more.
func (c *conn2) remove(s *stream2) {
	c.drop(s)
	c.streams.remove(s)
	if c.data.stream == s {
		c.data.stream = nil
	}
}

// drop gives up what was not sent of a request's body.
func (c *conn2) drop(s *stream2) {
	if len(s.rest) > 0 {
		s.rest = nil
		c.unsent--
	}
}

// unprocessed is the failure of a request that the server never worked on, so that it can be sent again (section 8.7).
type unprocessed struct{ *loadgen.Failure }

// Unwrap gives the failure.
func (u unprocessed) Unwrap() error { return u.Failure }

// budget bounds what may happen in one second.
type budget struct {
	second int64
	spent  int32
}

// idleLimit bounds the frames of a second that bring nothing, and the answers to such that wait to be written.
const idleLimit = 10_000

// spend tells whether there was something left.
func (b *budget) spend(at time.Time) bool {
	if now := at.Unix(); now != b.second {
		b.second, b.spent = now, 0
	}
	b.spent++
	return b.spent <= idleLimit
}
