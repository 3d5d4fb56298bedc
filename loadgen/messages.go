package loadgen

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

// messages is a subscription as the stream of a WebSocket sees it: each message is an event. There is no last event ID, and so no replay:
// what is missed while there is no stream stays lost.
type messages subscription

// Opened implements StreamHandler. The transport has judged the opening handshake.
func (m *messages) Opened(o Opening) error {
	if o.Status != http.StatusSwitchingProtocols {
		return &Failure{fmt.Sprintf("status_%d", o.Status), fmt.Sprintf("%s answered %d; a WebSocket needs 101", ShowURL(o.URL), o.Status)}
	}
	m.client.opened(&o)
	return nil
}

// Bytes implements StreamHandler.
func (m *messages) Bytes(b []byte, at time.Time) error {
	s := (*subscription)(m)
	s.Read(b, at)
	ev := sse.Event{Data: b}
	if x := s.run.envelope; x != nil {
		ev = s.lane.shard.opened.event(x, b)
	}
	s.Event(&ev)
	return nil
}

// Ended implements StreamHandler.
func (m *messages) Ended(e Ending) time.Time { return m.client.Ended(e) }

// Resume implements StreamHandler.
func (m *messages) Resume(*Resumption) {}

// envelope finds an event in a message that is JSON.
type envelope struct {
	data *extractor // nil: the message itself is the data
	kind *extractor // nil: events have no type
}

func newEnvelope(w *scenarios.WebSocket) *envelope {
	if w == nil || w.Data == "" && w.Type == "" {
		return nil
	}
	x := new(envelope)
	if w.Data != "" {
		x.data = &extractor{pointer: pointerTokens(w.Data)}
	}
	if w.Type != "" {
		x.kind = &extractor{pointer: pointerTokens(w.Type)}
	}
	return x
}

// openedMessage is the message that was opened last, and what was in it: a broadcast brings the same one to thousands of streams in a row.
type openedMessage struct {
	message    []byte
	data, kind []byte
}

// event gives the event in a message, valid until the next call. Where the pointer leads nowhere its data is empty, and so it has no mark.
func (o *openedMessage) event(x *envelope, message []byte) sse.Event {
	if len(message) == 0 || !bytes.Equal(o.message, message) {
		o.message = append(o.message[:0], message...)
		o.data, o.kind = o.message, nil
		if x.data != nil {
			text, _ := x.data.text(message)
			o.data = []byte(text)
		}
		if x.kind != nil {
			text, _ := x.kind.text(message)
			o.kind = []byte(text)
		}
	}
	return sse.Event{Data: o.data, Type: o.kind}
}
