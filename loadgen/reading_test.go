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
	const remembered, read, either = 0, 1, 2 // whatever shares a place by its hash pushes the other out
	want := func(what string, data []byte, seq uint64, intact bool, how int) {
		t.Helper()
		before := reads
		says := all.of(r, data)
		if len(says.marks) != 1 || !says.valid {
			t.Fatalf("%s: %+v", what, says)
		}
		if m := says.marks[0]; m.Seq != seq || m.due != 5 || m.sent != 9 || m.intact != intact {
			t.Errorf("%s: %+v, want sequence %d, intact %v", what, m, seq, intact)
		}
		if how != either && reads-before != how {
			t.Errorf("%s: read %d times, want %d", what, reads-before, how)
		}
	}
	one, two := mark(0, 1, 100), mark(1, 2, 100)
	damaged := append([]byte(nil), one...)
	damaged[99] ^= 1
	want("the first", one, 1, true, read)
	want("the same", append([]byte(nil), one...), 1, true, remembered)
	want("another topic", two, 2, true, read)
	want("the same", two, 2, true, remembered)
	want("the first again", one, 1, true, either)
	want("a byte of the filler changed", damaged, 1, false, read)
	want("intact again", one, 1, true, either)
	long := mark(0, 3, longestRemembered+1)
	want("too long to be remembered", long, 3, true, read)
	want("the same", long, 3, true, read)
	want("what was before it", one, 1, true, either)
	// The events of a read that comes to many streams: whatever has a place of its own is read once, the others in every round.
	ten, sharing := make([][]byte, 10), map[uint64]int{}
	for i := range ten {
		ten[i] = mark(0, 10+uint64(i), 100)
		sharing[all.place(ten[i])]++
	}
	before, expected := reads, 0
	for _, data := range ten {
		if sharing[all.place(data)] == 1 {
			expected++
		} else {
			expected += 100
		}
	}
	for range 100 {
		for i, data := range ten {
			want("one of ten", data, 10+uint64(i), true, either)
		}
	}
	if n := reads - before; n != expected {
		t.Errorf("ten events were read %d times in 100 rounds, want %d with the places %v", n, expected, sharing)
	}
	if says := all.of(r, []byte("x\xff")); says.valid || len(says.marks) != 0 {
		t.Errorf("no mark and no UTF-8: %+v", says)
	}
	if says := all.of(r, nil); !says.valid || len(says.marks) != 0 {
		t.Errorf("nothing: %+v", says)
	}
	if says := all.of(r, append(append([]byte(nil), one...), two...)); len(says.marks) != 2 {
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
