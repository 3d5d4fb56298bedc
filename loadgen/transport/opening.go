package transport

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ssebench/loadgen"
)

// What of the answer to a login or of a redirect is read, so that the connection can be used again; for discardWait an answer that is refused
// is read too, for what it says.
const (
	discardLimit = 64 << 10 // bytes
	discardWait  = time.Second
)

// errEnough ends the reading of a body of which nobody wants more.
var errEnough = errors.New("enough")

// opening is what a stream knows until the final response's header has come.
type opening struct {
	loadgen.Opening
	config    *Config
	method    string
	url       *url.URL
	header    []loadgen.Field
	body      []byte
	upgrade   bool // to a WebSocket
	closes    bool // the connection is for this request alone
	login     bool
	answered  bool     // the hop's answer is a login's or a redirect's; only its body is left to read
	surplus   int      // bytes of such a body so far
	refused   *refusal // the final answer is none that the handler wants; only its body is left to read
	next      *url.URL // where it redirects to
	redirects int
	crossed   bool // a redirect has led to another origin
	visited   []string
	dialing   candidates // on a loop
	// What the handler adds to its own request, and not to a login.
	resumption loadgen.Resumption
	prepared   *prepared // on a loop: the request as it goes out; nil: it has to be written

	// Over HTTP/2 on a loop.
	to       *destination // where the opening dials, or waits for a place
	queued   int64        // when it began to wait, in the loop's time; 0: it does not
	repeated uint8        // requests that were sent once more
}

// take makes a request the next one to send.
func (o *opening) take(r *loadgen.Request) {
	o.method, o.header, o.body = r.Method, r.Header, r.Body
	if o.prepared != nil {
		o.url = o.prepared.url
	} else {
		o.url = sendable(r.URL)
	}
	o.upgrade, o.closes = r.Upgrade == upgradeWebSocket, r.Close
	if o.method == "" {
		o.method = http.MethodGet
	}
}

// appendTarget writes the path and the query. What the handler added to the query is for the first hop of its own request.
func (o *opening) appendTarget(b []byte) []byte {
	b = append(b, o.url.RequestURI()...)
	return o.appendParameters(b, o.separator())
}

// separator is what stands before the first parameter that is added to the URL.
func (o *opening) separator() byte {
	if o.url.RawQuery == "" && !o.url.ForceQuery {
		return '?'
	}
	return '&'
}

// appendParameters writes what the handler added to the query, each after a separator, the first after the one given.
func (o *opening) appendParameters(b []byte, separator byte) []byte {
	if o.redirects > 0 {
		return b
	}
	for _, a := range o.resumption.Query {
		b = append(append(append(b, separator), a.Name...), '=')
		b = appendEscaped(b, a.Value)
		separator = '&'
	}
	return b
}

// address is the URL with what the handler added.
func (o *opening) address() *url.URL {
	added := o.appendParameters(nil, '&')
	if len(added) == 0 {
		return o.url
	}
	u := *o.url
	u.RawQuery = strings.TrimPrefix(u.RawQuery+string(added), "&")
	return &u
}

// appendEscaped writes a value of a query: what is not unreserved is escaped (RFC 3986 section 2.3).
func appendEscaped(b, value []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range value {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

// open opens the stream and reads it to its end. The error is nil where the server ended it properly, errCut, or a *loadgen.Failure.
func (s *stream) open(due time.Time) error {
	o := &opening{config: &s.lane.t.config}
	o.Due, o.DialStart = due, time.Now()
	s.opening, s.dialStart = o, o.DialStart
	r := s.request
	if r.Login != nil {
		o.take(r.Login)
		o.login = true
		if err := s.hop(); err != nil {
			return err
		}
		s.lane.Hold()
		r.Login = nil
		s.lane.Release()
		o.login = false
	}
	o.take(r)
	s.resume(o)
	for {
		err := s.hop()
		if err != nil || s.opened {
			return err
		}
		s.opening.redirect()
	}
}

// resume asks the handler for what it adds to its request, with the lane held.
func (s *stream) resume(o *opening) {
	s.lane.Hold()
	defer s.lane.Release()
	s.handler.Resume(&o.resumption)
}

// hop sends one request and reads its answer to the end. If it returns nil before the handler was told that the stream is open,
// the answer was a login's or a redirect's.
func (s *stream) hop() error {
	o := s.opening
	if err := o.start(); err != nil {
		return err
	}
	if s.lane.t.config.Protocol == HTTP1 {
		return s.hop1()
	}
	return s.hop2()
}

// start begins a hop: nothing of its answer is known.
func (o *opening) start() error {
	o.answered, o.next, o.surplus = false, nil, 0
	if o.prepared != nil {
		return o.checkAdded()
	}
	return o.check(o.config.Protocol)
}

// checkAdded refuses what a handler cannot add.
func (o *opening) checkAdded() error {
	for _, a := range o.resumption.Header {
		if bytes.ContainsAny(a.Value, "\r\n\x00") {
			return fail(tokenRequestInvalid, "the header field %s contains CR, LF or NUL", a.Name)
		}
	}
	return nil
}

// check refuses a request that cannot be sent without becoming another one.
func (o *opening) check(protocol string) error {
	switch {
	case o.url == nil || o.url.Hostname() == "":
		return fail(tokenRequestInvalid, "the request has no URL with a host")
	case o.url.Scheme != "http" && o.url.Scheme != "https":
		return fail(tokenRequestInvalid, "the URL's scheme is %q: want http or https", o.url.Scheme)
	case o.url.Scheme == "http" && protocol == HTTP2:
		return fail(tokenALPN, "%s is agreed in the TLS handshake and %s has none; %s speaks HTTP/2 in cleartext", HTTP2, loadgen.ShowURL(o.url), H2C)
	case !validToken(o.method):
		return fail(tokenRequestInvalid, "invalid method %q", o.method)
	case o.upgrade && (protocol != HTTP1 || o.method != http.MethodGet):
		return fail(tokenRequestInvalid, "a WebSocket is opened by GET over %s, not by %s over %s", HTTP1, o.method, protocol)
	}
	for _, f := range o.header {
		switch {
		case !validToken(f.Name):
			return fail(tokenRequestInvalid, "invalid name of a header field %q", f.Name)
		case strings.ContainsAny(f.Value, "\r\n\x00"):
			return fail(tokenRequestInvalid, "the header field %s contains CR, LF or NUL", f.Name)
		}
		switch strings.ToLower(f.Name) {
		case "host", "connection", "content-length", "transfer-encoding":
			return fail(tokenRequestInvalid, "the header field %s is not for the request to choose", f.Name)
		case "keep-alive", "proxy-connection", "upgrade": // RFC 9113 section 8.2.2
			if protocol != HTTP1 {
				return fail(tokenRequestInvalid, "the header field %s has no place in HTTP/2", f.Name)
			}
		}
	}
	return o.checkAdded()
}
