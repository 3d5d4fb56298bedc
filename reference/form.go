package reference

import (
	"bytes"
	"encoding/json"
)

// form is the shape in which a subscriber gets events. An event is encoded once
// for each form that somebody wants.
type form uint8

const (
	formStream       form = iota // text/event-stream; over HTTP/1.1 in chunks
	formText                     // WebSocket: the data
	formJSON                     // WebSocket: the event as a JSON object
	formTextDeflated             // the same, compressed
	formJSONDeflated
	formCount
)

// formOf chooses among those of a WebSocket.
func formOf(asJSON, deflated bool) form {
	f := formText
	if asJSON {
		f = formJSON
	}
	if deflated {
		f += formTextDeflated - formText
	}
	return f
}

// frame adds to ev, which encode has filled from e, the frames of the forms
// that are wanted.
func (ev *event) frame(wanted *[formCount]int, e *Event, p *packer) {
	if ev.frames == nil {
		ev.frames = new([formCount][]byte)
	}
	for f := formText; f < formCount; f++ {
		if wanted[f] == 0 {
			continue
		}
		var text []byte
		if f == formJSON || f == formJSONDeflated {
			text = appendObject(p.object[:0], ev.id(), e)
			p.object = text
		} else {
			text = bytes.ToValidUTF8(e.Data, []byte("\ufffd"))
		}
		if f >= formTextDeflated {
			ev.frames[f] = appendFrame(ev.frames[f][:0], opText|bitCompressed, p.pack(text))
		} else {
			ev.frames[f] = appendFrame(ev.frames[f][:0], opText, text)
		}
	}
}

// wire returns the event as it goes to a socket in a form.
func (ev *event) wire(f form) []byte {
	if f == formStream {
		return ev.chunk()
	}
	return ev.frames[f]
}

// appendObject appends the event as a JSON object, as /poll has it.
func appendObject(dst, id []byte, e *Event) []byte {
	dst = appendJSON(append(dst, `{"id":`...), id)
	if e.Type != "" {
		dst = appendJSON(append(dst, `,"event":`...), []byte(e.Type))
	}
	dst = appendJSON(append(dst, `,"data":`...), e.Data)
	return append(dst, '}')
}

// appendJSON appends a JSON string.
func appendJSON(dst, s []byte) []byte {
	for _, c := range s {
		if c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(string(s)) // a string can always be encoded
			return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

// content returns what a delivery says where the frames of HTTP are others'
// affair.
func (f form) content(d *delivery) []byte {
	if f == formStream {
		return d.stream()
	}
	return f.message(d)
}

// message returns what goes to a WebSocket for a delivery: an event in the
// subscriber's form, or a frame of its own.
func (f form) message(d *delivery) []byte {
	switch {
	case d.ev != nil:
		return d.ev.wire(f)
	case d.act == actEnd && d.b == nil:
		return closingFrame
	}
	return d.b
}
