package main

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// The server ends each event's data with a time in nanoseconds since the Unix epoch, clockDigits long. All streams get the same bytes, as
// broadcasts have them: the time stands behind a space and is that of the broadcast's first write. But the streams whose request says
// exact get the time of their own write, behind an exclamation mark. They are a sample, for the lag.
const (
	clockDigits = 19
	sharedTime  = ' '
	ownTime     = '!'
	inObject    = ':' // see newObjects
	exact       = "?exact"
)

// dataSize is the size of an event's data: what was published, a separator, the time.
const dataSize = 100

// markSize is what of it is published.
const markSize = dataSize - 1 - clockDigits

var pid = os.Getpid()

// text is one write's worth of events.
type text struct {
	shared  []byte
	own     []byte // for streams of the sample, or all: a copy to be stamped for each of them
	clocks  []int  // offsets of the separators
	begun   []int  // the same, of objects: before the time of the broadcast
	differs bool   // every stream gets the time of its own write: objects
}

// newText lays the events out as an event stream.
func newText(events []publication) *text {
	t := new(text)
	for _, e := range events {
		t.shared = append(append(t.shared, "data: "...), e.data...)
		if missing := e.size - len(e.data) - 1 - clockDigits; missing > 1 {
			t.shared = append(append(t.shared, ' '), bytes.Repeat([]byte("x"), missing-1)...)
		}
		t.clocks = append(t.clocks, len(t.shared))
		t.shared = append(t.shared, " 0000000000000000000\n\n"...)
	}
	return t
}

// chunk frames the text as a chunk of HTTP/1.1 (RFC 9112, section 7.1).
func (t *text) chunk() {
	size := append(strconv.AppendInt(nil, int64(len(t.shared)), 16), '\r', '\n')
	t.shared = append(append(size, t.shared...), '\r', '\n')
	for _, offsets := range [][]int{t.clocks, t.begun} {
		for i := range offsets {
			offsets[i] += len(size)
		}
	}
}

// begin stamps the text of a broadcast that begins now; it is complete.
func (t *text) begin() {
	if t.differs {
		writeTime(t.shared, t.begun, inObject)
		t.own = t.shared
		return
	}
	t.own = bytes.Clone(t.shared)
	writeTime(t.shared, t.clocks, sharedTime)
}

// bytes are what a stream gets; valid until the next call.
func (t *text) bytes(own bool) []byte {
	switch {
	case t.differs:
		writeTime(t.own, t.clocks, inObject)
	case own:
		writeTime(t.own, t.clocks, ownTime)
	default:
		return t.shared
	}
	return t.own
}

// writeTime writes the present time behind all separators.
func writeTime(b []byte, clocks []int, separator byte) {
	now := time.Now().UnixNano()
	digits := [1 + clockDigits]byte{separator}
	for i := clockDigits; i > 0; i-- {
		digits[i] = byte('0' + now%10)
		now /= 10
	}
	for _, at := range clocks {
		copy(b[at:], digits[:])
	}
}

// written reads the time at the end of an event's data, in nanoseconds; zero if there is none. own: it is that of the event's own write.
func written[T string | []byte](data T) (nanos int64, own bool) {
	at := len(data) - clockDigits
	if at < 1 || data[at-1] != sharedTime && data[at-1] != ownTime {
		return 0, false
	}
	nanos = decimal(data[at:])
	return nanos, nanos > 0 && data[at-1] == ownTime
}

// decimal is the number that the digits are; zero where something else is among them.
func decimal[T string | []byte](digits T) (n int64) {
	for i := range len(digits) {
		c := digits[i]
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
