package transport

import "time"

// connect dials where the hop leads, and shakes hands where its URL asks for TLS. The opening's instants are those of its first
// connection, so that their differences are the time of one dial and one handshake.
func (s *stream) connect(o *opening) (*conn, error) {
	ctx, cancel, err := s.untilCut()
	if err != nil {
		return nil, err
	}
	defer cancel()
	dialed, err := s.lane.t.dial(ctx, s.lane, o.url, s.home())
	if err != nil {
		if s.cut() {
			return nil, errCut
		}
		return nil, err
	}
	first := o.Dialed.IsZero()
	if first {
		o.Dialed = time.Now()
	}
	tcp := s.engine.links.add(dialed)
	c := &conn{Conn: tcp, tcp: tcp, origin: origin(o.url)}
	if o.url.Scheme == "https" {
		if err := s.handshake(c, o.url.Hostname()); err != nil {
			s.discard(c)
			return nil, err
		}
		if first {
			o.TLSDone = time.Now()
		}
	}
	if err := c.attach(s); err != nil {
		s.discard(c)
		return nil, fail(tokenDialFailed, "%v", err)
	}
	return c, nil
}
