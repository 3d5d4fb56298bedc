package reference

import (
	"container/heap"
	"time"
)

// tick does what is due: delayed deliveries, heartbeats.
func (l *lane) tick() {
	if len(l.timers) > 0 {
		now := nanos(time.Now())
		for len(l.timers) > 0 && l.timers[0].armed <= now {
			s := l.timers[0]
			l.timers.remove(s)
			l.advance(s, now)
		}
	}
	if l.beat > 0 && !time.Now().Before(l.beatAt) {
		l.beatAt = time.Now().Add(l.beat)
		for i := len(l.all) - 1; i >= 0; i-- {
			s := l.all[i]
			if s.flags&(flagEnding|flagStalled) == 0 && s.waiting() == 0 {
				l.pulse.hold(1)
				s.enqueue(delivery{ev: l.pulse}, l.backlog)
				l.mark(s)
			}
		}
	}
}

// arm sees to it that tick comes back to s in time.
func (l *lane) arm(s *subscriber) {
	at := s.later()
	if at == 0 || s.armed != 0 && s.armed <= at {
		return
	}
	if s.armed != 0 {
		l.timers.remove(s)
	}
	s.armed = at
	heap.Push(&l.timers, s)
}

// timers is a heap of subscribers by armed.
type timers []*subscriber

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].armed < t[j].armed }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(s any)        { *t = append(*t, s.(*subscriber)) }

func (t *timers) Pop() any {
	old := *t
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	return s
}

func (t *timers) remove(s *subscriber) {
	for i, at := range *t {
		if at == s {
			heap.Remove(t, i)
			break
		}
	}
	s.armed = 0
}
