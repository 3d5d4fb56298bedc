package sse

import "math"

// DefaultLimit is the limit on an event's size in bytes that a Parser with Limit 0 applies: 16 MiB.
const DefaultLimit = 16 << 20

// TooLongToken is the stable token of [ErrTooLong], for counters and documents.
const TooLongToken = "event_too_long"

// ErrTooLong is what [Parser.Feed] returns when an event outgrows the parser's Limit. Its text starts with [TooLongToken].
var ErrTooLong error = tooLong{}

type tooLong struct{}

func (tooLong) Error() string {
	return TooLongToken + ": a line or an event is longer than the limit; raise it, or send smaller events"
}

// Token lets a caller that counts failures by token find it without knowing this package's errors.
func (tooLong) Token() string { return TooLongToken }

// An Event is what the standard hands to a page's listeners. Its slices are valid until the handler returns: they point
// into the bytes being fed or into a buffer that the next event will use again.
//
// Bytes come through as they were sent, valid UTF-8 or not; [AppendValidUTF8] turns them into what a browser shows.
type Event struct {
	// Type is the event type buffer. Empty means "message", which [Event.Name] spells out.
	Type []byte
	// Data is the data buffer: the values of the data fields, joined by LF. It may be empty (a lone "data" line).
	Data []byte
	// ID is the last event ID string in force: this event's id or that of an earlier one.
	ID []byte
}

var message = []byte("message")

// Name returns the type that listeners are called for: Type, or "message" where that is empty (WHATWG HTML 9.2.6, "dispatch
// the event").
func (e *Event) Name() []byte {
	if len(e.Type) == 0 {
		return message
	}
	return e.Type
}

// A Handler receives what a [Parser] understands, in the order of the stream, from inside Feed and in its goroutine. It
// must not call Feed or End, and must copy what it keeps.
type Handler interface {
	// Event is called at the blank line that ends an event with data.
	Event(ev *Event)
	// Comment is called at the end of a line that starts with a colon, with all that follows the colon, leading space
	// included. The standard ignores such lines; they are how servers keep a connection alive.
	Comment(text []byte)
	// Retry is called at the end of a valid retry line, before the event around it ends, with the new reconnection time
	// in milliseconds. A number beyond int64 arrives as [math.MaxInt64].
	Retry(millis int64)
}

// A Parser reads event streams, one after the other, by the rules of WHATWG HTML sections 9.2.5 and 9.2.6. The zero value
// is ready; it must not be copied once it was fed. It holds no buffer between events, only a last event ID once there is
// one. Its methods are called from one goroutine at a time, the one that owns the stream.
type Parser struct {
	// Limit bounds an event's size in bytes: the data so far with the LF between its lines, plus event type and id set
	// within this event, plus the line being read (name and colon included, its end not). Lines of any kind count, also
	// comments, but are forgotten when they end. Zero means [DefaultLimit]. It may change between streams.
	Limit int64

	block  *block // the unfinished event or line, nil between events
	id     idString
	bom    uint8 // bytes of a leading byte order mark matched so far, bomDone after it or without one
	skipLF bool  // the last byte fed was a CR, so a LF now belongs to that line end
	failed bool  // ErrTooLong was returned; nothing counts until End
}

const bomDone = 3

const bom = "\xEF\xBB\xBF"

// LastEventID returns the last event ID string, what a reconnecting client sends as Last-Event-ID when it is not empty
// (WHATWG HTML 9.2.3). An id line changes it only at the blank line that follows. The slice is valid until the next Feed.
func (p *Parser) LastEventID() []byte { return p.id.bytes() }

// SetLastEventID replaces the last event ID string by a copy of id, before a stream starts.
func (p *Parser) SetLastEventID(id []byte) { p.id.set(id) }

// Buffered returns how many bytes of memory the unfinished event or line takes; 0 between events.
func (p *Parser) Buffered() int {
	if p.block == nil {
		return 0
	}
	return cap(p.block.buf) + cap(p.block.typeMemory) + cap(p.block.idMemory)
}

// End says that the stream ended. What is left of an unterminated event is dropped; discarded reports whether the
// unfinished event had a data, event or id field in force, or ended inside a line that was or could have become a field
// (eof_mid_event). After an [ErrTooLong] discarded is true. The parser is then ready for the next stream and keeps
// the last event ID string, from which the next stream's id buffer starts, as in browsers.
func (p *Parser) End() (discarded bool) {
	discarded = p.failed
	if k := p.block; k != nil {
		discarded = k.hasData || k.hasID || len(k.typ) > 0 || couldBeField(k.line())
		p.block = nil
		k.release()
	}
	p.bom, p.skipLF, p.failed = 0, false, false
	return discarded
}

// Feed parses b, the next bytes of the stream, and calls h for what they complete; where they were split does not matter.
// It neither keeps nor changes b. It returns [ErrTooLong] once the event exceeds Limit, and from then on until End.
func (p *Parser) Feed(b []byte, h Handler) error {
	if p.failed {
		return ErrTooLong
	}
	if p.bom != bomDone {
		b = p.matchBOM(b)
	}
	if len(b) == 0 {
		return nil
	}
	limit := p.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	k := p.block
	if k == nil {
		k = newBlock(smallest)
	}
	err := p.feed(k, b, h, int(min(limit, math.MaxInt/2)))
	if err == nil && k.pending() {
		k.fit()
		p.block = k
		return nil
	}
	p.block = nil
	k.release()
	p.failed = err != nil
	return err
}

// matchBOM consumes a byte order mark, whole or in parts, at the stream's start (9.2.5: "UTF-8 decode" strips one). What
// looked like one and is not becomes the start of the first line.
func (p *Parser) matchBOM(b []byte) []byte {
	for len(b) > 0 {
		if b[0] != bom[p.bom] {
			if p.bom > 0 {
				p.block = newBlock(smallest)
				p.block.buf = append(p.block.buf, bom[:p.bom]...)
			}
			p.bom = bomDone
			break
		}
		b = b[1:]
		if p.bom++; p.bom == bomDone {
			break
		}
	}
	return b
}

// feed is Feed past the oddities of a stream's start.
func (p *Parser) feed(k *block, b []byte, h Handler, limit int) error {
	if len(k.line()) > 0 {
		end := lineEnd(b)
		if end > limit-k.size() {
			return ErrTooLong
		}
		k.extend(b[:min(end+1, len(b))], limit)
		if end == len(b) {
			return nil
		}
		b = b[end+1:]
		line := k.line()
		k.dropLine()
		if _, err := p.lines(k, line, h, limit); err != nil {
			return err
		}
		k.own(limit) // before the next line is written where this one was
	}
	rest, err := p.lines(k, b, h, limit)
	if err != nil {
		return err
	}
	if len(rest) > limit-k.size() {
		return ErrTooLong
	}
	k.own(limit)
	k.extend(rest, limit)
	return nil
}
