package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"ssebench/loadgen"
)

// codec2 is what all HTTP/2 connections of a lane share, so that one of them costs little.
//
// DATA is all that a long stream consists of, and http2.Framer would want every frame of it whole and copy it, so we read the
// 9 bytes of a frame's header and DATA ourselves. For everything else there is the Framer.
type codec2 struct {
	headLimit int // bytes of a response header, and of its trailers, as SETTINGS_MAX_HEADER_LIST_SIZE counts them
	framer    *http2.Framer
	in        bytes.Reader // one whole frame
	out       *conn2       // which the framer writes to
	fields    bytes.Buffer // an encoded block of header fields
	encoder   *hpack.Encoder
}

func newCodec2(headLimit int) *codec2 {
	k := &codec2{headLimit: headLimit}
	k.framer = http2.NewFramer(k, &k.in)
	// It cannot know which frames belong together, serving many connections: admit does.
	k.framer.AllowIllegalReads = true
	k.encoder = hpack.NewEncoder(&k.fields)
	return k
}

// Write implements io.Writer for the framer.
func (k *codec2) Write(b []byte) (int, error) {
	k.out.out = append(k.out.out, b...)
	return len(b), nil
}

// write gives the framer, which appends to what is to be written. Its methods cannot fail but for arguments that we never pass.
func (c *conn2) write() *http2.Framer {
	c.codec.out = c
	return c.codec.framer
}

// frameHead is the header of a frame (RFC 9113 section 4.1).
type frameHead struct {
	length int // bytes of the payload
	stream uint32
	kind   http2.FrameType
	flags  http2.Flags
}

const frameHeadSize = 9 // bytes

func parseFrameHead(b []byte) frameHead {
	b = b[:frameHeadSize]
	return frameHead{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		kind:   http2.FrameType(b[3]),
		flags:  http2.Flags(b[4]),
		stream: binary.BigEndian.Uint32(b[5:]) & largestStream,
	}
}

// feed takes the next bytes. After an error, of which every stream was told, take gives what is to be written before the socket is
// closed.
func (c *conn2) feed(b []byte, at time.Time) error {
	for len(b) > 0 && c.broken == nil {
		switch {
		case c.data.reading:
			b = c.payload(b, at)
			continue
		case len(c.kept) > 0 || len(b) < frameHeadSize:
			b = c.keep(b, at)
			continue
		}
		h := parseFrameHead(b)
		end := frameHeadSize + h.length
		switch {
		case h.kind != http2.FrameData && len(b) < end:
			b = c.keep(b, at)
		case !c.admit(h, b):
		case h.kind == http2.FrameData:
			b = b[frameHeadSize:]
			c.beginData(h, at)
		default:
			c.frame(h, b[:end], at)
			b = b[end:]
		}
	}
	if c.broken != nil {
		return c.broken
	}
	return nil
}

// keep buffers a frame that is not whole, up to its end or, of DATA, its header.
func (c *conn2) keep(b []byte, at time.Time) (rest []byte) {
	if missing := frameHeadSize - len(c.kept); missing > 0 {
		n := min(missing, len(b))
		c.kept = append(c.kept, b[:n]...)
		b = b[n:]
		if n < missing {
			return b
		}
		h := parseFrameHead(c.kept)
		if !c.admit(h, c.kept) {
			return b
		}
		if h.kind == http2.FrameData {
			c.kept = emptied(c.kept)
			c.beginData(h, at)
			return b
		}
	}
	h := parseFrameHead(c.kept)
	n := min(frameHeadSize+h.length-len(c.kept), len(b))
	c.kept = append(c.kept, b[:n]...)
	if len(c.kept) == frameHeadSize+h.length {
		c.frame(h, c.kept, at)
		c.kept = emptied(c.kept)
	}
	return b[n:]
}

// http1Prefix is what an answer in HTTP/1 begins with.
const http1Prefix = "HTTP/"

func answeredInHTTP1() *loadgen.Failure {
	return fail(tokenHTTP2, "the server answered in HTTP/1: it does not speak HTTP/2 here")
}

