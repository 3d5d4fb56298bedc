package loadgen

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"ssebench/loadgen/internal/jsonpointer"
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
	data *jsonpointer.Pointer // nil: the message itself is the data
	kind *jsonpointer.Pointer // nil: events have no type
}

func newEnvelope(w *scenarios.WebSocket) *envelope {
	if w == nil || w.Data == "" && w.Type == "" {
		return nil
	}
	x := new(envelope)
	if w.Data != "" {
		x.data = jsonpointer.Parse(w.Data)
	}
	if w.Type != "" {
		x.kind = jsonpointer.Parse(w.Type)
	}
	return x
}

// openedMessage is the message that was opened last, and what was in it: a broadcast brings the same one to thousands of streams in a row.
type openedMessage struct {
	message    []byte
	texts      []byte // what had to be decoded
	data, kind []byte
}

// event gives the event in a message, valid until the next call. Where the pointer leads nowhere its data is empty, and so it has no mark.
func (o *openedMessage) event(x *envelope, message []byte) sse.Event {
	if len(message) == 0 || !bytes.Equal(o.message, message) {
		o.message = append(o.message[:0], message...)
		o.data, o.kind, o.texts = o.message, nil, o.texts[:0]
		if x.data != nil {
			o.data, o.texts, _ = x.data.Text(o.message, o.texts)
		}
		if x.kind != nil {
			o.kind, o.texts, _ = x.kind.Text(o.message, o.texts)
		}
	}
	return sse.Event{Data: o.data, Type: o.kind}
}
