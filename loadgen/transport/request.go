package transport

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"

	"ssebench/loadgen"
)

// requestBufferSize bounds the buffers that are kept for the next request, in bytes.
const requestBufferSize = 16 << 10

var requestBuffers = sync.Pool{New: func() any { return new([]byte) }}

func validToken(s string) bool { return httpguts.ValidHeaderFieldName(s) }

// fields gives the request's own fields as they go out after Host, whatever the protocol: the request's in their order, then what
// it left to us.
func (x *exchange) fields(o *opening) []loadgen.Field {
	out := make([]loadgen.Field, 0, len(o.header)+len(o.resumption.Header)+4)
	for _, f := range o.header {
		if !strings.EqualFold(f.Name, "Cookie") {
			out = append(out, f)
		}
	}
	if !o.has("Accept-Encoding") {
		out = append(out, loadgen.Field{Name: "Accept-Encoding", Value: "identity"})
	}
	if !o.has("User-Agent") {
		out = append(out, loadgen.Field{Name: "User-Agent", Value: x.agent()})
	}
	if v, ok := o.authorization(o.url.User); ok {
		out = append(out, loadgen.Field{Name: "Authorization", Value: v})
	}
	if v := x.cookies(o); v != "" {
		out = append(out, loadgen.Field{Name: "Cookie", Value: v})
	}
	for _, a := range o.resumption.Header {
		if !o.crossed || !loadgen.IsSecret(a.Name) {
			out = append(out, loadgen.Field{Name: a.Name, Value: string(a.Value)})
		}
	}
	return out
}

// appendRequest writes an HTTP/1.1 request (RFC 9112 section 3). Values go out byte for byte: a last event ID is raw UTF-8.
func (x *exchange) appendRequest(b []byte, o *opening) []byte {
	b = append(b, o.method...)
	b = append(b, ' ')
	b = o.appendTarget(b)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, authority(o.url)...)
	b = append(b, "\r\n"...)
	for _, f := range x.fields(o) {
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	if o.closes {
		b = append(b, "Connection: close\r\n"...)
	}
	if len(o.body) > 0 || o.method != http.MethodGet {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(o.body)), 10)
		b = append(b, "\r\n"...)
	}
	if o.upgrade {
		b = x.socket().appendHandshake(b)
	}
	b = append(b, "\r\n"...)
	return append(b, o.body...)
}

// prepared is a Request as it goes out over HTTP/1.1, in the parts between which a handler adds something.
type prepared struct {
	url       *url.URL
	origin    string
	target    []byte // up to the end of the URL's own query
	separator byte   // of the first parameter that is added
	rest      []byte // up to the end of the header
}

// append writes the request with what the handler added.
func (t *prepared) append(b []byte, o *opening) []byte {
	b = append(b, t.target...)
	b = o.appendParameters(b, t.separator)
	b = append(b, t.rest...)
	for _, a := range o.resumption.Header {
		b = append(b, a.Name...)
		b = append(b, ": "...)
		b = append(b, a.Value...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, o.body...)
}
