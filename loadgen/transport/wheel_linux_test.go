package transport

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Whatever is set, set anew and stopped, each timer fires once, not before its time and at the first advance after it.
func TestWheelFiresEachTimerOnce(t *testing.T) {
	const streams, steps = 300, 20_000
	random := rand.New(rand.NewPCG(1, 2))
	var w wheel
	all := make([]looped, streams)
	due := make(map[*looped]int64)
	now := int64(0)
	for range steps {
		s := &all[random.IntN(streams)]
		switch random.IntN(4) {
		case 0, 1:
			// Up to three rounds ahead, or overdue.
			at := now + random.Int64N(3*wheelSlots*wheelTick) - wheelTick*2
			w.set(s, at)
			due[s] = at
		case 2:
			w.stop(s)
			delete(due, s)
		default:
			if next := w.next(now); len(due) > 0 && (next < 0 || int64(next) > max(earliest(due)-now, wheelSlots*wheelTick)) {
				t.Fatalf("next is in %v, a timer is due in %v", next, time.Duration(earliest(due)-now))
			}
			now += random.Int64N(random.Int64N(int64(time.Second)) + 1)
			for _, s := range w.advance(now, nil) {
				at, set := due[s]
				if !set || at > now || s.timer.at != at {
					t.Fatalf("fired %d at %d: set %v, for %d", s.timer.at, now, set, at)
				}
				delete(due, s)
			}
			if len(due) > 0 && earliest(due) <= now {
				t.Fatalf("a timer for %d did not fire at %d", earliest(due), now)
			}
			if w.count != len(due) {
				t.Fatalf("%d timers, want %d", w.count, len(due))
			}
		}
	}
}

func earliest(due map[*looped]int64) int64 {
	var all []int64
	for _, at := range due {
		all = append(all, at)
	}
	return slices.Min(all)
}
