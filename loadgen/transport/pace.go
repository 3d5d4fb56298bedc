package transport

import (
	"sync"
	"time"

	"ssebench/loadgen"
)

// pace bounds what a stream's goroutine reads. The zero value is no bound.
type pace struct {
	bounded bool
	rate    int64 // bytes a second; 0: nothing
}

// pulse is how often a bounded stream reads, or, where it may read nothing, looks whether the connection is broken.
const pulse = 100 * time.Millisecond

// Pace implements loadgen.Pacer.
func (s *stream) Pace(bytesPerSecond int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = pace{bytesPerSecond >= 0, bytesPerSecond}
	if n, ok := s.blocked.(*doze); ok {
		n.end()
	}
}

// doze is what a goroutine is blocked in between two reads.
type doze struct {
	once sync.Once
	over chan struct{}
}

// wake implements waker.
func (n *doze) wake(loadgen.Cut) { n.end() }

func (n *doze) end() { n.once.Do(func() { close(n.over) }) }

// allow blocks until the body may be read on, and says how many bytes of it, at the most as many as asked for. broken, where it is known,
// says whether the peer reset the connection: that must be heard of though nothing is read.
func (s *stream) allow(most int, broken func() bool) int {
	for s.opened {
		s.mu.Lock()
		p, guarded := s.pace, s.blocked
		if !p.bounded || s.cut() {
			s.mu.Unlock()
			break
		}
		n := &doze{over: make(chan struct{})}
		s.blocked = n
		s.mu.Unlock()
		timer := time.NewTimer(pulse)
		ended := false
		select {
		case <-timer.C:
		case <-n.over:
			ended = true
		}
		timer.Stop()
		if s.guard(guarded) != nil && guarded != nil {
			guarded.wake(loadgen.Cut(s.cutHow.Load() - 1)) // the doze was woken in its place
		}
		switch {
		case ended:
		case p.rate > 0:
			return min(max(int(p.rate*int64(pulse)/int64(time.Second)), 1), most)
		case broken != nil && broken():
			return most
		}
	}
	return most
}
