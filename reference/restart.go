package reference

import "time"

// SetFaults puts f in force for the events published and the streams opened
// from now on. Its Restart happens at once, and is over when SetFaults returns
// only as far as the streams are cut.
func (s *Server) SetFaults(f Faults) {
	s.faults.store(f)
	if f.Restart > 0 && s.hub != nil {
		s.restart(f.Restart)
	}
}

// restart cuts every stream, refuses connections for a while, and comes back
// with empty rings. Connections that publish stay: they are the bench's.
func (s *Server) restart(down time.Duration) {
	s.faults.did(faultRestart)
	s.gate.shut()
	for _, l := range s.hub.lanes {
		l.post(command{do: doEnd})
	}
	s.serving.Go(func() {
		select {
		case <-time.After(down):
		case <-s.ended:
			return
		}
		s.hub.forgetAll()
		for s.gate.reopen() != nil { // the address may be taken for a moment
			select {
			case <-time.After(10 * time.Millisecond):
			case <-s.ended:
				return
			}
		}
	})
}
