package loadgen

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/loadgen/stamp"
)

func TestWhatDataSaysIsReadOnce(t *testing.T) {
	r := &run{timeline: newTimeline()}
	reads := 0
	r.read = func(data []byte, says *reading) { reads++; r.readMarks(data, says) }
	mark := func(topic uint32, seq uint64, size int) []byte {
		return stamp.Append(nil, &stamp.Mark{Run: 7, Topic: topic, Seq: seq, Due: r.timeline.unix(5), Sent: r.timeline.unix(9)}, size)
	}
	var all readings
	want := func(what string, data []byte, topic uint32, seq uint64, intact bool, total int) {
		t.Helper()
		says := all.of(r, topic, data)
		if len(says.marks) != 1 || !says.valid {
			t.Fatalf("%s: %+v", what, says)
		}
		if m := says.marks[0]; m.Seq != seq || m.due != 5 || m.sent != 9 || m.intact != intact || reads != total {
			t.Errorf("%s: %+v after %d readings, want sequence %d, intact %v after %d", what, m, reads, seq, intact, total)
		}
	}
	one, two := mark(0, 1, 100), mark(1, 2, 100)
	damaged := append([]byte(nil), one...)
	damaged[99] ^= 1
	want("the first", one, 0, 1, true, 1)
	want("the same", append([]byte(nil), one...), 0, 1, true, 1)
	want("another topic", two, 1, 2, true, 2)
	want("the same still", one, 0, 1, true, 2)
	want("a byte of the filler changed", damaged, 0, 1, false, 3)
	want("intact again", one, 0, 1, true, 4)
	long := mark(0, 3, longestRemembered+1)
	want("too long to be remembered", long, 0, 3, true, 5)
	want("the same", long, 0, 3, true, 6)
	want("what was before it", one, 0, 1, true, 7)
	if says := all.of(r, 0, []byte("x\xff")); says.valid || len(says.marks) != 0 {
		t.Errorf("no mark and no UTF-8: %+v", says)
	}
	if says := all.of(r, 0, nil); !says.valid || len(says.marks) != 0 {
		t.Errorf("nothing: %+v", says)
	}
	if says := all.of(r, 0, append(append([]byte(nil), one...), two...)); len(says.marks) != 2 {
		t.Errorf("two marks in one event: %+v", says)
	}
}

func TestReadsOfSeveralEventsAreCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			// Each stream has an instant of its own; the first ten get three events in a read, of which two are foreign.
			delay := time.Millisecond + time.Duration(s.client)*time.Microsecond
			if s.client < 10 {
				return strings.Repeat("data: x\n\n", 2) + frame(ev), delay
			}
			return frame(ev), delay
		}
		d := runMemory(t, m, steady)
		wantCounters(t, d, map[string]float64{"reads.coalesced": 500, "events.received": 3000, "deliveries.received": 2000})
	})
}
