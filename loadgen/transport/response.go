package transport

import (
	"bytes"
	"math"
	"net/http"
	"net/textproto"
	"strconv"
	"time"

	"golang.org/x/net/http/httpguts"
)

// answerSink takes what a response consists of. It is called with the stream's lane held, whatever the protocol; an error ends
// the stream.
type answerSink interface {
	// head is called once, for the final response: 1xx ones were skipped.
	head(status int, proto string, h http.Header, at time.Time) error
	// body is called with content of the transfer coding only. b is a part of the read buffer.
	body(b []byte, at time.Time) error
}

// defaultHeadLimit bounds the bytes of all heads of a response (1xx included), and those of its trailers, where Config names no
// other limit.
const defaultHeadLimit = 64 << 10

// interimLimit bounds the 1xx responses before a final one.
const interimLimit = 32

// statusPrefix is what every answer that we understand starts with. It is checked byte by byte, so that a server that speaks
// something else is refused at once and not when its first line ends.
const statusPrefix = "HTTP/1."

type parseState uint8

const (
	inStatus parseState = iota
	inHeader
	inLength
	untilClose
	inChunkLine
	inChunk
	inChunkEnd
	inTrailer
	isDone
)

// responseParser reads one HTTP/1.x response (RFC 9112), fed in any splits. It neither reads nor tells time. Body bytes go to the
// sink as slices of what was fed; between feeds it keeps at most one unfinished line.
type responseParser struct {
	state   parseState
	keep    bool // the connection can carry another request once the state is isDone
	started bool // a byte was fed
	upgrade bool // another protocol was asked for: what follows a 101 is its own
	limit   uint32
	left    uint64   // bytes that the body, the chunk or a section of lines has or may have still
	part    *partial // nil: neither in a head nor in a line
}

// partial is what a parser holds in a head, or where the bytes fed so far end inside a line.
type partial struct {
	line    []byte // unfinished
	header  http.Header
	status  int
	minor   byte  // of the protocol's version
	interim uint8 // responses so far
}

// reset makes the parser ready for the next response on the connection. limit is the bound of the head in bytes.
func (p *responseParser) reset(limit int) {
	*p = responseParser{limit: uint32(min(limit, math.MaxInt32))}
	p.left = uint64(p.limit)
}

// done tells that the response is complete.
func (p *responseParser) done() bool { return p.state == isDone }

