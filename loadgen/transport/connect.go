package transport

import (
	"time"
)

// connect dials, and shakes hands where the URL asks for TLS. The opening's instants are those of its first connection.
func (s *stream) connect(o *opening) (*conn, error) {
	tcp, err := s.t.dial(s.ctx, o.url, s.request.URL)
	if s.cut() {
		if err == nil {
			tcp.Close()
		}
		return nil, errCut
	}
	if err != nil {
		return nil, err
	}
	first := o.Dialed.IsZero()
	if first {
		o.Dialed, o.Remote = time.Now(), tcp.RemoteAddr().String()
	}
	c := &conn{Conn: tcp, tcp: tcp, origin: origin(o.url)}
	if err := c.attach(s); err != nil {
		tcp.Close()
		return nil, fail(tokenDialFailed, "%v", err)
	}
	return c, nil
}
