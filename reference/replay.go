package reference

import (
	"bytes"
	"strconv"
)

// replayRing keeps the last events of a topic, in the order of their seq.
type replayRing struct {
	events  []*event // a circle once it is full
	oldest  int      // index in events
	evicted uint64   // seq of the last event that fell out
}

// keep takes over the caller's reference to ev.
func (r *replayRing) keep(ev *event, size int) {
	switch {
	case size <= 0:
		r.evicted = ev.seq
		ev.release()
	case len(r.events) < size:
		r.events = append(r.events, ev)
	default:
		old := r.events[r.oldest]
		r.evicted = old.seq
		r.events[r.oldest] = ev
		if r.oldest++; r.oldest == size {
			r.oldest = 0
		}
		old.release()
	}
}

func (r *replayRing) clear(seq uint64) {
	for _, ev := range r.events {
		ev.release()
	}
	r.events, r.oldest, r.evicted = nil, 0, seq
}

// last is the seq of the newest event that is kept, or that fell out.
func (r *replayRing) last() uint64 {
	if n := len(r.events); n > 0 {
		return r.at(n - 1).seq
	}
	return r.evicted
}

// at returns the i-th event, oldest first.
func (r *replayRing) at(i int) *event { return r.events[(r.oldest+i)%len(r.events)] }

// find returns the seq that lastID stands for in these topics. known is false
// where events after it may be gone: they left the ring, or the id was never
// ours. first and last bound the numbers of this server's life.
func find(topics []*topic, lastID string, first, last uint64) (after uint64, known bool) {
	for _, t := range topics {
		for _, ev := range t.ring.events {
			if bytes.Equal(ev.id(), []byte(lastID)) && ev.seq > after {
				after, known = ev.seq, true
			}
		}
	}
	if !known {
		n, err := strconv.ParseUint(lastID, 10, 64)
		if err != nil || n < first || n > last {
			return 0, false
		}
		after = n
	}
	for _, t := range topics {
		if after < t.ring.evicted {
			return after, false
		}
	}
	return after, true
}

// since yields the events of the topics' rings with a seq above after, in
// their order.
func since(topics []*topic, after uint64) func(func(*event) bool) {
	return func(yield func(*event) bool) {
		next := make([]int, len(topics))
		for {
			var best *event
			var from int
			for i, t := range topics {
				for next[i] < len(t.ring.events) && t.ring.at(next[i]).seq <= after {
					next[i]++
				}
				if next[i] < len(t.ring.events) {
					if ev := t.ring.at(next[i]); best == nil || ev.seq < best.seq {
						best, from = ev, i
					}
				}
			}
			if best == nil {
				return
			}
			next[from]++
			if !yield(best) {
				return
			}
		}
	}
}

// gapEvent tells a client that events after its last event ID are gone. It has
// no id: the client keeps its own until the next event.
func gapEvent(lastID string) []byte {
	data := append([]byte(`{"lastEventId":`), quoteJSON(lastID)...)
	b, _ := AppendEvent(nil, &Event{Type: "gap", Data: append(data, '}')})
	return b
}
