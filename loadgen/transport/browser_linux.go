package transport

import (
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// tabs are the streams of a browser on a loop, over HTTP/1.1.
type tabs struct {
	browser[*looped]
	listed bool // among the loop's where somebody may get a connection
}

func (p *loop) tabsOf(s *looped) *tabs {
	b := p.browsers[s.request.Browser]
	if b == nil {
		if p.browsers == nil {
			p.browsers = make(map[int]*tabs)
		}
		b = new(tabs)
		p.browsers[s.request.Browser] = b
	}
	return b
}

// browses says that the stream shares HTTP/1.1 connections with the other tabs of its browser.
func (s *looped) browses() bool { return s.request.Browser != 0 && s.loop.codec == nil }

// seek finds a connection of the browser for the stream's next request, or has it wait for one.
func (s *looped) seek() {
	p, o := s.loop, s.opening
	b := p.tabsOf(s)
	from, ok := b.ask(s, origin(o.url))
	if !ok {
		if b.seatOf(s) == nil {
			s.discard() // it was to another origin
		}
		s.queue()
	} else {
		s.found(from)
	}
	p.changed(b)
}

// found goes on with the connection that from used last, or with one that is to be dialed.
func (s *looped) found(from *looped) {
	if from != s {
		s.discard()
		s.takeOver(from)
	}
	if s.reused = s.reuse(s.opening); s.reused {
		s.ask()
		return
	}
	s.dial()
}

// takeOver takes the kept connection of another stream. That of a slow reader is out of the poll and of no use.
func (s *looped) takeOver(from *looped) {
	if from.paced {
		from.discard()
	}
	if from.fd == noSocket {
		return
	}
	p := s.loop
	s.fd, s.slot, s.secure, s.peer, s.leaving, s.brimful = from.fd, from.slot, from.secure, from.peer, from.leaving, from.brimful
	s.resumes = s.resumes || from.resumes
	from.fd, from.slot, from.secure, from.leaving = noSocket, noSlot, nil, false
	p.sockets[s.slot].owner = s
}

// queue has the stream wait for a place.
func (s *looped) queue() {
	p, o := s.loop, s.opening
	s.phase, o.queued, o.Requested = pooling, p.clock.now(), time.Time{} // of a login
	p.lane.figures.Count(results.ConnectionsQueued, 1)
	s.tell(true)
}

// seated ends the wait.
func (s *looped) seated() {
	o := s.opening
	if o.queued == 0 {
		return
	}
	waited := s.loop.clock.now() - o.queued
	o.queued = 0
	s.loop.lane.figures.Record(results.ConnectQueue, waited)
	s.tell(false)
}

// unseated ends the wait of a stream that gets no place.
func (s *looped) unseated(e *loadgen.Ending) {
	o := s.opening
	e.QueuedAt, e.Limit = s.loop.instant(o.queued), tokenBrowserLimit
	if o.to != nil {
		e.Limit = o.to.limit()
	} else {
		s.loop.tabsOf(s).leave(s)
	}
	s.tell(false)
}

// yield gives a stream's connection to the others where it needs none now, and its place where it has no connection.
func (s *looped) yield() {
	b := s.loop.tabsOf(s)
	if s.fd == noSocket {
		b.drop(s)
	} else {
		b.rest(s)
	}
	s.loop.changed(b)
}

// changed lists a browser where somebody may get a connection.
func (p *loop) changed(b *tabs) {
	if len(b.queue) > 0 && !b.listed {
		b.listed = true
		p.opportune = append(p.opportune, b)
	}
}

// serveBrowsers gives connections to those that wait. It is called at the end of each batch.
func (p *loop) serveBrowsers() {
	n := 0
	for ; n < len(p.opportune) && p.dialing < dialsInFlight; n++ {
		b := p.opportune[n]
		b.listed = false
		for p.dialing < dialsInFlight {
			s, from, ok := b.next()
			if !ok {
				break
			}
			if o := s.opening; o.Dialed.IsZero() {
				o.Queued += time.Duration(p.clock.now() - o.queued)
			}
			s.seated()
			s.found(from)
		}
		if p.dialing >= dialsInFlight {
			p.changed(b)
		}
	}
	switch {
	case n == len(p.opportune):
		p.opportune = cleared(p.opportune)
	case n > 0:
		p.opportune = append(p.opportune[:0], p.opportune[n:]...)
	}
}
