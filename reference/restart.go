package reference

// SetFaults puts f in force for the events published and the streams opened
// from now on. Its Restart and EmptyRing happen at once; of a restart, the
// streams are cut when SetFaults returns.
func (s *Server) SetFaults(f Faults) {
	s.faults.store(f)
	if s.hub == nil {
		return
	}
	if f.EmptyRing {
		s.faults.did(faultEmptyRing)
		s.hub.forgetAll()
	}
	if f.Restart > 0 {
		s.faults.did(faultRestart)
		s.shut(Door{Kind: DoorRefused, Shut: f.Restart, End: true}, s.hub.forgetAll)
	}
}
