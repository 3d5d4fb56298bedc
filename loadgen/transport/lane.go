package transport

import (
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// laneBufferSize is that of the buffer that the streams of a lane read into, in bytes.
const laneBufferSize = 64 << 10

// lane is what this package keeps with a loadgen.Lane.
type lane struct {
	*loadgen.Lane
	t         *Transport
	figures   figures
	buffer    []byte    // only for the holder of the lane
	deflation deflation // of its WebSockets; likewise
}

// figures takes what is measured here. It is the loadgen.Lane itself but in tests.
type figures interface {
	Count(id results.ID, n int64)
	CountBy(id results.ID, token string, n int64)
	Record(id results.ID, nanos int64)
}

func newLane(t *Transport, l *loadgen.Lane) *lane {
	return &lane{Lane: l, t: t, figures: l, buffer: make([]byte, laneBufferSize)}
}

// woke records how late a stream's goroutine started on an opening.
func (l *lane) woke(due, now time.Time) {
	l.Hold()
	l.figures.Record(results.GeneratorScheduleLag, int64(now.Sub(due)))
	l.Release()
}

// asked counts a request that was written, with so many bytes that a subscriber published. The lane must be held.
func (l *lane) asked(published int) {
	l.figures.Count(results.RequestsCount, 1)
	if published > 0 {
		l.figures.Count(results.BodySent, int64(published))
	}
}

// failedOver counts an address that failed, after which the next of its name is tried. The lane must be held.
func (l *lane) failedOver(err error) {
	l.figures.CountBy(results.ConnectFailovers, failureOf(err).Token, 1)
}

// traffic is what went over TCP, in bytes: all of it, of that what TLS adds, and what is left of what was received as content.
type traffic struct {
	received, sent       int64
	tlsReceived, tlsSent int64
	body                 int64
}

// count counts traffic and starts anew. The lane must be held.
func (l *lane) count(t *traffic) {
	for _, c := range [...]struct {
		id results.ID
		n  int64
	}{
		{results.BytesReceived, t.received},
		{results.BytesSent, t.sent},
		{results.TLSReceived, t.tlsReceived},
		{results.TLSSent, t.tlsSent},
		{results.BodyReceived, t.body},
	} {
		if c.n != 0 {
			l.figures.Count(c.id, c.n)
		}
	}
	*t = traffic{}
}
