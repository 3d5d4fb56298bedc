package transport

import "golang.org/x/sys/unix"

// write sends bytes, sealed where there is TLS; what the kernel does not take waits for its readiness.
func (s *looped) write(b []byte) (err error) {
	if s.secure != nil {
		plain := len(b)
		if b, err = s.secure.seal(nil, b); err != nil {
			return writeFailure(err)
		}
		s.loop.tlsSent += int64(len(b) - plain)
	}
	return s.send(b)
}

// send is write below TLS.
func (s *looped) send(b []byte) error {
	if s.unsent {
		s.loop.unsent[s] = append(s.loop.unsent[s], b...)
		return nil
	}
	n, errno := sendSocket(s.fd, b)
	switch errno {
	case 0:
	case unix.EAGAIN:
		n = 0
	default:
		return writeFailure(systemError("write", errno))
	}
	s.loop.sent += int64(n)
	if n < len(b) {
		s.unsent = true
		s.loop.unsent[s] = append([]byte(nil), b[n:]...)
		if err := s.loop.rearm(s.fd, s.slot, s.interest()); err != nil {
			return writeFailure(err)
		}
	}
	return nil
}

// takeUnsent takes what is still to be sent.
func (s *looped) takeUnsent() (b []byte) {
	if s.unsent {
		s.unsent = false
		b = s.loop.unsent[s]
		delete(s.loop.unsent, s)
	}
	return b
}
