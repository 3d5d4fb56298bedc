package sse

import (
	"bytes"
	"math"
)

// lineEnds finds the line ends in b: LF, CR, and the CR of a CRLF (9.2.5, "end-of-line"). It remembers how far it looked
// for either byte, so that each byte is searched once for either, whichever of them the stream uses.
type lineEnds struct {
	b    []byte
	lf   int  // where the next LF is, or len(b); to be searched anew once the position is past it
	cr   int  // no CR lies between the position and here
	atCR bool // but here is one
}

// ahead is how far the search for a CR runs past the next LF: far enough to be cheap for short lines, and within the
// processor's nearest cache.
const ahead = 4 << 10

// next returns the position of the first line end at or after pos, or len(b).
func (e *lineEnds) next(pos int) int {
	b := e.b
	if b[pos] == '\n' {
		return pos
	}
	if e.lf <= pos {
		if e.lf = len(b); pos < len(b) {
			if i := bytes.IndexByte(b[pos:], '\n'); i >= 0 {
				e.lf = pos + i
			}
		}
	}
	if e.cr < pos {
		e.cr, e.atCR = pos, false
	}
	if e.cr < e.lf && !e.atCR {
		to := min(max(e.lf, e.cr+ahead), len(b))
		if i := bytes.IndexByte(b[e.cr:to], '\r'); i >= 0 {
			e.cr, e.atCR = e.cr+i, true
		} else {
			e.cr = to
		}
	}
	if e.atCR && e.cr < e.lf {
		return e.cr
	}
	return e.lf
}

// A field is the kind of a line.
type field int

const (
	fieldUnknown field = iota // ignored by the standard
	fieldComment
	fieldData
	fieldEvent
	fieldID
	fieldRetry
)

var fieldNames = [...]string{fieldData: "data", fieldEvent: "event", fieldID: "id", fieldRetry: "retry"}

// split takes a line that is not empty apart (9.2.6, the steps for each line): the name ends at the first colon or the
// line's end, one space after the colon does not count. A comment's value is all that follows its colon.
func split(line []byte) (field, []byte) {
	var f field
	switch line[0] {
	case 'd':
		f = fieldData
	case 'e':
		f = fieldEvent
	case 'i':
		f = fieldID
	case 'r':
		f = fieldRetry
	case ':':
		return fieldComment, line[1:]
	default:
		return fieldUnknown, nil
	}
	name := fieldNames[f]
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return fieldUnknown, nil
	}
	value := line[len(name):]
	if len(value) > 0 {
		if value[0] != ':' {
			return fieldUnknown, nil
		}
		if value = value[1:]; len(value) > 0 && value[0] == ' ' {
			value = value[1:]
		}
	}
	return f, value
}

// couldBeField reports whether a line that the stream's end cut short was a field, or the start of a field's name.
func couldBeField(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if f, _ := split(line); f != fieldUnknown {
		return f != fieldComment
	}
	for _, name := range fieldNames {
		if len(line) < len(name) && string(line) == name[:len(line)] {
			return true
		}
	}
	return false
}

// parseMillis reads a retry field's value: ASCII digits, at least one, and nothing else (9.2.6). What int64 cannot hold
// becomes its maximum.
func parseMillis(value []byte) (millis int64, ok bool) {
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		if digit := int64(c - '0'); millis > (math.MaxInt64-digit)/10 {
			millis = math.MaxInt64
		} else {
			millis = millis*10 + digit
		}
	}
	return millis, len(value) > 0
}
