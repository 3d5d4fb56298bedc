package reference

import "time"

// join begins a stream.
func (l *lane) join(s *subscriber) {
	s.index = int32(len(l.all))
	l.all = append(l.all, s)
	for i := range s.slots {
		sl := &s.slots[i]
		m := sl.topic.members[l.no]
		sl.index = len(m)
		sl.topic.members[l.no] = append(m, s)
	}
	l.counts.open.Add(1)
	if s.odd == nil && l.hub.faults.load() != nil {
		s.odd = l.hub.disturber(s, nanos(time.Now()))
	}
	if s.out == nil && !l.poll.add(s.fd, s) {
		l.cut(s)
		return
	}
	l.arm(s)
	l.mark(s)
}

// leave forgets a stream whose end is written, or cannot be.
func (l *lane) leave(s *subscriber) {
	if s.index < 0 {
		return
	}
	last := l.all[len(l.all)-1]
	l.all[s.index] = last
	last.index = s.index
	l.all[len(l.all)-1] = nil
	l.all = l.all[:len(l.all)-1]
	for i := range s.slots {
		sl := &s.slots[i]
		m := sl.topic.members[l.no]
		last := m[len(m)-1]
		m[sl.index] = last
		m[len(m)-1] = nil
		sl.topic.members[l.no] = m[:len(m)-1]
		for j := range last.slots {
			if last.slots[j].topic == sl.topic {
				last.slots[j].index = sl.index
			}
		}
	}
	s.index = -1
	s.flags |= flagEnding
	if s.out == nil {
		l.poll.closeSocket(s.fd)
		l.unhear(s)
	}
	s.drop()
	if s.odd != nil {
		l.timers.remove(s)
		s.odd.abandon()
	}
	l.counts.open.Add(-1)
	l.hub.gone(s)
}

// cut ends a stream at once, in the middle of its body.
func (l *lane) cut(s *subscriber) {
	if s.index < 0 {
		return
	}
	if s.out != nil {
		s.out.cut(s)
	}
	l.leave(s)
}

func (l *lane) endAll(farewell func() []byte) {
	for i := len(l.all) - 1; i >= 0; i-- {
		s := l.all[i]
		if farewell == nil {
			l.cut(s)
			continue
		}
		if s.is(flagEnding) {
			continue
		}
		l.settle(s)
		if s.form == formStream {
			s.enqueue(delivery{b: farewell()}, l.backlog)
		}
		s.enqueue(delivery{act: actEnd}, l.backlog)
		s.flags |= flagEnding
		l.mark(s)
	}
}

// queue adds d to a subscriber's backlog under the policy; it says false when
// that ended the stream.
func (l *lane) queue(s *subscriber, d delivery) bool {
	if l.policy == Block && s.waiting() >= l.backlog {
		l.awaitSubscriber(s)
		if s.index < 0 {
			return false
		}
	}
	if s.enqueue(d, l.backlog) {
		return true
	}
	if l.policy == Disconnect {
		l.counts.disconnected.Add(1)
		l.cut(s)
		return false
	}
	l.counts.dropped.Add(1)
	return true
}

// awaitSubscriber holds up the whole lane until a subscriber has room.
func (l *lane) awaitSubscriber(s *subscriber) {
	for s.index >= 0 && s.waiting() >= l.backlog {
		l.mu.Lock()
		for i := range l.inbox {
			if d := l.inbox[i].do; d == doStop || d == doEnd || d == doLeave && l.inbox[i].sub == s {
				l.mu.Unlock()
				return
			}
		}
		l.mu.Unlock()
		l.flushOne(s)
		if s.index >= 0 && s.waiting() >= l.backlog {
			l.poll.writable(s.fd, 5*time.Millisecond)
			s.flags &^= flagFull // or so it may be
		}
	}
}
