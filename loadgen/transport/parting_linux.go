package transport

import (
	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

// seeOff reads the end of a connection that the server closes. If ours were first, both sides would close at once, and it would depend on
// a few microseconds which segments that takes.
func (s *looped) seeOff() {
	p := s.loop
	for range readsInRow {
		n, _, errno := p.receiver.receive(s.fd, p.lane.buffer)
		if errno == unix.EAGAIN {
			return
		}
		if n <= 0 {
			break
		}
		p.received += int64(n) // the end of TLS
		if s.secure != nil {
			p.tlsReceived += int64(n)
		}
	}
	s.discard()
}

// discard closes the connection, in the way that the stream was cut if it was.
func (s *looped) discard() {
	if s.trunk != nil {
		s.leave()
		return
	}
	if s.fd == noSocket {
		return
	}
	p, fd := s.loop, s.fd
	s.fd, s.leaving = noSocket, false
	torn := s.takeUnsent() != nil // an alert must not come inside a record
	switch loadgen.Cut(s.cutHow.Load() - 1) {
	case loadgen.CutSilent:
		p.silence(fd, s.slot)
	case loadgen.CutRST:
		p.closeSocket(fd, s.slot, byRST)
	default:
		how := byFIN
		if !torn {
			how = s.sayGoodbye(fd)
		}
		p.closeSocket(fd, s.slot, how)
	}
	s.secure = nil
}

// descriptor implements endpoint.
func (s *looped) descriptor() int32 {
	if s.phase == connecting {
		return noSocket
	}
	return s.fd
}

// sayGoodbye sends what is said at an orderly end: that of a WebSocket where we end it, and that of TLS. It gives the way to close after it.
func (s *looped) sayGoodbye(fd int32) manner {
	p := s.loop
	b := p.scratch[:0]
	if w := s.socket(); w != nil && s.cut() {
		b = w.goodbye(b)
	}
	plain := len(b)
	if s.secure != nil {
		if plain > 0 {
			b, _ = s.secure.seal(nil, b) // what cannot be sealed is not said
		}
		b = s.secure.goodbye(b)
	}
	n, _ := sendSocket(fd, b) // who is gone need not be told
	p.sent += int64(n)
	p.tlsSent += int64(max(n-plain, 0))
	if n > plain {
		return byAlert
	}
	return byFIN
}