// feed takes the next bytes. It consumes all of them unless it fails or the response is complete; surplus bytes after a complete
// response mean that the connection cannot be used again.
func (p *responseParser) feed(b []byte, at time.Time, sink answerSink) error {
	if len(b) > 0 {
		p.started = true
	}
	for len(b) > 0 {
		var err error
		switch p.state {
		case inLength, inChunk, untilClose:
			b, err = p.content(b, at, sink)
		case isDone:
			p.keep = false
			return nil
		default:
			b, err = p.nextLine(b, at, sink)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end tells what the end of the connection means for the response: nil where it ends it properly (RFC 9112 section 6.3).
func (p *responseParser) end() error {
	switch p.state {
	case isDone:
		return nil
	case untilClose:
		p.state = isDone
		return nil
	case inStatus:
		if !p.started {
			return fail(tokenNoResponse, "the server closed the connection before it answered")
		}
		return fail(tokenHeadTruncated, "the server closed the connection inside the response header")
	case inHeader:
		return fail(tokenHeadTruncated, "the server closed the connection inside the response header")
	case inLength, inChunk:
		return fail(tokenBodyTruncated, "the server closed the connection with %d bytes of the announced body still to come", p.left)
	default:
		return fail(tokenBodyTruncated, "the server closed the connection without the last chunk")
	}
}

func (p *responseParser) content(b []byte, at time.Time, sink answerSink) (rest []byte, err error) {
	if p.state == untilClose {
		return nil, sink.body(b, at)
	}
	n := len(b)
	if uint64(n) > p.left {
		n = int(p.left)
	}
	p.left -= uint64(n)
	if p.left == 0 {
		if p.state == inChunk {
			p.enter(inChunkEnd, 2)
		} else {
			p.state = isDone
		}
	}
	return b[n:], sink.body(b[:n], at)
}

// enter starts a section made of lines.
func (p *responseParser) enter(s parseState, most uint32) { p.state, p.left = s, uint64(most) }

func (p *responseParser) nextLine(b []byte, at time.Time, sink answerSink) (rest []byte, err error) {
	if p.state == inStatus {
		if err := p.checkPrefix(b); err != nil {
			return nil, err
		}
	}
	n := bytes.IndexByte(b, '\n') + 1
	if uint64(n) > p.left || n == 0 && uint64(len(b)) > p.left {
		return nil, p.overflow()
	}
	if n == 0 {
		if p.part == nil {
			p.part = new(partial)
		}
		p.part.line = append(p.part.line, b...)
		p.left -= uint64(len(b))
		return nil, nil
	}
	p.left -= uint64(n)
	line := b[:n-1]
	if p.part != nil && len(p.part.line) > 0 {
		p.part.line = append(p.part.line, line...)
		line = p.part.line
	}
	err = p.endLine(line, at, sink)
	if p.part != nil {
		p.part.line = p.part.line[:0]
		if p.part.header == nil {
			p.part = nil // a stream lives long after its head
		}
	}
	return b[n:], err
}

// overflow is the failure of a section that is longer than its budget.
func (p *responseParser) overflow() error {
	switch p.state {
	case inChunkLine:
		return fail(tokenChunkMalformed, "a chunk's size line is longer than %d bytes", chunkLineLimit)
	case inChunkEnd:
		return fail(tokenChunkMalformed, "a chunk is not followed by CRLF")
	case inTrailer:
		return fail(tokenHeaderTooLarge, "the trailers are longer than %d bytes", p.limit)
	default:
		return fail(tokenHeaderTooLarge, "the response header is longer than %d bytes", p.limit)
	}
}

func (p *responseParser) checkPrefix(b []byte) error {
	var before []byte
	if p.part != nil {
		before = p.part.line
	}
	for i := len(before); i < len(statusPrefix) && i-len(before) < len(b); i++ {
		if b[i-len(before)] != statusPrefix[i] {
			seen := append(append([]byte(nil), before...), b...)
			return fail(tokenStatusLine, "the answer does not start with HTTP/1: %q", seen[:min(len(seen), 20)])
		}
	}
	return nil
}

// endLine handles a line without its LF.
func (p *responseParser) endLine(line []byte, at time.Time, sink answerSink) error {
	bare := true
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line, bare = line[:n-1], false
	}
	switch p.state {
	case inStatus:
		return p.statusLine(line)
	case inHeader:
		if len(line) == 0 {
			return p.endHead(at, sink)
		}
		name, value, err := fieldLine(line)
		if err != nil {
			return err
		}
		p.part.header[name] = append(p.part.header[name], value)
		return nil
	default:
		return p.chunkLine(line, bare)
	}
}

// statusLine parses the status line of RFC 9112 section 4; the space after the status code may be missing, as many servers without
// a reason phrase have it.
func (p *responseParser) statusLine(line []byte) error {
	bad := func() error {
		return fail(tokenStatusLine, "malformed status line %q", line[:min(len(line), 60)])
	}
	const fixed = len("HTTP/1.1 200")
	if len(line) < fixed || line[8] != ' ' || len(line) > fixed && line[fixed] != ' ' || line[7] < '0' || line[7] > '9' {
		return bad()
	}
	status := 0
	for _, c := range line[9:fixed] {
		if c < '0' || c > '9' {
			return bad()
		}
		status = status*10 + int(c-'0')
	}
	if status < 100 || status > 599 {
		return bad()
	}
	if p.part == nil {
		p.part = new(partial)
	}
	p.part.status, p.part.minor, p.part.header = status, line[7]-'0', make(http.Header, 8)
	p.state = inHeader
	return nil
}

// fieldLine parses a field line of RFC 9112 section 5. Obsolete folding is refused (section 5.2), and so is space before the colon.
func fieldLine(line []byte) (name, value string, err error) {
	if line[0] == ' ' || line[0] == '\t' {
		return "", "", fail(tokenHeaderFolded, "a header field is folded over several lines: %q", line[:min(len(line), 60)])
	}
	n, v, ok := bytes.Cut(line, []byte{':'})
	value = string(bytes.Trim(v, " \t"))
	if !ok || !httpguts.ValidHeaderFieldName(string(n)) || !httpguts.ValidHeaderFieldValue(value) {
		return "", "", fail(tokenHeaderMalformed, "malformed header field %q", line[:min(len(line), 60)])
	}
	return textproto.CanonicalMIMEHeaderKey(string(n)), value, nil
}

func (p *responseParser) endHead(at time.Time, sink answerSink) error {
	head := p.part
	switch {
	case head.status == http.StatusSwitchingProtocols && p.upgrade:
		p.state = untilClose
		return p.giveHead(at, sink)
	case head.status == http.StatusSwitchingProtocols:
		return fail(tokenSwitching, "the server answered 101 to a request that asked for no other protocol")
	case head.status < 200:
		if head.interim++; head.interim > interimLimit {
			return fail(tokenInterimLimit, "more than %d interim (1xx) responses", interimLimit)
		}
		p.state = inStatus
		return nil
	}
	if err := p.frame(); err != nil {
		return err
	}
	return p.giveHead(at, sink)
}

// giveHead hands on the final head.
func (p *responseParser) giveHead(at time.Time, sink answerSink) error {
	head := p.part
	h := head.header
	head.header = nil
	return sink.head(head.status, "HTTP/1."+strconv.Itoa(int(head.minor)), h, at)
}
