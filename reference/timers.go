package reference

import (
	"container/heap"
	"time"
)

// tick does what is due: delayed deliveries, heartbeats.
func (l *lane) tick() {
	if len(l.timers) > 0 {
		now := nanos(time.Now())
		for len(l.timers) > 0 && l.timers[0].odd.armed <= now {
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
				d := delivery{b: pingFrame}
				if s.form == formStream {
					l.pulse.hold(1)
					d = delivery{ev: l.pulse}
				}
				s.enqueue(d, l.backlog)
				l.mark(s)
			}
		}
	}
}

// arm sees to it that tick comes back to s in time.
func (l *lane) arm(s *subscriber) {
	at := s.later()
	if at == 0 || s.odd.armed != 0 && s.odd.armed <= at {
		return
	}
	l.timers.remove(s)
	s.odd.armed = at
	heap.Push(&l.timers, s)
}

// timers is a heap of subscribers, all of them with a disturber, by when it is
// armed for.
type timers []*subscriber

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].odd.armed < t[j].odd.armed }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(s any)        { *t = append(*t, s.(*subscriber)) }

func (t *timers) Pop() any {
	old := *t
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	return s
}

// remove takes s out if it is armed.
func (t *timers) remove(s *subscriber) {
	if s.odd.armed == 0 {
		return
	}
	for i, at := range *t {
		if at == s {
			heap.Remove(t, i)
			break
		}
	}
	s.odd.armed = 0
}
