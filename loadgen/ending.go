package loadgen

import (
	"strings"

	"ssebench/results"
)

// Ended implements Sink.
func (s *subscription) Ended(e *Ending, discarded bool, next Next) {
	v := s.lane.shard.current()
	if discarded && e.Token != TokenCut {
		v.Add(results.EventsDiscarded, 1)
	}
	s.lane.shard.flights.ended(s, e, s.run.timeline.since(e.At))
	if e.Opened {
		s.endOpen(v, e, discarded, next)
	} else {
		s.endAttempt(v, e)
	}
	s.goOn(v, e, next)
}

// goOn does what follows an ending.
func (s *subscription) goOn(v *results.Values, e *Ending, next Next) {
	if next.Stranded {
		v.AddBy(results.ReconnectStranded, e.Token, 1)
		s.giveUp(e.Token)
	}
	if next.Reopen {
		s.reopenDue = s.run.timeline.since(next.At)
		if s.special&severed != 0 && strings.HasPrefix(e.Token, "cut_") {
			s.special &^= severed
			s.run.reopener.add(s, next.At)
		}
		return
	}
	if s.special&leaving != 0 {
		s.run.departures.left(s)
	}
	s.settle()
	if e.Token != TokenCut && s.ledger.Started() && s.special&leaving == 0 {
		s.run.events.ended(s)
	}
}

// endOpen accounts for the end of a stream that was open.
func (s *subscription) endOpen(v *results.Values, e *Ending, discarded bool, next Next) {
	now := s.run.timeline.since(e.At)
	s.isOpen = false
	s.run.streamClosed()
	s.run.senders.leave(s)
	s.lane.shard.forget(s)
	if s.lastEvent < 0 && e.Token == TokenEOF && s.special&slow == 0 {
		v.Add(results.RequestsEmpty, 1)
	}
	if o := s.observed(); o != nil && o.buffered() {
		s.run.buffered.Add(1)
	}
	if e.Token != TokenCut { // the silence before the run's own end says nothing of the server
		s.heard(now)
	}
	if s.lastEvent >= 0 || s.comment > 0 {
		v.Record(results.StreamSilence, int64(s.silence)*millisecond)
	}
	if e.Token == TokenCut {
		return
	}
	token := e.Token
	if discarded && token == TokenEOF {
		token = tokenEOFMidEvent
	}
	v.AddBy(results.ConnectionsClosedByServer, token, 1)
	if s.special&slow != 0 {
		v.AddBy(results.SlowCut, token, 1)
		v.Record(results.SlowAge, now-s.opened)
	} else if s.special&severed == 0 { // its age says nothing of the server
		v.Record(results.StreamAge, now-s.opened)
		v.Record(results.StreamIdle, now-max(s.opened, s.lastEvent, int64(s.comment)*millisecond))
	}
	s.down = now
	if (next.Reopen || next.Stranded) && s.special&leaving == 0 {
		s.drop(next, now)
	}
	if e.Message != "" {
		s.run.notes.add(token, e.Message, 1)
	}
}

// endAttempt accounts for an opening that came to nothing.
func (s *subscription) endAttempt(v *results.Values, e *Ending) {
	s.recordDelay(v, e.DialStart)
	if e.DialStart.IsZero() && s.special&severed != 0 {
		return // an outage's cut met a stream that had just ended by itself: nothing was tried
	}
	s.lane.shard.attempt(e.DialStart, s.run)
	switch {
	case e.Token != TokenCut:
		v.Add(results.ConnectionsAttempted, 1)
		v.AddBy(results.ConnectionsFailed, e.Token, 1)
		if outage := s.run.disrupted.Load(); outage > 0 {
			results.Count(&s.lane.shard.storm(outage).Failed, e.Token)
		}
		s.run.notes.add(e.Token, e.Message, 1)
	case !e.DialStart.IsZero(): // else it never began
		v.Add(results.ConnectionsAttempted, 1)
		v.Add(results.ConnectionsAbandoned, 1)
		if e.Limit != "" {
			v.AddBy(results.ConnectionsStarved, e.Limit, 1)
			v.Record(results.ConnectStarved, int64(e.At.Sub(e.QueuedAt)))
		}
	}
	if s.isPending && (e.Token != TokenCut || e.Requested.IsZero()) { // refused, or never asked
		s.unsubscribe()
	}
}

// settle tells the run, once, that the first opening is over.
func (s *subscription) settle() {
	if !s.isSettled {
		s.isSettled = true
		s.run.settled.Add(1)
	}
}
