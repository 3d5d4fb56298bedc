//go:build !unix

package transport

func (c *conn) attach(s *stream) error {
	c.reader = s
	if c.meter == nil {
		c.meter = &meter{Conn: c.Conn}
		c.Conn = c.meter
	}
	return nil
}

// read reads until the response is complete or the connection fails.
func (c *conn) read() error { return c.readBuffered() }

// alive cannot be told here; the next request will.
func (c *conn) alive() bool { return true }
