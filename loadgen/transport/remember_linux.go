package transport

import (
	"bytes"
	"hash/maphash"
	"net/http"

	"ssebench/loadgen"
)

// A stream that is opened again and again, as a poller's is, sends the same request but for what its handler adds, and gets the same head as
// others in the same second. A loop remembers both.

// mostPrepared bounds the requests that a loop remembers, longestHead the bytes of a head.
const (
	mostPrepared = 1024
	longestHead  = 2 << 10
)

// prepare gives a Request as it goes out; nil: it has to be written anew each time.
func (p *loop) prepare(r *loadgen.Request) *prepared {
	if t := p.prepared[r]; t != nil {
		return t
	}
	if p.codec != nil || r.Jar != nil || r.Login != nil || r.Upgrade != "" || len(p.prepared) == mostPrepared {
		return nil
	}
	x, o := exchange{request: r}, opening{config: &p.t.config}
	o.take(r)
	if o.check(HTTP1) != nil {
		return nil
	}
	whole := x.appendRequest(nil, &o)
	n := len(o.method) + 1 + len(o.url.RequestURI())
	t := &prepared{url: o.url, origin: origin(o.url), target: whole[:n:n], separator: o.separator(), rest: whole[n : len(whole)-len("\r\n")-len(o.body)]}
	p.prepared[r] = t
	return t
}

// heads are the response heads that came last, by their hash.
type heads [16]knownHead

// knownHead is a head and what it says. Nobody changes the header.
type knownHead struct {
	bytes  []byte
	status int
	proto  string
	header http.Header
	parser responseParser // behind it
}

var headSeed = maphash.MakeSeed()

// answer hands bytes of an answer to the parser. A head that is known is not parsed again.
func (s *looped) answer(b []byte) error {
	p := s.loop
	n := -1
	if !s.parser.started && !s.parser.upgrade {
		n = bytes.Index(b[:min(len(b), longestHead)], []byte("\r\n\r\n"))
	}
	if n < 0 {
		return s.parser.feed(b, p.at, s)
	}
	head, rest := b[:n+4], b[n+4:]
	known := &p.heads[maphash.Bytes(headSeed, head)%uint64(len(p.heads))]
	var err error
	if bytes.Equal(known.bytes, head) {
		s.parser = known.parser
		err = s.head(known.status, known.proto, known.header, p.at)
	} else {
		p.newest.header = nil
		err = s.parser.feed(head, p.at, s)
		if err == nil && p.newest.header != nil {
			p.newest.bytes, p.newest.parser = append(known.bytes[:0], head...), s.parser
			*known = p.newest
			p.newest = knownHead{}
		}
	}
	if err != nil || len(rest) == 0 {
		return err
	}
	return s.parser.feed(rest, p.at, s)
}
