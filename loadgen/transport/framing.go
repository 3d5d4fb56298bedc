package transport

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// frame finds how the body ends (RFC 9112 section 6.3) and whether the connection outlives it (section 9.3).
func (p *responseParser) frame() error {
	connection := p.part.header["Connection"]
	if p.part.minor > 0 {
		p.keep = !httpguts.HeaderValuesContainsToken(connection, "close")
	} else {
		p.keep = httpguts.HeaderValuesContainsToken(connection, "keep-alive")
	}
	// An HTTP/1.0 server cannot mean a transfer coding; browsers ignore one that came through a proxy.
	codings := strings.Join(p.part.header["Transfer-Encoding"], ",")
	chunked := p.part.minor > 0 && strings.EqualFold(strings.TrimSpace(codings), "chunked")
	if p.part.minor > 0 && codings != "" && !chunked {
		return fail(tokenTransferEncoding, "transfer coding %q where only chunked is understood", codings)
	}
	length, known, err := contentLength(p.part.header["Content-Length"])
	switch {
	case p.part.status == http.StatusNoContent || p.part.status == http.StatusNotModified:
		p.state = isDone
	case chunked:
		p.enter(inChunkLine, chunkLineLimit)
	case err != nil:
		return err
	case known && length == 0:
		p.state = isDone
	case known:
		p.state, p.left = inLength, length
	default:
		p.state, p.keep = untilClose, false
	}
	return nil
}

// contentLength reads the field by RFC 9112 section 6.3: repeated equal values are one value.
func contentLength(values []string) (n uint64, known bool, err error) {
	if len(values) == 0 {
		return 0, false, nil
	}
	for _, one := range strings.Split(strings.Join(values, ","), ",") {
		one = strings.Trim(one, " \t")
		m, err := strconv.ParseUint(one, 10, 63)
		if err != nil || known && m != n {
			return 0, false, fail(tokenContentLength, "invalid Content-Length %q", strings.Join(values, ", "))
		}
		n, known = m, true
	}
	return n, true, nil
}
