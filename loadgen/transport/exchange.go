package transport

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"ssebench/loadgen"
)

// exchange is what a stream knows of HTTP, whoever moves its bytes: a goroutine (stream.go) or a loop (looped_linux.go). Only cut may
// be called without owning the stream.
type exchange struct {
	request *loadgen.Request
	handler loadgen.StreamHandler
	opening *opening       // nil while none is under way, and once the handler was told that it is open
	parser  responseParser // of HTTP/1.1
	cutHow  atomic.Int32   // 1 + the loadgen.Cut; 0: not cut
	opened  bool           // the handler was told, and agreed
	over    bool           // the handler was told for the last time; with the lane held
}

// cut tells whether Cut was called.
func (x *exchange) cut() bool { return x.cutHow.Load() != 0 }

// head implements answerSink. The opening knows when the request was written.
func (x *exchange) head(status int, proto string, h http.Header, at time.Time) error {
	if x.cut() {
		return errCut
	}
	o := x.opening
	x.store(o.url, h)
	switch {
	case o.login:
		if status/100 != 2 && status/100 != 3 {
			return fail(tokenLoginStatus+strconv.Itoa(status), "the login %s %s was answered with status %d", o.method, loadgen.ShowURL(o.url), status)
		}
		o.answered = true
		return nil
	case isRedirect(status) && !x.posting():
		err := o.follow(status, h)
		o.answered = err == nil
		return err
	}
	o.Status, o.Header, o.Protocol, o.Opening.URL, o.Headers = status, h, proto, o.url, at
	if o.Requested.After(at) {
		o.Requested = at // the answer can come before the writer is back from its system call
	}
	if err := x.handler.Opened(o.Opening); err != nil {
		f := handlerFailure(err)
		if !quotes(f) || x.posting() {
			return f
		}
		o.refused = &refusal{Failure: f}
		return nil
	}
	x.opened, x.opening = true, nil
	if x.cut() {
		return errCut
	}
	return nil
}

// body implements answerSink.
func (x *exchange) body(b []byte, at time.Time) error {
	if x.cut() {
		return errCut
	}
	if !x.opened && x.opening.refused != nil {
		return x.opening.refused.take(b)
	}
	if !x.opened {
		if x.opening.surplus += len(b); x.opening.surplus > discardLimit {
			return errEnough
		}
		return nil
	}
	if err := x.handler.Bytes(b, at); err != nil {
		return handlerFailure(err)
	}
	if x.cut() {
		return errCut
	}
	return nil
}

// meaning tells what the end of reading an HTTP/1.1 response means: nil for a proper end, errCut, or a *loadgen.Failure. io.ErrUnexpectedEOF
// is the end of a connection that TLS did not announce.
func (x *exchange) meaning(err error) error {
	var f *loadgen.Failure
	switch {
	case x.cut():
		return errCut
	case x.opening != nil && x.opening.refused != nil:
		return x.opening.refused.failure()
	case x.opening != nil && x.opening.answered:
		// A login's or a redirect's body; whatever ended it, the answer itself is known.
		x.parser.keep = x.parser.keep && err == nil
		return nil
	case err == nil, errors.As(err, &f):
		return err
	case errors.Is(err, io.EOF):
		return x.parser.end()
	case errors.Is(err, io.ErrUnexpectedEOF):
		if w := x.socket(); x.parser.state == untilClose && (w == nil || !w.upgraded) { // the end of a WebSocket is a close frame
			return fail(tokenTLSTruncated, "the server closed the connection without close_notify (RFC 8446 section 6.1), so that the rest of the body may be missing")
		}
		return x.parser.end()
	}
	return readFailure(err)
}

// repeatable tells that a request may be sent again on a new connection: it failed on a kept one that the server gave up, at the very
// moment that we used it again, and RFC 9110 section 9.2.2 lets a client repeat what is safe to repeat.
func (x *exchange) repeatable(err error) bool {
	f := failureOf(err)
	return f != nil && (f.Token == tokenNoResponse || f.Token == tokenReset) &&
		!x.parser.started && !x.posting() && x.opening != nil && loadgen.IsSafe(x.opening.method) && !x.cut()
}

// tell tells a handler that wants to know whether its stream waits for a place.
func (x *exchange) tell(waits bool) {
	if q, ok := x.handler.(loadgen.Queuer); ok && !x.over {
		q.Queued(waits)
	}
}

func handlerFailure(err error) *loadgen.Failure {
	var f *loadgen.Failure
	if errors.As(err, &f) {
		return f
	}
	return fail(tokenHandler, "%v", err)
}

// ended tells the handler how the opening ended; err is nil where the server ended it properly. A cut wins over everything else. The
// lane must be held. The answer is zero where the stream is over.
func (x *exchange) ended(err error, e loadgen.Ending) (reopen time.Time) {
	if x.over {
		return time.Time{}
	}
	// A cut from now on, also from inside Ended, is a later ending.
	cut := x.cut()
	if cut {
		err = errCut
	}
	e.Token = loadgen.TokenEOF
	if f := failureOf(err); f != nil {
		e.Token, e.Message, e.Permanent = f.Token, f.Message, permanent[f.Token]
	}
	e.Opened = x.opened
	reopen = x.handler.Ended(e)
	if x.over = cut || reopen.IsZero(); x.over {
		return time.Time{}
	}
	return reopen
}