// admit tells whether a frame may come now; if not, the connection is broken.
func (c *conn2) admit(h frameHead, raw []byte) bool {
	switch {
	case !c.settled && bytes.HasPrefix(raw, []byte(http1Prefix)):
		c.fail(http2.ErrCodeProtocol, answeredInHTTP1())
	case !c.settled && (h.kind != http2.FrameSettings || h.flags.Has(http2.FlagSettingsAck)): // section 3.4
		c.breach(http2.ErrCodeProtocol, "the server sent no SETTINGS frame first: it does not speak HTTP/2 here")
	case h.length > largestFrame: // section 4.2
		c.breach(http2.ErrCodeFrameSize, "the server sent a frame of %d bytes where %d are allowed", h.length, largestFrame)
	case c.block != nil && (h.kind != http2.FrameContinuation || h.stream != c.block.stream): // section 4.3
		c.breach(http2.ErrCodeProtocol, "the server sent a frame of type %s inside the header of stream %d", h.kind, c.block.stream)
	case c.block == nil && h.kind == http2.FrameContinuation: // section 6.10
		c.breach(http2.ErrCodeProtocol, "the server sent CONTINUATION on stream %d, where nothing is to be continued", h.stream)
	default:
		return true
	}
	return false
}

// addressed finds the stream that a frame is about: nil for one that is closed. A stream that we never opened breaks the connection
// (section 5.1), and so does what comes for a stream after the server ended it.
func (c *conn2) addressed(h frameHead) *stream2 {
	s := c.streams.find(h.stream)
	if s != nil {
		return s
	}
	switch {
	case h.stream == 0 || h.stream >= c.next || h.stream%2 == 0:
		c.breach(http2.ErrCodeProtocol, "the server sent a frame of type %s on stream %d, which was never opened", h.kind, h.stream)
	case h.stream == c.ended && (h.kind == http2.FrameData || h.kind == http2.FrameHeaders):
		c.breach(http2.ErrCodeStreamClosed, "the server sent a frame of type %s on stream %d, which it had ended", h.kind, h.stream)
	}
	return nil
}

// frame handles a whole frame of any kind but DATA.
func (c *conn2) frame(h frameHead, raw []byte, at time.Time) {
	switch h.kind {
	case http2.FramePushPromise: // section 8.4
		c.breach(http2.ErrCodeProtocol, "the server sent PUSH_PROMISE although pushing is switched off")
		return
	case http2.FrameHeaders, http2.FrameContinuation, http2.FrameRSTStream, http2.FrameSettings, http2.FramePing, http2.FrameGoAway, http2.FrameWindowUpdate:
	default: // priorities are a server's business, and unknown frames have to be ignored (section 5.5)
		c.waste(at)
		return
	}
	c.codec.in.Reset(raw)
	f, err := c.codec.framer.ReadFrame()
	if err != nil {
		c.malformed(h, err)
		return
	}
	switch f := f.(type) {
	case *http2.HeadersFrame:
		c.headers(h, f.HeaderBlockFragment(), at)
	case *http2.ContinuationFrame:
		c.fragment(h, f.HeaderBlockFragment(), at)
	case *http2.RSTStreamFrame:
		c.resetByServer(h, f.ErrCode)
	case *http2.SettingsFrame:
		c.settings(f, at)
	case *http2.PingFrame:
		c.ping(f, at)
	case *http2.GoAwayFrame:
		c.goAway(f)
	case *http2.WindowUpdateFrame:
		c.windowUpdate(h, f.Increment, at)
	}
}

// malformed handles a frame that the framer refused.
func (c *conn2) malformed(h frameHead, err error) {
	code := http2.ErrCodeFrameSize // it ended too early
	var connection http2.ConnectionError
	var stream http2.StreamError
	switch {
	case errors.As(err, &connection):
		code = http2.ErrCode(connection)
	case errors.As(err, &stream):
		code = stream.Code
		if h.kind == http2.FrameWindowUpdate { // section 6.9; the others leave states undone that belong to the whole connection
			if s := c.addressed(h); s != nil {
				c.reset(s, code, fail(tokenHTTP2, "the server sent WINDOW_UPDATE without an increment on stream %d", h.stream))
			}
			return
		}
	}
	c.breach(code, "the server sent a malformed frame of type %s on stream %d (%s)", h.kind, h.stream, code)
}

// waste bounds frames that bring nothing, of which a server may send any number.
func (c *conn2) waste(at time.Time) {
	if !c.idle.spend(at) {
		c.breach(http2.ErrCodeEnhanceYourCalm, "the server sent more than %d frames that bring nothing within a second", idleLimit)
	}
}
