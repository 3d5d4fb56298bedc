package reference

import (
	"math/rand/v2"
	"time"
)

// distort gives the run to a subscriber through the faults. f is nil where they
// were lifted and only what they held back is left.
func (l *lane) distort(s *subscriber, f *Faults) {
	now := nanos(time.Now())
	if s.odd == nil {
		s.odd = l.hub.disturber(s, now)
	}
	if f == nil {
		f = &noFaults
	}
	for _, ev := range l.run.evs {
		s.meant++
		if !l.queueAll(s, s.odd.step(f, ev, s.meant, now)) {
			return
		}
	}
	l.settled(s)
}

// advance passes on what has become due for s.
func (l *lane) advance(s *subscriber, now int64) {
	if s.odd == nil || s.index < 0 {
		return
	}
	if l.queueAll(s, s.odd.due(now)) && l.queueAll(s, s.odd.tick(s.odd.box.orNone(), now)) {
		l.settled(s)
	}
}

// settle passes on all that the faults hold back for s.
func (l *lane) settle(s *subscriber) {
	if s.odd != nil {
		l.queueAll(s, s.odd.settle(s.odd.box.orNone(), nanos(time.Now())))
	}
}

func (l *lane) settled(s *subscriber) {
	l.mark(s)
	if s.odd.bound() || s.odd.box.load() != nil {
		l.arm(s)
	} else {
		l.timers.remove(s)
		s.odd = nil
	}
}

// queueAll queues deliveries; it says false when that ended the stream.
func (l *lane) queueAll(s *subscriber, ds []delivery) bool {
	for _, d := range ds {
		if !l.queue(s, d) {
			return false
		}
	}
	return true
}

func (h *hub) disturber(s *subscriber, now int64) *disturber {
	return &disturber{box: h.faults, opened: now, messages: s.form != formStream, rnd: rand.New(rand.NewPCG(h.faults.seed, uint64(s.serial)))}
}
