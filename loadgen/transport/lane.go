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

// queued counts a stream that has to wait for a place on a connection that streams share.
func (l *lane) queued() {
	l.Hold()
	l.figures.Count(results.ConnectionsQueued, 1)
	l.Release()
}

// seated records how long a stream waited; since is zero if it did not.
func (l *lane) seated(since time.Time) {
	if since.IsZero() {
		return
	}
	l.Hold()
	l.figures.Record(results.ConnectQueue, int64(time.Since(since)))
	l.Release()
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
