package loadgen

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"

	"ssebench/loadgen/stamp"
)

// reading is what the data of an event says, whoever receives it. Instants are nanoseconds since the run's start.
type reading struct {
	data  []byte // what was read; empty: nothing to compare with
	valid bool   // UTF-8

	marks []markRead // with a publisher that marks its events

	seq    uint64 // where the data has a sequence of the scenario's own
	hasSeq bool
	sent   int64 // when the server wrote the data, where it says so
	isSent bool
	digits int // decimal digits of a second that it has
}

// markRead is a mark of any run.
type markRead struct {
	stamp.Mark
	due, sent int64
	intact    bool // its filler too
}

// readings remember what was read last. A broadcast brings the same bytes to thousands of streams in a row: comparing them is far
// cheaper than reading the mark again, and as exact. The data's hash chooses the place, so that the events of one read, or of several
// topics, do not push each other out.
type readings [64]reading

// longestRemembered bounds the data that is kept for comparison, in bytes, in each place of a lane.
const longestRemembered = 4 << 10

var readingSeed = maphash.MakeSeed()

// of gives what the data says, valid until the next call.
func (all *readings) of(r *run, data []byte) *reading {
	says := &all[all.place(data)]
	if len(says.data) > 0 && bytes.Equal(says.data, data) {
		return says
	}
	*says = reading{data: says.data[:0], marks: says.marks[:0], valid: utf8.Valid(data)}
	if len(data) <= longestRemembered {
		says.data = append(says.data, data...)
	}
	r.read(data, says)
	return says
}

func (all *readings) place(data []byte) uint64 {
	return maphash.Bytes(readingSeed, data) % uint64(len(all))
}

// readMarks finds every mark.
func (r *run) readMarks(data []byte, says *reading) {
	for {
		m, intact, rest, ok := stamp.Next(data)
		if !ok {
			return
		}
		data = rest
		says.marks = append(says.marks, markRead{m, r.timeline.fromUnix(m.Due), r.timeline.fromUnix(m.Sent), intact})
	}
}

// readSequence finds the sequence where the payload has no room for a mark.
func (r *run) readSequence(data []byte, says *reading) {
	says.seq, says.hasSeq = r.sequence.number(data)
}

// readEmission finds what a server that emits by itself wrote of time and sequence.
func (r *run) readEmission(data []byte, says *reading) {
	if r.sentAt != nil {
		unix, digits, ok := r.sentAt(data)
		says.sent, says.digits, says.isSent = r.timeline.fromUnix(unix), digits, ok
	}
	if r.sequence != nil {
		r.readSequence(data, says)
	}
}
