package reference

import (
	"sync"
	"time"
)

// delivery is one thing to write to a subscriber: a shared event, or bytes of
// its own in event stream format.
type delivery struct {
	ev  *event
	b   []byte
	due time.Time // zero: at once
}

func (d *delivery) stream() []byte {
	if d.ev != nil {
		return d.ev.stream()
	}
	return d.b
}

// subscriber is one open event stream. The hub pushes, one writer takes.
type subscriber struct {
	slots   []slot // owned by the hub, under its lock
	faults  *faultBox
	backlog int
	policy  SlowPolicy
	counts  *counts

	mu      sync.Mutex
	queue   []delivery
	disturb disturber
	gone    bool          // by policy or by the server's end: the writer leaves when the queue is empty
	last    []byte        // written after the queue when gone
	wake    chan struct{} // of room 1
}

// live takes a freshly published event, through the faults in force.
func (s *subscriber) live(ev *event) {
	f := s.faults.load()
	s.mu.Lock()
	if f == nil && !s.disturb.busy() {
		s.disturb.meant++
		s.add(delivery{ev: ev})
	} else {
		for _, d := range s.disturb.step(f, ev, time.Now()) {
			s.add(d)
		}
	}
	s.mu.Unlock()
	s.signal()
}

// push takes a delivery that no fault touches: replays, notices.
func (s *subscriber) push(d delivery) {
	s.mu.Lock()
	s.queue = append(s.queue, d)
	s.mu.Unlock()
	s.signal()
}

func (s *subscriber) add(d delivery) {
	if s.gone {
		return
	}
	if len(s.queue) >= s.backlog && d.due.IsZero() {
		switch s.policy {
		case Disconnect:
			s.queue, s.gone = nil, true
			s.counts.disconnected.Add(1)
			return
		default:
			s.queue = append(s.queue[:0], s.queue[1:]...)
			s.counts.dropped.Add(1)
		}
	}
	s.queue = append(s.queue, d)
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end asks the writer to leave after what is queued and then last.
func (s *subscriber) end(last []byte) {
	s.mu.Lock()
	s.gone = true
	s.last = last
	s.mu.Unlock()
	s.signal()
}

// take moves what is due at now into batch, and says how long until more is
// due (0: nothing is waiting) and whether the stream is over.
func (s *subscriber) take(batch []delivery, now time.Time) (_ []delivery, wait time.Duration, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.disturb.overdue(now); ok {
		s.queue = append(s.queue, d)
	}
	n := 0
	for n < len(s.queue) && (s.gone || !s.queue[n].due.After(now)) {
		n++
	}
	batch = append(batch, s.queue[:n]...)
	s.queue = append(s.queue[:0], s.queue[n:]...)
	clear(s.queue[len(s.queue) : len(s.queue)+n])
	if len(s.queue) > 0 {
		wait = max(s.queue[0].due.Sub(now), time.Microsecond)
	}
	if h := s.disturb.heldUntil; !h.IsZero() {
		if d := max(h.Sub(now), time.Microsecond); wait == 0 || d < wait {
			wait = d
		}
	}
	if s.gone && s.last != nil {
		batch = append(batch, delivery{b: s.last})
		s.last = nil
	}
	return batch, wait, s.gone
}
