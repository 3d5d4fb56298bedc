package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

// Tokens of endings that listen itself decides or treats apart.
const (
	tokenEOFMidEvent = "eof_mid_event"
	tokenInterrupted = "interrupted"
	tokenMaxEvents   = "max_events"
	tokenNoContent   = "status_204"
	tokenReadTimeout = "read_timeout"
	tokenRequest     = "request_invalid"
)

// exitInterrupted is METRICS' code of an interrupted run.
const exitInterrupted = 130

// listener prints what one Subscriber understands, as it arrives. It stands between transport and Subscriber to notice silence.
type listener struct {
	out         printer
	policy      *scenarios.ReconnectPolicy
	most        int           // events to print; 0: all
	readTimeout time.Duration // 0: silence may last
	transport   loadgen.Transport
	lane        *loadgen.Lane
	ended       chan ending    // has room for one
	again       chan time.Time // when to open anew what was cut for its silence; has room for one

	// Only with the lane held, until the transport is closed.
	client loadgen.Subscriber
	at     time.Time // of the read that is being parsed
	end    listenEnd
	over   bool // nothing that still comes counts
	err    error

	mu       sync.Mutex // may be taken with the lane held, not the other way round
	stream   loadgen.Stream
	timer    *time.Timer
	deadline time.Time // of the next byte; zero: none is awaited
	silent   bool      // the timer cut the stream
	leaving  bool
}

// ending is why listening is over.
type ending struct {
	token   string
	message string // one line for standard error; empty where it ended as asked
	code    int
}

// run listens until the stream is over for good, enough events came, or a signal. A second signal does not wait for anything, since
// an output that nobody reads blocks the lane.
func (l *listener) run(i *interrupts) error {
	l.open(time.Now())
	var last ending
	for last.token == "" {
		select {
		case last = <-l.ended:
		case at := <-l.again:
			l.open(at)
		case <-i.first:
			last = ending{token: tokenInterrupted, code: exitInterrupted}
		case <-i.ctx.Done():
			last = ending{token: tokenInterrupted, code: exitInterrupted}
		}
	}
	done := make(chan error, 1)
	go func() { done <- l.leave(last) }()
	select {
	case err := <-done:
		return err
	case <-i.ctx.Done():
		return &exitError{code: exitInterrupted}
	}
}

// leave closes the stream and prints the end.
func (l *listener) leave(last ending) error {
	l.mu.Lock()
	l.leaving = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	err := l.transport.Close()
	if !l.over {
		l.finish(last)
	}
	if l.err == nil {
		l.end.Token, l.end.message = last.token, last.message
		l.err = l.out.ended(&l.end)
	}
	switch {
	case l.err != nil:
		return l.err
	case err != nil:
		return err
	case last.message != "":
		return &exitError{last.code, fmt.Errorf("%s: %s", last.token, last.message)}
	case last.code != 0:
		return &exitError{code: last.code}
	}
	return nil
}

// open opens the stream at the instant.
func (l *listener) open(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = false
	l.stream = l.transport.Open(l.lane, l.client.Request, at, (*watch)(l))
	if l.readTimeout <= 0 {
		return
	}
	l.deadline = at.Add(l.readTimeout)
	if l.timer == nil {
		l.timer = time.AfterFunc(time.Until(l.deadline), l.expire)
	} else {
		l.timer.Reset(time.Until(l.deadline))
	}
}

// heard moves the deadline of the next byte.
func (l *listener) heard(at time.Time) {
	if l.readTimeout <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = at.Add(l.readTimeout)
}

// expire cuts the stream if its deadline has passed. The timer runs it, and is not moved with each byte, but here.
func (l *listener) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leaving {
		return
	}
	left := time.Until(l.deadline)
	if l.deadline.IsZero() {
		left = l.readTimeout // no next deadline can come before that
	}
	if left > 0 {
		l.timer.Reset(left)
		return
	}
	l.silent = true
	l.stream.Cut(loadgen.CutFIN)
}

// watch is the listener as the transport sees it.
type watch listener

// Opened implements loadgen.StreamHandler.
func (w *watch) Opened(o loadgen.Opening) error {
	(*listener)(w).heard(time.Now())
	return w.client.Opened(o)
}

