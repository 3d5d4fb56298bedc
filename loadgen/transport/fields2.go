package transport

import (
	"errors"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// fieldBlock is a block of header fields on its way: of a response header, an interim one, or trailers (RFC 9113 section 8.1).
type fieldBlock struct {
	stream  uint32
	last    bool // END_STREAM
	trailer bool
	regular bool // a field other than a pseudo one came
	large   bool // over the limit; what follows is not kept
	frames  int
	bytes   int    // as encoded
	size    int    // as SETTINGS_MAX_HEADER_LIST_SIZE counts (section 6.5.2)
	wrong   string // why the message is malformed; what follows is not kept
	status  int
	header  http.Header
}

// blockFrames bounds the frames that one block may come in.
const blockFrames = 256

// headers begins a block. Also one that nobody wants has to be decoded, because it changes the table of the ones that follow
// (section 4.3).
func (c *conn2) headers(h frameHead, fragment []byte, at time.Time) {
	s := c.addressed(h)
	if c.broken != nil {
		return
	}
	c.block = &fieldBlock{stream: h.stream, last: h.flags.Has(http2.FlagHeadersEndStream)}
	if s != nil {
		c.block.trailer = s.answered
		if !s.answered {
			c.block.header = make(http.Header, 8)
		}
	}
	c.decoder.SetEmitEnabled(s != nil)
	c.fragment(h, fragment, at)
}

// fragment decodes what one frame brings of a block.
func (c *conn2) fragment(h frameHead, fragment []byte, at time.Time) {
	b := c.block
	b.frames++
	b.bytes += len(fragment)
	if b.frames > blockFrames || b.bytes > 2*c.codec.headLimit {
		c.fail(http2.ErrCodeEnhanceYourCalm, fail(tokenHeaderTooLarge, "the header of stream %d came in %d frames and %d bytes, and there is more", b.stream, b.frames, b.bytes))
		return
	}
	_, err := c.decoder.Write(fragment)
	ended := h.flags.Has(http2.FlagHeadersEndHeaders)
	if err == nil && ended {
		err = c.decoder.Close()
	}
	switch {
	case errors.Is(err, hpack.ErrStringLength):
		c.fail(http2.ErrCodeEnhanceYourCalm, fail(tokenHeaderTooLarge, "a header field of stream %d is longer than %d bytes", b.stream, c.codec.headLimit))
	case err != nil:
		c.breach(http2.ErrCodeCompression, "the header of stream %d cannot be decoded: %v", b.stream, err)
	case ended:
		c.block = nil
		c.endBlock(b, at)
	}
}

// field takes a decoded field.
func (c *conn2) field(f hpack.HeaderField) {
	b := c.block
	if b.size += int(f.Size()); b.size > c.codec.headLimit {
		b.large = true
	} else {
		b.wrong = b.add(f)
	}
	if b.large || b.wrong != "" {
		c.decoder.SetEmitEnabled(false)
	}
}

// add checks a field by sections 8.2 and 8.3, and keeps it unless it is a trailer's, which says nothing to a reader of event streams.
func (b *fieldBlock) add(f hpack.HeaderField) (wrong string) {
	switch {
	case f.IsPseudo():
		return b.pseudo(f)
	case !httpguts.ValidHeaderFieldName(f.Name) || strings.ToLower(f.Name) != f.Name:
		return "the name of the header field " + f.Name + " is invalid"
	case !httpguts.ValidHeaderFieldValue(f.Value) || strings.Trim(f.Value, " \t") != f.Value:
		return "the value of the header field " + f.Name + " is invalid"
	}
	switch f.Name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": // section 8.2.2
		return "the header field " + f.Name + " has no place in HTTP/2"
	}
	b.regular = true
	if !b.trailer {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		b.header[name] = append(b.header[name], f.Value)
	}
	return ""
}

// pseudo checks a pseudo-header field: a response has one :status, before all other fields (section 8.3).
func (b *fieldBlock) pseudo(f hpack.HeaderField) (wrong string) {
	switch {
	case f.Name != ":status":
		return "the pseudo-header field " + f.Name + " has no place in a response"
	case b.trailer:
		return "there is a :status among the trailers"
	case b.regular:
		return ":status comes after other fields"
	case b.status != 0:
		return "there are several :status"
	case len(f.Value) != 3:
		return "the status " + f.Value + " is invalid"
	}
	for _, c := range []byte(f.Value) {
		if c < '0' || c > '9' {
			return "the status " + f.Value + " is invalid"
		}
		b.status = b.status*10 + int(c-'0')
	}
	if b.status < 100 || b.status > 599 {
		return "the status " + f.Value + " is invalid"
	}
	return ""
}

// endBlock handles a whole block.
func (c *conn2) endBlock(b *fieldBlock, at time.Time) {
	s := c.streams.find(b.stream)
	if s == nil {
		return // it is closed, or was while the block came
	}
	malformed := func(why string) { // section 8.1.1
		c.reset(s, http2.ErrCodeProtocol, fail(tokenHTTP2, "the response is malformed: %s", why))
	}
	switch {
	case b.large:
		c.reset(s, http2.ErrCodeCancel, fail(tokenHeaderTooLarge, "the response header or its trailers are longer than %d bytes", c.codec.headLimit))
	case b.wrong != "":
		malformed(b.wrong)
	case b.trailer && !b.last:
		malformed("trailers do not end it")
	case b.trailer:
		c.endStream(s)
	case b.status == 0:
		malformed("there is no :status")
	case b.status == http.StatusSwitchingProtocols: // section 8.6
		c.reset(s, http2.ErrCodeProtocol, fail(tokenSwitching, "the server answered 101 to a request that asked for no other protocol"))
	case b.status < 200 && b.last:
		malformed("it ends with an interim (1xx) response")
	case b.status < 200:
		if s.interim++; s.interim > interimLimit {
			c.reset(s, http2.ErrCodeCancel, fail(tokenInterimLimit, "more than %d interim (1xx) responses", interimLimit))
		}
	default:
		c.head(s, b, at)
	}
}

// head handles the header of a final response.
func (c *conn2) head(s *stream2, b *fieldBlock, at time.Time) {
	length, known, err := contentLength(b.header["Content-Length"])
	switch {
	case s.bare || b.status == http.StatusNoContent || b.status == http.StatusNotModified:
	case err != nil:
		c.reset(s, http2.ErrCodeProtocol, err)
		return
	case known:
		s.left = int64(length)
	}
	s.answered = true
	if err := s.sink.head(b.status, "HTTP/2.0", b.header, at); err != nil {
		if c.streams.find(s.id) == s {
			c.reset(s, http2.ErrCodeCancel, err)
		}
		return
	}
	if b.last && c.streams.find(s.id) == s {
		c.endStream(s)
	}
}
