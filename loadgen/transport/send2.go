package transport

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"ssebench/loadgen"
)

// outgoing is a request as HTTP/2 has it (RFC 9113 section 8.3.1).
type outgoing struct {
	method, scheme, authority, path string
	fields                          []loadgen.Field // no Host, no Content-Length; names in any case
	body                            []byte
}

// writeHead writes HEADERS, and CONTINUATION where it does not fit. The fields are encoded without the dynamic table, so that one
// encoder serves all connections of a lane. Each connection's first block says so with a table size of 0, which is below whatever the
// server may allow later (RFC 7541 section 4.2).
func (c *conn2) writeHead(id uint32, r *outgoing) {
	k := c.codec
	k.fields.Reset()
	if id == 1 {
		k.encoder.SetMaxDynamicTableSize(0)
	}
	put := func(name, value string) { k.encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) }
	put(":method", r.method)
	put(":scheme", r.scheme)
	put(":authority", r.authority)
	put(":path", r.path)
	for _, f := range r.fields {
		put(strings.ToLower(f.Name), f.Value)
	}
	if len(r.body) > 0 || r.method != http.MethodGet {
		put("content-length", strconv.Itoa(len(r.body)))
	}
	first := k.fields.Next(largestFrame)
	c.write().WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: first, EndStream: len(r.body) == 0, EndHeaders: k.fields.Len() == 0,
	})
	for k.fields.Len() > 0 {
		next := k.fields.Next(largestFrame)
		c.write().WriteContinuation(id, k.fields.Len() == 0, next)
	}
}

// sendAll sends what the windows allow of all requests.
func (c *conn2) sendAll() {
	if c.unsent == 0 {
		return
	}
	for _, s := range c.streams.slots {
		if s != nil {
			c.sendRest(s)
		}
	}
}

// sendRest sends of a request's body what the windows allow (section 6.9.1).
func (c *conn2) sendRest(s *stream2) {
	for len(s.rest) > 0 {
		n := min(len(s.rest), int(s.window), int(c.window), largestFrame)
		if n <= 0 {
			return
		}
		last := n == len(s.rest)
		c.write().WriteData(s.id, last, s.rest[:n])
		s.window -= int32(n)
		c.window -= int32(n)
		s.rest = s.rest[n:]
		if last {
			s.rest = nil
			c.unsent--
		}
	}
}
