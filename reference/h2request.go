package reference

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// h2body is a request's body: it is read whole, up to the limit, before the
// handler runs.
type h2body struct {
	bytes.Buffer
	limit int
	err   error // after the bytes; nil is io.EOF
	timer *time.Timer
	run   func() // the handler's goroutine
}

func (b *h2body) Read(p []byte) (int, error) {
	n, err := b.Buffer.Read(p)
	if errors.Is(err, io.EOF) && b.err != nil {
		err = b.err
	}
	return n, err
}

func (b *h2body) Close() error { return nil }

// headers begins a request, or ends one with trailers.
func (c *h2conn) headers(f *http2.MetaHeadersFrame) error {
	id := f.StreamID
	c.mu.Lock()
	if st := c.streams[id]; st != nil && id <= c.last {
		c.mu.Unlock()
		if st.body == nil || !f.StreamEnded() {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		c.complete(st, nil)
		return nil
	}
	if id%2 == 0 || id <= c.last {
		c.mu.Unlock()
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	c.last = id
	if c.draining || len(c.streams) >= h2Streams || c.running >= 2*h2Streams {
		c.resetLocked(id, http2.ErrCodeRefusedStream)
		c.mu.Unlock()
		return nil
	}
	st := &h2stream{conn: c, id: id, window: c.initial}
	c.streams[id] = st
	c.mu.Unlock()

	r, ok := c.request(f)
	if !ok {
		c.reset(id, http2.ErrCodeProtocol)
		return nil
	}
	w := &h2response{st: st, header: http.Header{}}
	switch {
	case f.Truncated:
		c.srv.answerError(w, refuse(http.StatusRequestHeaderFieldsTooLarge, "header_limit", "the request's header is over the limit"))
		w.finish()
	case f.StreamEnded() && r.Method == http.MethodGet && r.URL.Path == "/events" && !c.srv.stalls():
		// It does not wait, and a goroutine for each stream is dear.
		c.srv.http.Handler.ServeHTTP(w, r)
		if !w.taken {
			w.finish()
		}
	default:
		c.start(st, w, r, f.StreamEnded())
	}
	return nil
}

// request translates a header into a request; it says no where it is malformed
// (RFC 9113, 8.3.1).
func (c *h2conn) request(f *http2.MetaHeadersFrame) (*http.Request, bool) {
	path := f.PseudoValue("path")
	u, err := url.ParseRequestURI(path)
	if err != nil || f.PseudoValue("method") == "" || f.PseudoValue("scheme") == "" {
		return nil, false
	}
	r := &http.Request{
		Method: f.PseudoValue("method"), URL: u, RequestURI: path, Host: f.PseudoValue("authority"),
		Proto: "HTTP/2.0", ProtoMajor: 2, Header: make(http.Header, len(f.Fields)), Body: http.NoBody,
		RemoteAddr: c.nc.RemoteAddr().String(), TLS: c.tls,
	}
	for _, h := range f.RegularFields() {
		if h.Name == "connection" {
			return nil, false
		}
		r.Header.Add(h.Name, h.Value)
	}
	return r, true
}

// start sees to it that the handler of a request runs once its body is there.
func (c *h2conn) start(st *h2stream, w *h2response, r *http.Request, ended bool) {
	ctx, cancel := context.WithCancel(context.Background())
	body := &h2body{limit: int(orDefault(c.srv.MaxBody, 1<<20)) + 1}
	body.run = func() {
		defer c.writing.Done()
		defer cancel()
		r.Body, r.ContentLength = body, int64(body.Len())
		c.srv.http.Handler.ServeHTTP(w, r.WithContext(ctx))
		if !w.taken {
			w.finish()
		}
		c.mu.Lock()
		c.running--
		c.mu.Unlock()
	}
	c.mu.Lock()
	st.room = sync.NewCond(&c.mu)
	st.cancel = cancel
	st.body = body
	if !ended {
		body.timer = time.AfterFunc(orDefault(c.srv.BodyTimeout, 30*time.Second), func() { c.complete(st, os.ErrDeadlineExceeded) })
	}
	c.mu.Unlock()
	if ended {
		c.complete(st, nil)
	}
}

// complete hands a request to its handler.
func (c *h2conn) complete(st *h2stream, err error) {
	c.mu.Lock()
	body := st.body
	st.body = nil
	if body == nil || c.closed {
		c.mu.Unlock()
		return
	}
	body.err = err
	if body.timer != nil {
		body.timer.Stop()
	}
	c.running++
	c.writing.Add(1) // with the lock, since close comes before the wait
	c.mu.Unlock()
	go body.run()
}

// data takes a piece of a request's body, and lets the client send as much
// again.
func (c *h2conn) data(f *http2.DataFrame) error {
	c.mu.Lock()
	if f.StreamID > c.last {
		c.mu.Unlock()
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	st := c.streams[f.StreamID]
	if n := f.Length; n > 0 {
		c.out = appendWindowUpdate(c.out, 0, n)
		if st != nil && !f.StreamEnded() {
			c.out = appendWindowUpdate(c.out, f.StreamID, n)
		}
	}
	if st == nil || st.body == nil {
		c.mu.Unlock()
		return nil
	}
	b := f.Data()
	room := st.body.limit - st.body.Len()
	st.body.Write(b[:min(len(b), room)])
	over := len(b) >= room
	c.mu.Unlock()
	if f.StreamEnded() || over {
		c.complete(st, nil)
	}
	return nil
}

func appendWindowUpdate(b []byte, stream, n uint32) []byte {
	b = appendFrameHead(b, 4, http2.FrameWindowUpdate, 0, stream)
	return append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// isH2Preface reports whether r is the first half of an HTTP/2 client's
// preface (RFC 9113, 3.4), which net/http takes for a request.
func isH2Preface(r *http.Request) bool {
	return r.Method == "PRI" && r.ProtoMajor == 2 && strings.TrimSpace(r.URL.Path) == "*" && len(r.Header) == 0
}
