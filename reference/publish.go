package reference

// Publish is POST /publish without HTTP, for servers that are embedded: it
// numbers e, gives it to the topic's subscribers, and returns its id and how
// many subscribers there are. It returns before the event is written, and waits
// only where the loops are far behind. Errors are *EncodeError, or say that a
// topic's name is none, that a limit is reached, or that the server is closing.
func (s *Server) Publish(topic string, e *Event) (id string, subscribers int, err error) {
	if err := checkTopic(topic); err != nil {
		return "", 0, err
	}
	var room [32]byte
	b, n, err := s.hub.publish(room[:0], topic, e)
	if err != nil {
		return "", 0, err
	}
	s.counts.published.Add(1)
	return string(b), n, nil
}

// Sent returns how many deliveries were written to streams so far.
func (s *Server) Sent() uint64 { return s.sent() }

// Subscribers returns how many streams are open.
func (s *Server) Subscribers() int { return int(s.counts.open.Load()) }
