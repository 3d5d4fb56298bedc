package transport

import "time"

// wheel has the timers of a loop's streams, one for each at most: hashed by the millisecond (Varghese and Lauck, 1987, scheme 6), so
// that setting and stopping one costs the same however many there are. Times are the loop's.
type wheel struct {
	slots [wheelSlots]*looped // lists
	tick  int64               // the millisecond that was looked at last
	count int
}

const (
	wheelSlots = 4096
	wheelTick  = int64(time.Millisecond)
)

// timer is a stream's place in the wheel.
type timer struct {
	next, previous *looped
	at             int64 // stays when the timer fires
}

// set sets the stream's timer, or sets it anew. What is overdue fires at the next advance.
func (w *wheel) set(s *looped, at int64) {
	w.stop(s)
	slot := max(at/wheelTick, w.tick) % wheelSlots
	first := w.slots[slot]
	s.timer = timer{next: first, at: at}
	s.list = int16(slot) + 1
	if first != nil {
		first.timer.previous = s
	}
	w.slots[slot] = s
	w.count++
}

// stop stops the stream's timer if it is set.
func (w *wheel) stop(s *looped) {
	t := &s.timer
	if s.list == 0 {
		return
	}
	if t.next != nil {
		t.next.timer.previous = t.previous
	}
	if t.previous != nil {
		t.previous.timer.next = t.next
	} else {
		w.slots[s.list-1] = t.next
	}
	*t, s.list = timer{at: t.at}, 0
	w.count--
}

// advance stops the timers that are due, and appends their streams.
func (w *wheel) advance(now int64, due []*looped) []*looped {
	to := now / wheelTick
	if w.count == 0 {
		w.tick = to
		return due
	}
	for tick := max(w.tick, to-wheelSlots+1); tick <= to; tick++ {
		for s := w.slots[tick%wheelSlots]; s != nil; {
			next := s.timer.next
			if s.timer.at <= now {
				w.stop(s)
				due = append(due, s)
			}
			s = next
		}
	}
	w.tick = to
	return due
}

// next says how long it is until a timer may be due; negative: none is set.
func (w *wheel) next(now int64) time.Duration {
	if w.count == 0 {
		return -1
	}
	for tick := w.tick; tick < w.tick+wheelSlots; tick++ {
		first, found := int64(0), false
		for s := w.slots[tick%wheelSlots]; s != nil; s = s.timer.next {
			if s.timer.at/wheelTick <= tick && (!found || s.timer.at < first) {
				first, found = s.timer.at, true
			}
		}
		if found {
			return time.Duration(max(first-now, 0))
		}
	}
	return time.Duration(wheelSlots * wheelTick)
}
