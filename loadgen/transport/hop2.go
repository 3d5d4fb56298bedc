package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"ssebench/loadgen"
)

// attempts bounds how often a request moves on to another connection because its own was closing.
const attempts = 4

// hop2 is a hop over HTTP/2. Many streams share a connection, each with a goroutine and a buffer.
func (s *stream) hop2() error {
	defer s.guard(nil)
	if s.request.Close {
		defer s.dropOwn()
	}
	for try := 1; ; try++ {
		again, err := s.try2()
		if !again || try == attempts {
			return err
		}
	}
}

// try2 sends the request on a connection. again: nothing was sent, another one can be tried.
func (s *stream) try2() (again bool, err error) {
	p := &s.engine.pool
	if s.request.Browser == 0 && s.lane.t.config.StreamsPerConnection == 1 {
		c, err := p.own(s, s.opening.url)
		if err != nil {
			return false, err
		}
		return s.exchange2(c)
	}
	c, err := p.reserve(s, s.opening.url)
	if err != nil {
		return false, err
	}
	defer p.release(c)
	return s.exchange2(c)
}

// request2 is what Cut wakes while a stream is in an HTTP/2 request.
type request2 struct {
	s      *stream
	conn   *shared
	cancel context.CancelFunc
}

// wake cancels the request, by RST_STREAM where it was sent. A stream that has to fall silent is left as it is, which net/http
// offers no other way to do, so its goroutine stays with it and another one tells the handler.
func (r *request2) wake(how loadgen.Cut) {
	if how != loadgen.CutSilent {
		r.cancel()
		return
	}
	r.s.engine.wait.Add(1)
	go func() {
		defer r.s.engine.wait.Done()
		defer r.s.lane.Recovered("a stream that falls silent")
		r.s.end(errCut)
		r.s.engine.silence(r)
	}()
}

// Close ends the silence.
func (r *request2) Close() error {
	r.cancel()
	return nil
}

// exchange2 sends the request and reads the answer to the end. again: nothing was sent, another connection can be tried.
func (s *stream) exchange2(c *shared) (again bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := s.guard(&request2{s, c, cancel}); err != nil {
		c.Release()
		return false, err
	}
	o := s.opening
	o.Remote = c.meter.RemoteAddr().String()
	// net/http may tell of the request after the answer has come.
	var once sync.Once
	published := s.published()
	wrote := func() {
		s.wrote(time.Now())
		s.lane.Hold()
		s.lane.asked(published)
		s.lane.Release()
	}
	trace := &httptrace.ClientTrace{WroteRequest: func(w httptrace.WroteRequestInfo) {
		if w.Err == nil {
			once.Do(wrote)
		}
	}}
	answer, err := c.RoundTrip(s.request2(httptrace.WithClientTrace(ctx, trace), o))
	if err != nil {
		if s.cut() {
			return false, errCut
		}
		return isUnusable(err), failure2(err, false)
	}
	defer func() {
		if loadgen.Cut(s.cutHow.Load()-1) == loadgen.CutSilent {
			<-ctx.Done() // the Transport's Close
		}
		answer.Body.Close()
	}()
	at := time.Now()
	once.Do(wrote)
	err = s.head2(c, answer, at)
	if err == nil && o.refused != nil {
		defer time.AfterFunc(discardWait, cancel).Stop()
		return false, s.meaning(s.read2(c, answer.Body))
	}
	if err != nil || !s.opened {
		return false, err
	}
	return false, s.read2(c, answer.Body)
}

// head2 handles the header of an answer, with the lane held.
func (s *stream) head2(c *shared, answer *http.Response, at time.Time) error {
	s.lane.Hold()
	defer s.lane.Release()
	c.meter.flush(s.lane)
	return s.head(answer.StatusCode, answer.Proto, answer.Header, at)
}

// body2 handles a part of the body, with the lane held.
func (s *stream) body2(c *shared, b []byte, at time.Time) error {
	s.lane.Hold()
	defer s.lane.Release()
	c.meter.flush(s.lane)
	if len(b) == 0 {
		return nil
	}
	return s.body(b, at)
}

func (s *stream) read2(c *shared, body io.Reader) error {
	b := readBuffers.Get().(*[readBufferSize]byte)
	defer readBuffers.Put(b)
	for {
		n, err := body.Read(b[:s.allow(len(b), nil)])
		refused := s.body2(c, b[:n], time.Now())
		switch {
		case refused != nil:
			return refused
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && s.cut():
			return errCut
		case err != nil:
			return failure2(err, true)
		}
	}
}

func (s *stream) request2(ctx context.Context, o *opening) *http.Request {
	r := &http.Request{Method: o.method, URL: o.address(), Host: authority(o.url), Header: make(http.Header)}
	for _, f := range s.fields(o) {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		r.Header[name] = append(r.Header[name], f.Value)
	}
	if len(o.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(o.body))
		r.ContentLength = int64(len(o.body))
	}
	return r.WithContext(ctx)
}

// isUnusable tells that a connection began to close after a place on it was reserved, and before the request was sent.
func isUnusable(err error) bool {
	return strings.Contains(err.Error(), "client conn not usable") || strings.Contains(err.Error(), "client conn is closed")
}

// failure2 names what went wrong on an HTTP/2 connection. net/http exports few of its errors, so some are told by their words.
func failure2(err error, opened bool) *loadgen.Failure {
	said := err.Error()
	var s http2.StreamError
	token := tokenHTTP2
	switch {
	case errors.As(err, &s) && s.Code == http2.ErrCodeFlowControl, strings.Contains(said, "FLOW_CONTROL_ERROR"):
		token = tokenFlowControl
	case errors.As(err, &s) && s.Cause != nil && s.Cause.Error() == "received from peer":
		token = tokenStreamReset
	case strings.Contains(said, "GOAWAY"):
		token = tokenGoAway
	case strings.Contains(said, "header list larger"):
		token = tokenHeaderTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if opened {
			return fail(tokenBodyTruncated, "the server closed the connection before the stream's end")
		}
		return fail(tokenNoResponse, "the server closed the connection before it answered")
	default:
		if t, ok := system(err); ok {
			token = t
		}
	}
	return fail(token, "%v", err)
}
