package loadgen

import (
	"time"
	"unicode/utf8"

	"ssebench/loadgen/sse"
	"ssebench/loadgen/stamp"
	"ssebench/results"
)

// subscription is a subscriber of a run together with its account: it turns what the Subscriber understands into metrics. It is
// the Subscriber's Sink, so all its methods run with the lane held. Instants are nanoseconds since the run's start.
type subscription struct {
	client Subscriber
	run    *run
	lane   *Lane
	topic  *topic
	stream Stream
	ledger Ledger

	isOpen    bool
	isSettled bool  // the first opening came to an end, good or bad
	isPending bool  // subscribed while its first headers were pending
	opened    int64 // of the stream that is or was open
	requested int64
	down      int64 // when an open stream ended; zero: never, or open again
	reopenDue int64 // when the next dial should start; zero: no reconnection
	lastEvent int64 // on this stream; zero: none yet
	observed  emission
	revealed  []revealed // observe mode with a sequence
}

// revealed says from which sequence on the subscriber came to know of events in a phase: a server that numbers by itself tells no due times.
type revealed struct {
	from  uint64
	phase int
}

// phaseOf gives the phase in which the sequence, or a later one behind a gap, was received first.
func (s *subscription) phaseOf(seq uint64) int {
	for i := len(s.revealed) - 1; i > 0; i-- {
		if seq >= s.revealed[i].from {
			return s.revealed[i].phase
		}
	}
	return s.revealed[0].phase
}

// Opened implements Sink.
func (s *subscription) Opened(o *Opening) {
	tl, v := s.run.timeline, s.lane.shard.current()
	v.Add(results.ConnectionsAttempted, 1)
	v.Add(results.ConnectionsOpened, 1)
	s.recordOpening(v, o)
	s.opened, s.requested, s.lastEvent, s.observed = tl.since(o.Headers), tl.since(o.Requested), 0, emission{}
	s.isOpen = true
	s.run.streamOpened()
	s.settle()
	if s.down > 0 {
		v.Add(results.ReconnectCount, 1)
		v.Record(results.ReconnectDowntime, s.opened-s.down)
		s.down = 0
	}
	if s.isPending && s.requested > s.run.sender.start { // its request was not out yet when publishing started
		s.unsubscribe()
	}
	if s.isPending {
		s.isPending = false
		s.run.headersDelayed.Add(1)
	}
	if !s.ledger.Started() {
		first, sure := s.topic.subscribe(s.requested, s.opened)
		s.ledger.Start(first, sure, s.client.Streams())
	}
}

// unsubscribe takes a pending subscription back.
func (s *subscription) unsubscribe() {
	s.isPending = false
	s.topic.unsubscribe()
	s.run.events.unsubscribed()
	s.ledger = Ledger{}
}

func (s *subscription) recordOpening(v *results.Values, o *Opening) {
	v.Record(results.ConnectLag, int64(o.DialStart.Sub(o.Due)))
	if !o.Dialed.IsZero() {
		v.Record(results.ConnectDial, int64(o.Dialed.Sub(o.DialStart)))
	}
	if !o.TLSDone.IsZero() {
		v.Record(results.ConnectTLS, int64(o.TLSDone.Sub(o.Dialed)))
	}
	v.Record(results.ConnectHeaders, int64(o.Headers.Sub(o.Requested)))
	v.Record(results.ConnectTotal, int64(o.Headers.Sub(o.Due)))
	s.recordDelay(v, o.DialStart)
}

// recordDelay compares the wait before a reconnection with the reconnection time in force.
func (s *subscription) recordDelay(v *results.Values, dialStart time.Time) {
	if s.reopenDue > 0 && !dialStart.IsZero() {
		v.Record(results.ReconnectDelayError, s.run.timeline.since(dialStart)-s.reopenDue)
	}
	s.reopenDue = 0
}

// Event implements Sink.
func (s *subscription) Event(ev *sse.Event, at time.Time) {
	now := s.run.timeline.since(at)
	v := s.lane.shard.current()
	v.Add(results.EventsReceived, 1)
	v.Add(results.PayloadReceived, int64(len(ev.Data)))
	if !utf8.Valid(ev.Data) {
		v.Add(results.EventsInvalidUTF8, 1)
	}
	if s.lastEvent == 0 {
		v.Record(results.ConnectFirstEvent, now-s.requested)
	} else {
		v.Record(results.EventsInterval, now-s.lastEvent)
	}
	s.lastEvent = now
	s.lane.shard.lastRead = now
	s.run.account(s, ev.Data, now)
}

