package loadgen

import (
	"strings"
	"time"

	"ssebench/results"
)

// Ended implements Sink.
func (s *subscription) Ended(e *Ending, discarded bool, next Next) {
	v := s.lane.shard.current()
	s.letGo()
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
		if s.special&severed != 0 && isOurCut(e.Token) {
			s.special &^= severed
			s.run.reopener.add(s, next.At)
		}
		return
	}
	if s.special&leaving != 0 {
		s.run.departures.left(s)
	}
	if s.client.Streams() == 0 {
		s.neverOpened(e)
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
	s.countTab(-1)
	s.run.streamClosed(s.special&slow != 0)
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
	if s.special&slow == 0 && (e.Token == TokenCut || e.Token == TokenEOF || isOurCut(e.Token)) {
		s.lane.shard.oldest = max(s.lane.shard.oldest, now-s.opened)
	}
	if e.Token == TokenCut || s.special&leaving != 0 || s.run.ending.Load() { // it is we who end it
		return
	}
	token := e.Token
	if discarded && token == TokenEOF {
		token = tokenEOFMidEvent
	}
	if isOurCut(token) {
		v.AddBy(results.ConnectionsCut, token, 1)
	} else {
		s.closedByServer(v, token, now)
	}
	s.down = now
	if next.Reopen || next.Stranded {
		s.drop(next, now)
	}
	if e.Message != "" {
		s.run.notes.add(token, e.Message, 1)
	}
}

// closedByServer accounts for the end of an open stream that is the server's doing, or the network's.
func (s *subscription) closedByServer(v *results.Values, token string, now int64) {
	v.AddBy(results.ConnectionsClosedByServer, token, 1)
	if s.run.disrupted.Load() == 0 {
		s.lane.shard.page.closed.Add(now)
	}
	if s.special&slow != 0 {
		v.AddBy(results.SlowCut, token, 1)
		v.Record(results.SlowAge, now-s.opened)
		return
	}
	age, idle := now-s.opened, now-max(s.opened, s.lastEvent, int64(s.comment)*millisecond)
	v.Record(results.StreamAge, age)
	v.Record(results.StreamIdle, idle)
	if token != TokenEOF { // whoever wrote the answer did not end it
		v.Record(results.StreamBrokenAge, age)
		v.Record(results.StreamBrokenIdle, idle)
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
		s.run.refused.add(e.Token, e.Message, 1)
	case !e.DialStart.IsZero(): // else it never began
		if !e.Requested.IsZero() {
			s.run.unanswered.Add(1)
		}
		v.Add(results.ConnectionsAttempted, 1)
		v.Add(results.ConnectionsAbandoned, 1)
		if e.Limit != "" {
			s.starved(v, e)
		}
	}
	if s.isPending && (e.Token != TokenCut || !s.askedBy(e.Requested)) {
		s.unsubscribe()
	}
}

// askedBy reports whether a request was written before publishing started, so that all of its events are expected.
func (s *subscription) askedBy(requested time.Time) bool {
	return !requested.IsZero() && s.run.timeline.since(requested) <= s.run.sender.start
}

// neverOpened accounts for a subscriber that gives up, or is at the end of the run, and whose stream never opened. An opening that the end
// of the run overtook, before it had the time of a drain, says nothing.
func (s *subscription) neverOpened(e *Ending) {
	token := e.Token
	switch {
	case token != TokenCut:
	case e.Limit != "":
		token = e.Limit
	case s.client.failures > 0:
		token = tokenRetrying
	case e.DialStart.IsZero(), e.At.Sub(e.DialStart) < s.run.plan.Drain:
		return
	case e.Requested.IsZero():
		token = tokenDialPending
	default:
		token = results.HeadersPending
	}
	s.lane.shard.of(len(s.run.plan.Phases)).AddBy(results.ConnectionsNeverOpen, token, 1)
}

// isOurCut reports whether an ending has the token of a cut by which an outage of the scenario plays the network.
func isOurCut(token string) bool { return strings.HasPrefix(token, "cut_") }

// settle tells the run, once, that the first opening is over.
func (s *subscription) settle() {
	if !s.isSettled {
		s.isSettled = true
		s.run.settled.Add(1)
	}
}