// Bytes implements loadgen.StreamHandler.
func (w *watch) Bytes(b []byte, at time.Time) error {
	(*listener)(w).heard(at)
	return w.client.Bytes(b, at)
}

// Resume implements loadgen.StreamHandler.
func (w *watch) Resume(to *loadgen.Resumption) { w.client.Resume(to) }

// Ended implements loadgen.StreamHandler. The transport does not open again what was cut for its silence; run does.
func (w *watch) Ended(e loadgen.Ending) time.Time {
	l := (*listener)(w)
	l.mu.Lock()
	silent := l.silent && !l.leaving
	l.deadline = time.Time{} // from here on a cut would go unheard
	l.mu.Unlock()
	if silent && e.Token == loadgen.TokenCut {
		e.Token, e.Message = tokenReadTimeout, fmt.Sprintf("nothing came for %s", l.readTimeout)
	}
	reopen := w.client.Ended(e)
	if reopen.IsZero() {
		return reopen
	}
	if silent {
		l.again <- reopen
		return time.Time{}
	}
	l.heard(reopen)
	return reopen
}

// Policy implements loadgen.Sink.
func (l *listener) Policy() *scenarios.ReconnectPolicy { return l.policy }

// Opened implements loadgen.Sink.
func (l *listener) Opened(o *loadgen.Opening) {
	if !l.over {
		l.note(l.out.opened(o))
	}
}

// Read implements loadgen.Sink.
func (l *listener) Read(_ []byte, at time.Time) *sse.Repeat {
	l.at = at
	return nil
}

// Event implements loadgen.Sink.
func (l *listener) Event(ev *sse.Event) {
	if l.over {
		return
	}
	l.end.Events++
	l.note(l.out.event(ev, l.at))
	if l.end.Events == l.most {
		l.finish(ending{token: tokenMaxEvents})
	}
}

// Comment implements loadgen.Sink.
func (l *listener) Comment(b []byte) {
	if !l.over {
		l.note(l.out.comment(b, l.at))
	}
}

// Retry implements loadgen.Sink.
func (l *listener) Retry(millis int64) {
	if l.over {
		return
	}
	l.end.Retry = &millis
	l.note(l.out.retry(millis))
}

// Ended implements loadgen.Sink.
func (l *listener) Ended(e *loadgen.Ending, discarded bool, next loadgen.Next) {
	if l.over || e.Token == loadgen.TokenCut {
		return
	}
	token, message := e.Token, loadgen.Clip(strings.TrimPrefix(e.Message, e.Token+": "))
	if discarded {
		l.end.Discarded = true
		if token == loadgen.TokenEOF {
			token, message = tokenEOFMidEvent, "the stream ended inside an event, which was dropped"
		}
	}
	if next.Reopen {
		if token != loadgen.TokenEOF {
			l.note(l.out.failed(token, message))
		}
		l.note(l.out.reconnect(next.Delay, l.client.LastEventID()))
		return
	}
	l.finish(l.judge(token, message, next))
}

// judge gives an ending for good its exit code and its message.
func (l *listener) judge(token, message string, next loadgen.Next) ending {
	switch {
	case token == loadgen.TokenEOF, token == tokenNoContent && l.client.Streams() > 0: // 204 is how a server says that all was sent
		return ending{token: token}
	case token == tokenRequest:
		return ending{token, message, exitUsage}
	case next.Stranded && l.policy.GiveUp && token != tokenNoContent && (token == "content_type" || strings.HasPrefix(token, "status_")):
		message += "; a browser gives up there (--profile library comes back)"
	}
	return ending{token, message, exitFailed}
}

// note keeps the first error of the output, which ends the listening.
func (l *listener) note(err error) {
	if err == nil || l.err != nil {
		return
	}
	l.err = err
	l.finish(ending{token: "write", code: exitFailed})
}

// finish says, once, that listening is over. The last event ID is that of the last event printed: what was read beyond it has not
// been seen.
func (l *listener) finish(e ending) {
	if l.over {
		return
	}
	l.over = true
	l.end.LastEventID = text(l.client.LastEventID())
	l.ended <- e
}
