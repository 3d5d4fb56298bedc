package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/sse"
)

// listener prints what one Subscriber understands, as it arrives. It stands between transport and Subscriber to notice silence.
// The transport calls it with the lane held; run and the timer do not hold it, so mu guards what they share.
type listener struct {
	client      loadgen.Subscriber
	out         io.Writer
	json        bool
	most        int
	readTimeout time.Duration
	transport   loadgen.Transport
	lane        *loadgen.Lane
	ended       chan ending

	events    int
	retry     *int64
	discarded bool
	writeErr  error

	mu      sync.Mutex
	stream  loadgen.Stream
	timer   *time.Timer
	silent  bool // the timer cut the stream
	leaving bool // run cuts it for good
}

// ending is why listening is over.
type ending struct {
	token string
	code  int
}

// exitInterrupted is METRICS' code of an interrupted run.
const exitInterrupted = 130

// run listens until the stream is over for good, enough events came, or a signal.
func (l *listener) run(i *interrupts) error {
	l.open(time.Now())
	var last ending
	select {
	case last = <-l.ended:
	case <-i.first:
		last = ending{token: "interrupted", code: exitInterrupted}
	}
	l.mu.Lock()
	l.leaving = true
	if l.timer != nil {
		l.timer.Stop()
	}
	stream := l.stream
	l.mu.Unlock()
	stream.Cut(loadgen.CutFIN)
	if err := l.transport.Close(); err != nil {
		return err
	}
	end := map[string]any{
		"last_event_id": text(l.client.LastEventID()), "retry": l.retry, "discarded": l.discarded, "events": l.events, "token": last.token,
	}
	l.put(map[string]any{"end": end}, fmt.Sprintf("-- end after %d events: %s", l.events, last.token))
	if l.writeErr != nil {
		return l.writeErr
	}
	if last.code != 0 {
		return &exitError{code: last.code}
	}
	return nil
}

func (l *listener) open(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leaving {
		return
	}
	l.silent = false
	l.stream = l.transport.Open(l.lane, &l.client.Request, at, (*watch)(l))
}

// put prints one object, or one line for people.
func (l *listener) put(object any, line string) {
	if l.writeErr != nil {
		return
	}
	if l.json {
		l.writeErr = jsonLines{l.out}.put(object)
	} else {
		_, l.writeErr = fmt.Fprintln(l.out, line)
	}
	if l.writeErr != nil {
		l.finish(ending{token: "write", code: exitFailed})
	}
}

// finish says, once, that listening is over.
func (l *listener) finish(e ending) {
	select {
	case l.ended <- e:
	default:
	}
}

// watch is the listener as the transport sees it.
type watch listener

// Opened implements loadgen.StreamHandler.
func (w *watch) Opened(o loadgen.Opening) error {
	(*listener)(w).heard()
	return w.client.Opened(o)
}

// Bytes implements loadgen.StreamHandler.
func (w *watch) Bytes(b []byte, at time.Time) error {
	(*listener)(w).heard()
	return w.client.Bytes(b, at)
}

// Ended implements loadgen.StreamHandler. A stream that was cut for its silence is opened again here, since the transport is done
// with it.
func (w *watch) Ended(e loadgen.Ending) time.Time {
	l := (*listener)(w)
	l.mu.Lock()
	silent := l.silent && !l.leaving
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	if !silent {
		return w.client.Ended(e)
	}
	e.Token, e.Message = "read_timeout", fmt.Sprintf("nothing came for %s", l.readTimeout)
	if reopen := w.client.Ended(e); !reopen.IsZero() {
		go l.open(reopen)
	}
	return time.Time{}
}

// heard starts the wait for the next byte.
func (l *listener) heard() {
	if l.readTimeout <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	stream := l.stream
	l.timer = time.AfterFunc(l.readTimeout, func() {
		l.mu.Lock()
		l.silent = true
		l.mu.Unlock()
		stream.Cut(loadgen.CutFIN)
	})
}

// Opened implements loadgen.Sink.
func (l *listener) Opened(o *loadgen.Opening) {
	millis := func(from, to time.Time) any {
		if from.IsZero() || to.IsZero() {
			return nil
		}
		return float64(to.Sub(from).Microseconds()) / 1000
	}
	timings := map[string]any{
		"dial_ms": millis(o.DialStart, o.Dialed), "tls_ms": millis(o.Dialed, o.TLSDone), "headers_ms": millis(o.Requested, o.Headers),
	}
	l.put(map[string]any{"open": map[string]any{"status": o.Status, "protocol": o.Protocol, "headers": o.Header, "timings": timings}},
		fmt.Sprintf("-- open: %d %s %s", o.Status, o.Protocol, o.Header.Get("Content-Type")))
}

// Event implements loadgen.Sink.
func (l *listener) Event(ev *sse.Event, at time.Time) {
	if l.most > 0 && l.events >= l.most {
		return
	}
	l.events++
	e := eventLine(ev)
	e.At = at.Format(time.RFC3339Nano)
	id := ""
	if e.ID != "" {
		id = " #" + e.ID
	}
	l.put(map[string]any{"event": e}, fmt.Sprintf("%s %s%s: %q", at.Format("15:04:05.000"), e.Type, id, e.Data))
	if l.events == l.most {
		l.finish(ending{token: "max_events"})
	}
}

// Comment implements loadgen.Sink.
func (l *listener) Comment(b []byte, at time.Time) {
	l.put(map[string]any{"comment": text(b)}, fmt.Sprintf("%s comment: %q", at.Format("15:04:05.000"), text(b)))
}

// Retry implements loadgen.Sink.
func (l *listener) Retry(millis int64) {
	l.retry = &millis
	l.put(map[string]any{"retry": millis}, fmt.Sprintf("-- retry: %d ms", millis))
}

// Ended implements loadgen.Sink.
func (l *listener) Ended(e *loadgen.Ending, discarded bool, next loadgen.Next) {
	if e.Token == loadgen.TokenCut {
		return
	}
	l.discarded = l.discarded || discarded
	token, message := e.Token, e.Message
	if discarded && token == loadgen.TokenEOF {
		token, message = "eof_mid_event", "the stream ended inside an event, which was dropped"
	}
	if token != loadgen.TokenEOF {
		l.put(errorLine(token, message), "-- "+token+": "+message)
	}
	if next.Reopen {
		id := text(l.client.LastEventID())
		l.put(map[string]any{"reconnect": map[string]any{"delay_ms": next.Delay.Milliseconds(), "last_event_id": id}},
			fmt.Sprintf("-- reconnecting in %s, last event ID %q", next.Delay, id))
		return
	}
	last := ending{token: token}
	if !e.Opened || token != loadgen.TokenEOF {
		last.code = exitFailed
	}
	l.finish(last)
}
