package transport

import (
	"io"
	"net/http"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// looped is one subscription's connection on a loop, kept over its reopenings: a state machine, and nothing that grows with what
// comes. Only Cut may be called from outside the loop; all else runs with the lane held.
type looped struct {
	exchange
	loop    *loop
	timer   timer   // of an opening that is due, a dial, a discarded body
	secure  *secure // nil: cleartext
	trunk   *trunk  // the HTTP/2 connection, which has the socket; nil: none
	fd      int32
	slot    int32  // of the socket in the loop's table
	index   int32  // in the loop's streams
	id      uint32 // on the HTTP/2 connection
	epoch   uint16 // of openings, so that late answers to an earlier one are known
	peer    uint16 // of the connection, in the loop's remotes
	list    int16  // 1 + the wheel's list that it is in; 0: the timer is not set
	phase   phase
	atOnce  bool  // the opening has no instant at which it is due
	dials   bool  // holds a place among the dials in flight
	reused  bool  // the hop goes over a kept connection
	unsent  bool  // the kernel did not take everything yet: see loop.unsent
	paced   bool  // reads slowly: see loop.paces
	resumes bool  // there was a TLS session before
	brimful bool  // the read that ended the answer filled the buffer: there may be more
	turn    uint8 // of the loop, in which the last answer ended
	leaving bool  // the server said that it closes the connection after the answer, which is complete
}

// phase is what a looped stream waits for.
type phase uint8

const (
	waiting    phase = iota // for an opening to be due; a kept connection may be there
	queued                  // for a place among the dials in flight
	resolving               // for the addresses of a name
	connecting              // for connect(2)
	shaking                 // for the TLS handshake, which has the descriptor
	pooling                 // for a place on a shared connection
	settling                // for the server's SETTINGS
	answering               // for bytes
	finished
)

// Cut implements loadgen.Stream. It tells the loop, which does the rest.
func (s *looped) Cut(how loadgen.Cut) {
	if s.cutHow.CompareAndSwap(0, int32(how)+1) {
		s.loop.post(message{do: doCut, s: s})
	}
}

// wasCut ends a stream that was cut.
func (s *looped) wasCut() {
	if s.phase != finished {
		s.finish(errCut)
	}
}

// await has the stream opened at the instant.
func (s *looped) await(at time.Time) {
	s.phase, s.opened, s.atOnce = waiting, false, at.IsZero()
	when := s.loop.clock.now()
	if !s.atOnce {
		when = int64(at.Sub(s.loop.clock.base))
	}
	s.loop.wheel.set(s, when) // also what is due already: an opening that fails at once must not call itself
}

// isDue opens the stream, or queues it where too many dials are in flight.
func (s *looped) isDue() {
	if s.cut() {
		return // its message is on its way
	}
	p := s.loop
	if !s.atOnce {
		p.lane.figures.Record(results.GeneratorScheduleLag, p.clock.now()-s.timer.at)
	}
	if s.leaving {
		s.discard()
	}
	if s.fd == noSocket && s.trunk == nil && !s.shares() && (p.dialing >= dialsInFlight || len(p.due) > 0) {
		s.phase = queued
		p.due = append(p.due, s)
		return
	}
	s.begin()
}

// timeout is called by the loop when the stream's timer fires.
func (s *looped) timeout() {
	switch s.phase {
	case waiting:
		if s.turn == s.loop.turn && s.fd != noSocket { // what has come since then shows when the poll was asked
			s.loop.wheel.set(s, s.timer.at)
			return
		}
		s.isDue()
	case connecting:
		s.undialed(dialTimeout(s.opening.dialing.to))
	case settling:
		s.unsettled()
	case answering:
		switch {
		case s.opened && s.trunk != nil: // what its pace allows by now
			s.trunk.read()
		case s.opened:
			s.read(false)
		case s.trunk != nil: // a body that nobody wants takes too long
			s.enough()
		default:
			s.concluded(errEnough)
		}
	}
}

// begin opens the stream.
func (s *looped) begin() {
	p := s.loop
	o := p.newOpening()
	s.opening = o
	o.DialStart = p.instant(p.clock.now())
	if !s.atOnce {
		o.Due = p.instant(s.timer.at)
	}
	if s.request.Login != nil {
		o.take(s.request.Login)
		o.login = true
	} else {
		s.takeRequest()
	}
	s.hop()
}

// takeRequest makes the stream's own request the next one.
func (s *looped) takeRequest() {
	o := s.opening
	if s.epoch > 0 && !s.posting() { // not for the first opening: most streams have no other; and of posts each is another
		o.prepared = s.loop.prepare(s.request)
	}
	o.take(s.request)
	s.handler.Resume(&s.opening.resumption)
}

// hop sends one request, over the kept connection if that leads there.
func (s *looped) hop() {
	o := s.opening
	if err := o.start(); err != nil {
		s.finish(err)
		return
	}
	if p := s.loop; p.codec != nil {
		s.join()
		return
	}
	if s.browses() {
		s.seek()
		return
	}
	if s.reused = s.reuse(o); s.reused {
		s.ask()
		return
	}
	s.dial()
}

// reuse says whether the kept connection fits; otherwise it is closed. The poll has told if something came on it, its end too; where so much was
// ready that a socket had to wait for the next poll, a request that can be repeated is.
func (s *looped) reuse(o *opening) bool {
	if s.fd == noSocket {
		return false
	}
	var to string
	if o.prepared != nil {
		to = o.prepared.origin
	} else {
		to = origin(o.url)
	}
	if !s.leaving && s.loop.remotes[s.peer].origin == to && (o.method == http.MethodGet && !s.brimful || isQuiet(s.fd)) {
		return true
	}
	s.discard()
	return false
}

// ask writes the request and awaits the answer.
func (s *looped) ask() {
	p, o := s.loop, s.opening
	o.Remote = p.remotes[s.peer].text
	s.parser.reset(p.t.config.HeadLimit)
	s.parser.upgrade = o.upgrade
	s.phase, o.Requested = answering, time.Time{}
	if o.prepared != nil {
		p.scratch = o.prepared.append(p.scratch[:0], o)
	} else {
		p.scratch = s.appendRequest(p.scratch[:0], o)
	}
	if err := s.write(p.scratch); err != nil {
		s.concluded(err)
		return
	}
	if !s.unsent {
		s.asked()
	}
	if cap(p.scratch) > requestBufferSize {
		p.scratch = nil
	}
}

// asked notes that the whole request was written.
func (s *looped) asked() {
	p := s.loop
	p.lane.asked(s.published())
	if s.opening != nil { // else the answer came before the whole request was out
		s.opening.Requested = p.instant(p.clock.now())
	}
}

// head implements answerSink: what is left of an answer to a login, of a redirect, or of a refusal may take only so long.
func (s *looped) head(status int, proto string, h http.Header, at time.Time) error {
	o := s.opening
	s.loop.newest.status, s.loop.newest.proto, s.loop.newest.header = status, proto, h
	err := s.exchange.head(status, proto, h, at)
	if s.opening == nil {
		s.loop.freeOpening(o)
	} else if o.answered || o.refused != nil {
		s.loop.wheel.set(s, s.loop.clock.now()+int64(discardWait))
	}
	return s.hushed(err)
}

// body implements answerSink.
func (s *looped) body(b []byte, at time.Time) error {
	if s.isContent() {
		s.loop.body += int64(len(b))
	}
	return s.hushed(s.exchange.body(b, at))
}

// concluded goes on after the answer ended; err is why it did, nil if it is complete.
func (s *looped) concluded(err error) {
	s.turn = s.loop.turn
	s.loop.wheel.stop(s)
	parts := !s.parser.keep || s.request.Close
	complete := (err == nil || err == io.EOF && parts) && s.parser.done() && !s.unsent // TLS may say its end along with the answer
	err = s.meaning(err)
	if s.secure != nil && s.secure.asked && !s.reused && !s.parser.started {
		err = unanswered(err)
	}
	switch {
	case !complete || err != nil || s.cut():
		s.discard()
	case parts:
		s.leaving = true
		s.seeOff()
	}
	if s.reused && s.repeatable(err) {
		s.reused = false
		s.dial()
		return
	}
	s.proceed(err)
}

// proceed goes on after an answer: to the end of the opening, or to the next hop.
func (s *looped) proceed(err error) {
	o := s.opening
	switch {
	case err != nil || s.opened:
		s.finish(err)
	case o.login:
		s.request.Login = nil
		o.login = false
		s.takeRequest()
		s.hop()
	default:
		o.redirect()
		s.hop()
	}
}

// finish ends the opening, tells the handler, and waits for the next one if there is to be one.
func (s *looped) finish(err error) {
	p := s.loop
	p.wheel.stop(s)
	s.undial()
	if s.cut() && s.phase != shaking {
		s.discard()
	}
	e := loadgen.Ending{At: p.instant(p.clock.now())}
	var to *destination
	waited, shaking := s.phase == pooling, s.phase == shaking
	if o := s.opening; o != nil {
		to = o.to
		if waited {
			s.unseated(&e)
		}
		e.DialStart, e.Requested = o.DialStart, o.Requested
		p.freeOpening(o)
		s.opening = nil
	}
	s.epoch++
	if s.cut() {
		err = errCut
	}
	switch again := s.ended(err, e); {
	case again.IsZero():
		s.over()
	case s.posting():
		s.posted()
	default:
		s.await(again)
	}
	if to != nil {
		to.left(waited, err)
	}
	if s.browses() && !shaking { // else the handshake has the connection still
		s.yield()
	}
}

// over ends the stream for good.
func (s *looped) over() {
	p := s.loop
	if s.phase != shaking { // else the handshake gives the descriptor back
		s.discard()
	}
	s.phase = finished
	delete(p.paces, s)
	s.dismiss()
	last := p.streams[len(p.streams)-1]
	p.streams[s.index], last.index = last, s.index
	p.streams[len(p.streams)-1] = nil
	p.streams = p.streams[:len(p.streams)-1]
}
