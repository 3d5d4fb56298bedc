package transport

import (
	"time"

	"ssebench/loadgen"
)

// ask2 sends the request on an HTTP/2 connection with a vacancy.
func (s *looped) ask2(t *trunk) {
	p, o := s.loop, s.opening
	s.seated()
	o.Remote, o.Requested = p.remotes[t.peer].text, time.Time{}
	s.trunk, s.phase, s.reused = t, answering, t.used
	t.used = true
	s.id = t.conn.open(s.outgoing(o), s)
	p.asking = append(p.asking, s)
	t.write()
}

// outgoing is the request as HTTP/2 has it.
func (x *exchange) outgoing(o *opening) *outgoing {
	return &outgoing{
		method: o.method, scheme: o.url.Scheme, authority: authority(o.url), path: string(o.appendTarget(nil)),
		fields: x.fields(o), body: o.body,
	}
}

// finished implements sink2: the answer ended, and so did the stream on its connection.
func (s *looped) finished(err error) {
	p, t := s.loop, s.trunk
	p.wheel.stop(s)
	refused := isUnprocessed(err)
	again := (refused || s.reused && s.repeatable(err)) && !s.posting() && s.repeats()
	switch {
	case s.posting():
		s.trunk = nil
		t.posts--
		t.offer()
	case t.owner != s:
		s.trunk = nil
		t.full = refused && !(t.to.browser && t.conn.streams.count == 0) // the only connection is tried again
		t.offer()
	case refused || s.request.Close || !t.conn.usable():
		t.close()
	}
	if again {
		s.join()
		return
	}
	s.proceed(s.meaning(err))
	if s.paced && s.trunk == t {
		t.listen()
	}
}

// hushed takes the error of a sink for a stream that its own handler cut silently: an error would be answered with RST_STREAM.
func (s *looped) hushed(err error) error {
	if err != errCut || s.trunk == nil || loadgen.Cut(s.cutHow.Load()-1) != loadgen.CutSilent {
		return err
	}
	s.trunk.conn.silence(s.id)
	s.finish(errCut)
	return nil
}

// repeats tells whether the request may be sent once more, and counts it.
func (s *looped) repeats() bool {
	o := s.opening
	if o == nil || s.cut() || o.repeated == attempts-1 {
		return false
	}
	o.repeated++
	return true
}

// enough ends the answer to a login or a redirect whose rest takes too long.
func (s *looped) enough() {
	t := s.trunk
	t.conn.cancel(s.id)
	t.write()
	s.finished(errEnough)
}

// leave gives up the stream's place on its connection, and with it the connection where it is the only one there, in the way that the
// stream was cut if it was.
func (s *looped) leave() {
	t, how := s.trunk, loadgen.Cut(s.cutHow.Load()-1)
	s.trunk = nil
	if s.posting() {
		t.posts--
	}
	switch {
	case t.owner == s:
		if how != loadgen.CutSilent {
			t.conn.cancel(s.id)
		}
		t.cut(how)
	case how == loadgen.CutSilent:
		t.conn.silence(s.id)
	default:
		t.conn.cancel(s.id)
		if t.owner == nil && t.conn.streams.count == 0 {
			t.close()
			return
		}
		t.full = false
		t.offer()
		t.write()
	}
}
