package reference

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

// What an event stream has no way to say. AppendEvent wraps them in an
// *EncodeError, so errors.Is finds them.
var (
	ErrID    = errors.New("an id may hold neither NUL, CR nor LF")
	ErrType  = errors.New("an event type may hold neither CR nor LF")
	ErrRetry = errors.New("a reconnection time may not be negative")
)

// EncodeError says which field of an event was refused, and at which byte of it.
type EncodeError struct {
	Field  string // "id", "event" or "retry"
	Offset int    // of the offending byte; 0 for retry
	Err    error  // ErrID, ErrType or ErrRetry
}

func (e *EncodeError) Error() string {
	return "encode " + e.Field + " at byte " + strconv.Itoa(e.Offset) + ": " + e.Err.Error()
}

func (e *EncodeError) Unwrap() error { return e.Err }

// Event is one event as it goes on the wire. The zero value is an event
// without any field: an empty line, which no client dispatches.
type Event struct {
	Comment string        // lines beginning with a colon, before the fields; "" none
	ID      string        // "" leaves the client's last event ID as it is
	ResetID bool          // with an empty ID: sets the client's last event ID to ""
	Type    string        // "" is "message" to the client
	Retry   time.Duration // the reconnection time, cut to whole ms; 0 says nothing, see AppendRetry
	Data    []byte        // nil: no data line, hence no dispatch; empty: dispatched with empty data
}

// AppendEvent appends e in the text/event-stream format (HTML Standard, 9.2.5
// and 9.2.6) to dst. Lines of the data end at LF, CR or CRLF; each becomes a
// data line of its own, which is the only way to say them. The order is
// comment, id, event, retry, data. On an error (*EncodeError) dst comes back
// unchanged. It allocates nothing while dst has room, and may write anything to
// the room behind what it returns.
func AppendEvent(dst []byte, e *Event) ([]byte, error) {
	n, done := putShort(dst[len(dst):cap(dst)], e)
	if done {
		return dst[:len(dst)+n], nil
	}
	if n > 0 {
		return append(appendData(dst[:len(dst)+n], e.Data), '\n'), nil
	}
	return appendLong(dst, e)
}

// appendLong is AppendEvent for every event.
func appendLong(dst []byte, e *Event) ([]byte, error) {
	start := len(dst)
	if e.Comment != "" {
		dst = AppendComment(dst, e.Comment)
	}
	if e.ID != "" {
		if i := badID(e.ID); i >= 0 {
			return dst[:start], &EncodeError{Field: "id", Offset: i, Err: ErrID}
		}
		dst = append(dst, idName...)
		dst = append(dst, e.ID...)
		dst = append(dst, '\n')
	} else if e.ResetID {
		dst = append(dst, "id\n"...)
	}
	if e.Type != "" {
		if i := lineEnd(e.Type); i >= 0 {
			return dst[:start], &EncodeError{Field: "event", Offset: i, Err: ErrType}
		}
		dst = append(dst, eventName...)
		dst = append(dst, e.Type...)
		dst = append(dst, '\n')
	}
	if e.Retry != 0 {
		var err error
		if dst, err = AppendRetry(dst, e.Retry); err != nil {
			return dst[:start], err
		}
	}
	if e.Data != nil {
		dst = appendData(dst, e.Data)
	}
	return append(dst, '\n'), nil
}

// AppendRetry appends a retry line; d is cut to whole milliseconds and may be
// 0, which asks clients to come back at once. The line takes effect when the
// client reads it; it needs no empty line after it.
func AppendRetry(dst []byte, d time.Duration) ([]byte, error) {
	if d < 0 {
		return dst, &EncodeError{Field: "retry", Err: ErrRetry}
	}
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, d.Milliseconds(), 10)
	return append(dst, '\n'), nil
}

// AppendComment appends text as comment lines, one for each of its lines.
func AppendComment(dst []byte, text string) []byte {
	for {
		line, rest := text, ""
		i := lineEnd(text)
		if i >= 0 {
			line, rest = text[:i], text[i+1:]
			if text[i] == '\r' && rest != "" && rest[0] == '\n' {
				rest = rest[1:]
			}
		}
		if line == "" {
			dst = append(dst, ":\n"...)
		} else {
			dst = append(dst, ": "...)
			dst = append(dst, line...)
			dst = append(dst, '\n')
		}
		if i < 0 {
			return dst
		}
		text = rest
	}
}

// appendData splits at LF alone when the data holds no CR, which one vector
// scan of the whole tells: the second scan for each line would cost as much as
// the first.
func appendData(dst, data []byte) []byte {
	if bytes.IndexByte(data, '\r') >= 0 {
		return appendDataCR(dst, data)
	}
	dst = append(dst, dataName...)
	for {
		wrote, read := putLines(dst[len(dst):cap(dst)], data)
		dst, data = dst[:len(dst)+wrote], data[read:]
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			dst = append(dst, data...)
			return append(dst, '\n')
		}
		dst = append(dst, data[:i+1]...)
		dst = append(dst, dataName...)
		data = data[i+1:]
	}
}

// appendDataCR is appendData for data with a CR somewhere. Both next line ends
// are remembered, so that no byte is scanned twice for the same one.
func appendDataCR(dst, data []byte) []byte {
	lf, cr := -1, -1 // next LF and CR at or after from; len(data) for none
	for from := 0; ; {
		if lf < from {
			lf = indexFrom(data, from, '\n')
		}
		if cr < from {
			cr = indexFrom(data, from, '\r')
		}
		end := min(lf, cr)
		dst = append(dst, "data: "...)
		dst = append(dst, data[from:end]...)
		dst = append(dst, '\n')
		if end == len(data) {
			return dst
		}
		from = end + 1
		if end == cr && from < len(data) && data[from] == '\n' { // CRLF is one line end
			from++
		}
	}
}

func indexFrom(data []byte, from int, c byte) int {
	if i := bytes.IndexByte(data[from:], c); i >= 0 {
		return from + i
	}
	return len(data)
}

// badID returns the offset of the first byte that no id can hold, or -1.
func badID(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= '\r' && (c == 0 || c == '\n' || c == '\r') {
			return i
		}
	}
	return -1
}

// lineEnd returns the offset of the first CR or LF in s, or -1. Types are too
// short for a vector scan to pay.
func lineEnd(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= '\r' && (c == '\n' || c == '\r') {
			return i
		}
	}
	return -1
}
