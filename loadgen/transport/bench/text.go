package main

import (
	"os"
	"strconv"
	"time"
)

// clockDigits is the width of a time of writing: nanoseconds since the Unix epoch.
const clockDigits = 19

// dataSize is the size of an event's data: what was published, a space, the time of writing.
const dataSize = 100

// markSize is what of it is published.
const markSize = dataSize - 1 - clockDigits

var pid = os.Getpid()

// text is one write's worth of events.
type text struct {
	bytes  []byte
	clocks []int // offsets of the times of writing
}

// newText lays the events out as an event stream.
func newText(events []publication) *text {
	t := new(text)
	for _, e := range events {
		t.bytes = append(append(t.bytes, "data: "...), e.data...)
		if missing := e.size - len(e.data) - 1 - clockDigits; missing > 1 {
			t.bytes = append(t.bytes, ' ')
			for range missing - 1 {
				t.bytes = append(t.bytes, 'x')
			}
		}
		t.bytes = append(t.bytes, ' ')
		t.clocks = append(t.clocks, len(t.bytes))
		t.bytes = append(t.bytes, "0000000000000000000\n\n"...)
	}
	return t
}

// chunk frames the text as a chunk of HTTP/1.1 (RFC 9112, section 7.1).
func (t *text) chunk() {
	size := append(strconv.AppendInt(nil, int64(len(t.bytes)), 16), '\r', '\n')
	t.bytes = append(append(size, t.bytes...), '\r', '\n')
	for i := range t.clocks {
		t.clocks[i] += len(size)
	}
}

// stamp writes the present time into all events of b, which is the text or a copy of it.
func (t *text) stamp(b []byte) {
	now := time.Now().UnixNano()
	var digits [clockDigits]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + now%10)
		now /= 10
	}
	for _, at := range t.clocks {
		copy(b[at:], digits[:])
	}
}

// written reads the time of writing at the end of an event's data, in nanoseconds; zero if there is none.
func written[T string | []byte](data T) (nanos int64) {
	if len(data) < clockDigits {
		return 0
	}
	for i := len(data) - clockDigits; i < len(data); i++ {
		c := data[i]
		if c < '0' || c > '9' {
			return 0
		}
		nanos = nanos*10 + int64(c-'0')
	}
	return nanos
}
