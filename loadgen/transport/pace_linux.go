package transport

import (
	"time"

	"golang.org/x/sys/unix"
)

// Pace implements loadgen.Pacer. It tells the loop, which does the rest. Streams that share a connection cannot be held up alone, for want
// of a buffer for what the others' reads bring them, and are read as they come.
func (s *looped) Pace(bytesPerSecond int64) {
	s.loop.post(message{do: doCall, call: func() {
		if s.phase == finished {
			return
		}
		if s.paced = bytesPerSecond >= 0; s.paced {
			s.loop.paces[s] = bytesPerSecond
			s.slow()
			return
		}
		delete(s.loop.paces, s)
		if s.opened && s.phase == answering {
			s.loop.wheel.stop(s)
			s.listen()
		}
	}})
}

// slow takes an open stream that is bounded out of the poll, but for the peer's reset, which must be heard of though nothing is read; its
// timer reads on.
func (s *looped) slow() {
	if !s.holdsUp() {
		return
	}
	if s.listen() && s.loop.paces[s] > 0 {
		s.loop.wheel.set(s, s.loop.clock.now()+int64(pulse))
	}
}

// holdsUp tells that the stream's pace bounds what is read now.
func (s *looped) holdsUp() bool {
	return s.paced && s.opened && s.phase == answering && (s.trunk == nil || s.trunk.owner == s)
}

// interest is what the connection is to be polled for.
func (s *looped) interest() (events uint32) {
	if !s.paced || !s.opened {
		events = listening
	}
	if s.unsent {
		events |= unix.EPOLLOUT
	}
	return events
}

// listen has the connection polled for that. It answers false if the stream went on to something else.
func (s *looped) listen() bool {
	if s.trunk != nil {
		s.trunk.listen()
		return true
	}
	err := s.loop.rearm(s.fd, s.slot, s.interest())
	if err != nil {
		s.concluded(fail(tokenRead, "%v", err))
	}
	return err == nil
}

// allowed is how much may be read at once.
func (s *looped) allowed() int {
	all := len(s.loop.lane.buffer)
	rate := s.loop.paces[s]
	if !s.holdsUp() || rate == 0 { // with a rate of zero only the end is read
		return all
	}
	return min(max(int(rate*int64(pulse)/int64(time.Second)), 1), all)
}