// marks accounts for every mark in the data of an event.
func (s *subscription) marks(data []byte, now int64) {
	for {
		m, intact, rest, ok := stamp.Next(data)
		if !ok {
			return
		}
		data = rest
		if m.Run != s.run.number || m.Topic != s.topic.index || m.Seq == 0 || m.Seq > s.topic.started.Load() {
			s.lane.shard.current().Add(results.DeliveriesUnexpected, 1)
			continue
		}
		tl := s.run.timeline
		s.receive(m.Seq, tl.fromUnix(m.Due), tl.fromUnix(m.Sent), now, intact)
	}
}

// extracted accounts for an event whose payload has no room for a mark.
func (s *subscription) extracted(data []byte, now int64) {
	seq, ok := s.run.sequence.number(data)
	if !ok {
		return
	}
	c, ok := s.topic.call(seq)
	if !ok {
		s.lane.shard.current().Add(results.DeliveriesUnexpected, 1)
		return
	}
	s.receive(seq, c.due, c.started, now, true)
}

// receive enters one receipt of an event of our topic.
func (s *subscription) receive(seq uint64, due, sent, now int64, intact bool) {
	shard := &s.lane.shard
	v := shard.of(s.run.timeline.phaseAt(due))
	r := s.ledger.Receive(seq, s.client.Streams())
	switch {
	case r.Unexpected:
		v.Add(results.DeliveriesUnexpected, 1)
		return
	case r.Duplicate:
		v.Add(results.DeliveriesDuplicate, 1)
		return
	case r.Reordered:
		if !s.run.concurrent {
			v.Add(results.DeliveriesReordered, 1)
		}
	}
	v.Add(results.DeliveriesReceived, 1)
	if !intact {
		v.Add(results.DeliveriesCorrupt, 1)
	}
	latency := now - due
	if s.run.lateAfter > 0 && latency > s.run.lateAfter {
		v.Add(results.DeliveriesLate, 1)
	}
	if s.client.Streams() > 1 && sent < s.opened {
		v.Add(results.DeliveriesReplayed, 1)
		v.Record(results.FanoutReplayed, latency)
	} else {
		v.Record(results.FanoutLatency, latency)
		v.Record(results.FanoutFromSend, now-sent)
	}
	shard.page.receipt(eventKey{s.topic.index, seq}, now, r.Sure)
}

// Comment implements Sink.
func (s *subscription) Comment([]byte, time.Time) {
	s.lane.shard.current().Add(results.EventsComments, 1)
}

// Retry implements Sink.
func (s *subscription) Retry(int64) {}

// Ended implements Sink.
func (s *subscription) Ended(e *Ending, discarded bool, next Next) {
	v := s.lane.shard.current()
	if discarded && e.Token != TokenCut {
		v.Add(results.EventsDiscarded, 1)
	}
	if e.Opened {
		s.endOpen(v, e, discarded)
	} else {
		s.endAttempt(v, e)
	}
	if next.Stranded {
		v.AddBy(results.ReconnectStranded, e.Token, 1)
	}
	if next.Reopen {
		s.reopenDue = s.run.timeline.since(next.At)
		return
	}
	s.settle()
	if e.Token != TokenCut && s.ledger.Started() {
		s.run.events.ended(s)
	}
}

// endOpen accounts for the end of a stream that was open.
func (s *subscription) endOpen(v *results.Values, e *Ending, discarded bool) {
	now := s.run.timeline.since(e.At)
	s.isOpen = false
	s.run.streamClosed()
	if s.lastEvent == 0 && e.Token == TokenEOF {
		v.Add(results.RequestsEmpty, 1)
	}
	if s.observed.buffered() {
		s.run.buffered.Add(1)
	}
	if e.Token == TokenCut {
		return
	}
	token := e.Token
	if discarded && token == TokenEOF {
		token = "eof_mid_event"
	}
	v.AddBy(results.ConnectionsClosedByServer, token, 1)
	v.Record(results.StreamAge, now-s.opened)
	s.down = now
	if e.Message != "" {
		s.run.notes.add(token, e.Message, 1)
	}
}

// endAttempt accounts for an opening that came to nothing.
func (s *subscription) endAttempt(v *results.Values, e *Ending) {
	s.recordDelay(v, e.DialStart)
	switch {
	case e.Token != TokenCut:
		v.Add(results.ConnectionsAttempted, 1)
		v.AddBy(results.ConnectionsFailed, e.Token, 1)
		s.run.notes.add(e.Token, e.Message, 1)
	case !e.DialStart.IsZero(): // else it never began
		v.Add(results.ConnectionsAttempted, 1)
		v.Add(results.ConnectionsAbandoned, 1)
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
