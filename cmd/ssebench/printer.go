package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ssebench/loadgen"
	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

// printer shows what a stream brings, with one write for each thing, so that it is seen as soon as it arrives, also in a pipe. Its
// errors are those of the output.
type printer interface {
	opened(o *loadgen.Opening) error
	event(ev *sse.Event, at time.Time) error
	comment(b []byte, at time.Time) error
	retry(millis int64) error
	failed(token, message string) error
	reconnect(delay time.Duration, lastEventID []byte) error
	ended(e *listenEnd) error
}

// listenEnd is the inside of listen's end object.
type listenEnd struct {
	LastEventID string `json:"last_event_id"`
	Retry       *int64 `json:"retry"`     // milliseconds; null where the server set none
	Discarded   bool   `json:"discarded"` // an unterminated event was dropped
	Events      int    `json:"events"`
	Token       string `json:"token"` // why

	message string // of a failure
}

// jsonPrinter writes one object a line, with one key that names it.
type jsonPrinter struct {
	received
	encoder *json.Encoder
}

func newJSONPrinter(w io.Writer, secrets *scenarios.Redactor) jsonPrinter {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return jsonPrinter{received{secrets}, e}
}

func (p jsonPrinter) put(key string, inside any) error {
	return p.encoder.Encode(map[string]any{key: inside})
}

func (p jsonPrinter) opened(o *loadgen.Opening) error {
	millis := func(from, to time.Time) *float64 {
		if from.IsZero() || to.IsZero() {
			return nil // no such step: a connection that was kept, no TLS
		}
		ms := float64(to.Sub(from).Microseconds()) / 1000
		return &ms
	}
	type timings struct {
		Dial    *float64 `json:"dial_ms"`
		TLS     *float64 `json:"tls_ms"`
		Headers *float64 `json:"headers_ms"`
	}
	return p.put("open", struct {
		Status   int                 `json:"status"`
		Protocol string              `json:"protocol"`
		Headers  map[string][]string `json:"headers"`
		Timings  timings             `json:"timings"`
	}{o.Status, o.Protocol, p.header(o.Header), timings{millis(o.DialStart, o.Dialed), millis(o.Dialed, o.TLSDone), millis(o.Requested, o.Headers)}})
}

// event prints an event; at, where it is not zero, is when its bytes arrived.
func (p jsonPrinter) event(ev *sse.Event, at time.Time) error {
	inside := struct {
		Type string `json:"type"`
		Data string `json:"data"`
		ID   string `json:"id"`
		At   string `json:"at,omitempty"`
	}{Type: p.text(ev.Name()), Data: p.text(ev.Data), ID: p.text(ev.ID)}
	if !at.IsZero() {
		inside.At = at.Format(time.RFC3339Nano)
	}
	return p.put("event", &inside)
}

func (p jsonPrinter) comment(b []byte, _ time.Time) error { return p.put("comment", p.text(b)) }

func (p jsonPrinter) retry(millis int64) error { return p.put("retry", millis) }

func (p jsonPrinter) failed(token, message string) error {
	return p.put("error", struct {
		Token   string `json:"token"`
		Message string `json:"message"`
	}{token, p.secrets.Redact(message)})
}

func (p jsonPrinter) reconnect(delay time.Duration, lastEventID []byte) error {
	return p.put("reconnect", struct {
		Delay       int64  `json:"delay_ms"`
		LastEventID string `json:"last_event_id"`
	}{delay.Milliseconds(), p.text(lastEventID)})
}

func (p jsonPrinter) ended(e *listenEnd) error {
	if e.message != "" {
		if err := p.failed(e.Token, e.message); err != nil {
			return err
		}
	}
	shown := *e
	shown.LastEventID = p.secrets.Redact(e.LastEventID)
	return p.put("end", &shown)
}

// plainPrinter writes lines for people: the time, the type, the id and the data of an event, and what else happens behind "--".
type plainPrinter struct {
	received
	w io.Writer
}

func (p plainPrinter) line(format string, args ...any) error {
	_, err := fmt.Fprintf(p.w, format+"\n", args...)
	return err
}

func (p plainPrinter) opened(o *loadgen.Opening) error {
	return p.line("-- open: %d %s %s", o.Status, o.Protocol, p.visible([]byte(o.Header.Get("Content-Type"))))
}

const clockTime = "15:04:05.000"

func (p plainPrinter) event(ev *sse.Event, at time.Time) error {
	id := ""
	if len(ev.ID) > 0 {
		id = " #" + p.visible(ev.ID)
	}
	return p.line("%s %s%s: %s", at.Format(clockTime), p.visible(ev.Name()), id, p.visible(ev.Data))
}

func (p plainPrinter) comment(b []byte, at time.Time) error {
	return p.line("%s -- comment:%s", at.Format(clockTime), p.visible(b))
}

func (p plainPrinter) retry(millis int64) error { return p.line("-- retry: %d ms", millis) }

func (p plainPrinter) failed(token, message string) error {
	return p.line("-- %s: %s", token, p.secrets.Redact(message))
}

func (p plainPrinter) reconnect(delay time.Duration, lastEventID []byte) error {
	if len(lastEventID) == 0 {
		return p.line("-- reconnecting in %s", delay)
	}
	return p.line("-- reconnecting in %s with last event ID %s", delay, p.visible(lastEventID))
}

// ended leaves a failure's message to standard error.
func (p plainPrinter) ended(e *listenEnd) error {
	why, ok := map[string]string{
		loadgen.TokenEOF: "the server ended the stream", tokenNoContent: "the server answered 204, do not come back",
		tokenMaxEvents: "as many as asked for", tokenInterrupted: "interrupted",
	}[e.Token]
	if !ok {
		why = e.Token
	}
	events := strconv.Itoa(e.Events) + " events"
	if e.Events == 1 {
		events = "1 event"
	}
	return p.line("-- end after %s: %s", events, why)
}

// visible returns text on one line, without anything that a terminal would act on: control characters and line ends are escaped as in
// Go.
func (p plainPrinter) visible(b []byte) string {
	s := p.text(b)
	risky := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	if strings.IndexFunc(s, risky) < 0 {
		return s
	}
	var shown strings.Builder
	for _, r := range s {
		if !risky(r) {
			shown.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		shown.WriteString(quoted[1 : len(quoted)-1])
	}
	return shown.String()
}
