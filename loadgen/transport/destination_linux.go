package transport

// destination is where streams of a lane go that share connections. Streams for which there is no place wait in it; connections are
// dialed as long as those under way could not take all of them.
type destination struct {
	loop    *loop
	browser bool // it is of one browser, which has one connection
	trunks  []*trunk
	free    []*trunk  // that may have a vacancy; those filled last come first, so that one is full before the next is begun
	queue   []*looped // first come first served; some may have left
	waiting int       // in the queue
	dials   int       // under way, each for its dialer and for others that wait
	crowded bool      // among the loop's destinations where streams wait
}

// destinationKey tells destinations apart: connect_to and the URL's name are both of interest, to whom a request goes and what for.
type destinationKey struct {
	origin, host string
	port         uint16
	browser      int // 0: it is of all streams that are no tabs
}

// share is for how many streams a dial is.
func (d *destination) share() int {
	if d.browser {
		return browserStreams
	}
	return d.loop.t.config.StreamsPerConnection
}

// lacks tells whether more dials are needed for those that wait and so many more.
func (d *destination) lacks(more int) bool {
	if d.browser {
		return d.waiting+more > 0 && d.dials == 0 && d.connection() == nil
	}
	return d.waiting+more > d.dials*(d.share()-1)
}

// connection is the one of a browser, if it may take a stream now or later.
func (d *destination) connection() *trunk {
	for _, t := range d.trunks {
		if t.conn.usable() {
			return t
		}
	}
	return nil
}

// limit is what keeps the tabs of a browser from a place; empty: nothing does, or the connection is not there yet.
func (d *destination) limit() string {
	switch t := d.connection(); {
	case !d.browser || t == nil || t.settling:
		return ""
	case t.conn.limit < browserStreams:
		return tokenMaxStreams
	}
	return tokenBrowserLimit
}

// join finds a place for the stream's next request: on its own connection, on one that is shared, or on one that is yet to be dialed.
func (s *looped) join() {
	p, o := s.loop, s.opening
	if !s.shares() {
		if t := s.trunk; t != nil {
			if p.remotes[t.peer].origin == origin(o.url) && t.vacant() {
				s.ask2(t)
				return
			}
			t.close()
		}
		s.dial()
		return
	}
	host, port, err := p.t.destination(o.url, s.request.URL)
	if err != nil {
		s.finish(err)
		return
	}
	d := p.destination(destinationKey{origin(o.url), host, port, s.request.Browser})
	if t := d.vacancy(); t != nil && d.waiting == 0 {
		s.ask2(t)
		return
	}
	if d.lacks(1) && p.dialing < dialsInFlight {
		d.dial(s)
		return
	}
	o.to = d
	s.queue()
	d.waiting++
	d.queue = append(d.queue, s)
	if !d.crowded {
		d.crowded = true
		p.crowded = append(p.crowded, d)
	}
}

// shares tells that the stream shares HTTP/2 connections with others.
func (s *looped) shares() bool {
	p := s.loop
	return p.codec != nil && (s.request.Browser != 0 || p.t.config.StreamsPerConnection > 1)
}

func (p *loop) destination(k destinationKey) *destination {
	d := p.destinations[k]
	if d == nil {
		d = &destination{loop: p, browser: k.browser != 0}
		p.destinations[k] = d
	}
	return d
}

// dial has a stream dial a connection for itself and others.
func (d *destination) dial(s *looped) {
	s.opening.to = d
	d.dials++
	s.dial()
}

// dialed is called when the stream that dialed has its connection.
func (d *destination) dialed(s *looped) {
	s.opening.to = nil
	d.dials--
}

// left is called when a stream ends that waited or dialed. A dial that failed is that of others, too.
func (d *destination) left(waited bool, err error) {
	if waited {
		d.waiting--
		return
	}
	d.dials--
	if err == errCut {
		return // others go on dialing
	}
	for range d.share() - 1 {
		s := d.next()
		if s == nil {
			return
		}
		s.finish(err)
	}
}

// next gives the first that waits; nil if nobody does. It stays counted as waiting.
func (d *destination) next() *looped {
	for d.waiting > 0 {
		s := d.queue[0]
		d.queue[0] = nil
		d.queue = d.queue[1:]
		if s.phase == pooling && s.opening.to == d {
			return s
		}
	}
	d.queue = nil
	return nil
}

// vacancy gives a connection that takes another stream.
func (d *destination) vacancy() *trunk {
	for n := len(d.free); n > 0; n-- {
		t := d.free[n-1]
		if t.vacant() {
			return t
		}
		t.listed = false
		d.free[n-1] = nil
		d.free = d.free[:n-1]
	}
	return nil
}

// serve gives places to those that wait, and has connections dialed for the rest. It answers false when nobody waits any more.
func (d *destination) serve() bool {
	p := d.loop
	for {
		t := d.vacancy()
		if t == nil && !(d.lacks(0) && p.dialing < dialsInFlight) {
			return d.waiting > 0
		}
		s := d.next()
		if s == nil {
			return false
		}
		d.waiting--
		s.opening.to = nil
		if t != nil {
			s.ask2(t)
		} else {
			s.tell(false)
			d.dial(s)
		}
	}
}

func (d *destination) add(t *trunk) {
	t.index = int32(len(d.trunks))
	d.trunks = append(d.trunks, t)
}

func (d *destination) remove(t *trunk) {
	last := d.trunks[len(d.trunks)-1]
	d.trunks[t.index], last.index = last, t.index
	d.trunks[len(d.trunks)-1] = nil
	d.trunks = d.trunks[:len(d.trunks)-1]
}

// serveQueues is called at the end of each batch.
func (p *loop) serveQueues() {
	still := p.crowded[:0]
	for _, d := range p.crowded {
		if d.crowded = d.serve(); d.crowded {
			still = append(still, d)
		}
	}
	clear(p.crowded[len(still):])
	p.crowded = still
}

// flushTrunks writes what this batch has for each HTTP/2 connection, and notes for the requests among it when that was.
func (p *loop) flushTrunks() {
	for len(p.writing) > 0 {
		t := p.writing[len(p.writing)-1]
		p.writing = p.writing[:len(p.writing)-1]
		t.waits = false
		t.flush(false)
	}
	for i, s := range p.asking {
		p.asking[i] = nil
		s.asked()
	}
	p.asking = p.asking[:0]
}

// closeTrunks closes the connections that no stream owns.
func (p *loop) closeTrunks() {
	for _, d := range p.destinations {
		for len(d.trunks) > 0 {
			d.trunks[len(d.trunks)-1].close()
		}
	}
}
