package loadgen

import (
	"time"

	"ssebench/loadgen/sse"
	"ssebench/results"
	"ssebench/scenarios"
)

// subscription is a subscriber of a run together with its account: it turns what the Subscriber understands into metrics. It is
// the Subscriber's Sink, so all its methods run with the lane held. Instants are nanoseconds since the run's start. What an event
// touches stands first, side by side: with tens of thousands of streams, all of it is fetched from memory for every event.
type subscription struct {
	client Subscriber
	*place
	ledger    Ledger
	out       *absence // nil: it never lost a stream
	lastEvent int64    // on this stream; below zero: none yet, and the request was written at -1 less that
	opened    int64    // of the stream that is or was open
	silence   uint32   // longest time without an event or comment on this stream, ms
	comment   uint32   // when one came last on this stream, ms since the run's start; zero: none yet
	idBase    uint32   // the number at the end of the last event ID less the sequence, if special has numbered
	special   special  // what is not as usual with it; mostly nothing

	isOpen    bool
	isSettled bool         // the first opening came to an end, good or bad
	isPending bool         // subscribed while its first headers were pending
	down      int64        // when an open stream ended; zero: never, or open again
	reopenDue int64        // when the next dial should start; zero: no reconnection
	own       *particulars // what an ordinary one has no use for; nil: nothing
	stream    Stream
}

// special is a set of what sets a subscription apart. An ordinary one, whose set is empty, is spared all the looking.
type special uint8

const (
	slow     special = 1 << iota // it does not read as fast as the server writes, and has no account
	leaving                      // it leaves by plan: what still comes is too late for its account
	severed                      // an outage cuts its stream on our side
	survivor                     // no outage has dropped it, or will cut it
	fresh                        // no event has come on this stream yet
	numbered                     // idBase is known
	recorded                     // the flight recorder has it
	inPolls                      // it polls
)

// particulars are what only the subscriptions of some runs have.
type particulars struct {
	observed *observation // nil: the server does not emit by itself
	polls    *polls       // nil: it does not poll
}

// observed is what it knows of a server that emits by itself; nil: the server does not.
func (s *subscription) observed() *observation {
	if s.own == nil {
		return nil
	}
	return s.own.observed
}

// place is where subscriptions belong that share lane and topic.
type place struct {
	run   *run
	lane  *Lane
	topic *topic
}

// newSubscription makes the subscription of a client, out of a slab that neighbours share.
func (r *run) newSubscription(client int) *subscription {
	if len(r.slab) == 0 {
		r.slab = make([]subscription, 151) // fills the allocator's largest size, 32 KiB
	}
	s := r.departures.reuse()
	if s != nil {
		*s = subscription{}
	} else {
		s, r.slab = &r.slab[0], r.slab[1:]
	}
	if !r.lots.reads(r.plan, client) {
		s.special |= slow
	} else if r.lots.rank != nil && r.lots.spares(r.plan, client) {
		s.special |= survivor
	}
	at := place{r, r.lanes[client/max(r.plan.Tabs, 1)%len(r.lanes)], r.topics[client%len(r.topics)]}
	if r.places[at] == nil {
		r.places[at] = &at
	}
	s.place = r.places[at]
	if r.plan.Observe != nil || r.polling != nil {
		s.own = new(particulars)
	}
	if r.plan.Observe != nil {
		s.own.observed = new(observation)
	}
	if r.polling != nil {
		s.special |= inPolls
		s.own.polls = new(polls)
	}
	return s
}

// Policy implements Sink.
func (s *subscription) Policy() *scenarios.ReconnectPolicy { return &s.run.plan.Reconnect }

// Opened implements Sink.
func (s *subscription) Opened(o *Opening) {
	tl, v := s.run.timeline, s.lane.shard.current()
	v.Add(results.ConnectionsAttempted, 1)
	v.AddBy(results.ConnectionsOpened, o.Remote, 1)
	s.recordOpening(v, o)
	requested := tl.since(o.Requested)
	s.opened, s.lastEvent, s.comment, s.silence = tl.since(o.Headers), -1-requested, 0, 0
	s.special |= fresh
	if o := s.observed(); o != nil {
		o.emission = emission{}
	}
	s.isOpen = true
	s.countTab(1)
	s.run.streamOpened(s.special&slow != 0)
	s.run.senders.enter(s)
	s.settle()
	if s.special&recorded != 0 {
		s.lane.shard.flights.opened(s, o, s.opened)
	}
	if s.down > 0 {
		v.Add(results.ReconnectCount, 1)
		v.Record(results.ReconnectDowntime, s.opened-s.down)
		s.down = 0
		s.comeBack()
	}
	s.lane.shard.attempt(o.DialStart, s.run)
	if bin := s.lane.shard.bin(s.run, s.opened); bin != nil {
		bin.Opened++
	}
	if s.special&slow != 0 {
		v.Add(results.SlowOpened, 1)
		return
	}
	if s.isPending && !s.askedBy(o.Requested) {
		s.unsubscribe()
	}
	if s.isPending {
		s.isPending = false
		s.lane.shard.delay(s)
	}
	if !s.ledger.Started() {
		first, sure := s.topic.subscribe(requested, s.opened)
		s.ledger.Start(first, sure, s.client.Streams())
	}
}

// Queued implements Queuer.
func (s *subscription) Queued(waits bool) {
	shard, n := &s.lane.shard, int64(1)
	switch {
	case waits == shard.queued[s]:
		return
	case waits:
		if shard.queued == nil {
			shard.queued = make(map[*subscription]bool)
		}
		shard.queued[s] = true
	default:
		delete(shard.queued, s)
		n = -1
	}
	if !s.isSettled {
		s.run.queued.Add(n)
	}
	s.displace(waits)
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
		v.Record(results.ConnectDial, int64(o.Dialed.Sub(o.DialStart)-o.Queued))
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

// Read implements Sink.
func (s *subscription) Read(b []byte, at time.Time) *sse.Repeat {
	shard := &s.lane.shard
	shard.startRead(b, s.run.timeline.since(at))
	if len(shard.buffered) > 0 && shard.buffered[s] > 0 {
		_ = s.Hold(s.client.parser.Buffered()) // after the read before; less never crosses a limit
	}
	if s.special&recorded != 0 {
		shard.flights.read(s, b, shard.now)
	}
	return &shard.repeats[s.topic.index%uint32(len(shard.repeats))]
}

// Event implements Sink.
func (s *subscription) Event(ev *sse.Event) {
	shard := &s.lane.shard
	v, now := shard.current(), shard.now
	v.Add(results.EventsReceived, 1)
	v.Add(results.PayloadReceived, int64(len(ev.Data)))
	if s.special&inPolls != 0 {
		s.own.polls.events++
	}
	if shard.inRead++; shard.inRead == 2 {
		v.Add(results.ReadsCoalesced, 1)
	}
	shard.lastRead = now
	if s.special&(slow|leaving) != 0 {
		return
	}
	if s.lastEvent < 0 {
		v.Record(results.ConnectFirstEvent, now-(-1-s.lastEvent))
		s.heard(now)
	} else {
		v.Record(results.EventsInterval, now-s.lastEvent)
		if now-s.lastEvent > int64(s.silence)*millisecond {
			s.heard(now)
		}
	}
	s.lastEvent = now
	if s.out != nil && s.out.back && s.run.declares(ev.Type, nil) {
		s.out.declared = true
	}
	if !s.run.listens(ev.Name()) {
		v.Add(results.PayloadUnused, int64(len(ev.Data)))
		return
	}
	says := shard.readings.of(s.run, ev.Data)
	if !says.valid {
		v.Add(results.EventsInvalidUTF8, 1)
	}
	s.run.account(s, says, ev.Data, now)
}

// marks accounts for every mark in the data of an event.
func (s *subscription) marks(says *reading, data []byte, now int64) {
	if len(says.marks) == 0 {
		s.unreadable(data)
	}
	for i := range says.marks {
		m := &says.marks[i]
		if why := s.foreign(m); why != "" {
			s.lane.shard.current().AddBy(results.DeliveriesUnexpected, why, 1)
			continue
		}
		s.receive(m.Seq, m.due, m.sent, now, m.intact)
	}
}

// foreign says why a mark is none of ours; empty: it is.
func (s *subscription) foreign(m *markRead) string {
	switch {
	case m.Run != s.run.number:
		return results.UnexpectedRun
	case m.Topic != s.topic.index:
		return results.UnexpectedTopic
	case m.Seq == 0 || m.Seq > s.topic.started.Load():
		return results.UnexpectedUnpublished
	}
	return ""
}

// unreadable accounts for an event in which nothing says which one it is.
func (s *subscription) unreadable(data []byte) {
	s.lane.shard.current().Add(results.DeliveriesUnreadable, 1)
	s.lane.shard.unreadable.add(data)
}

// extracted accounts for an event whose payload has no room for a mark.
func (s *subscription) extracted(says *reading, data []byte, now int64) {
	if !says.hasSeq {
		s.unreadable(data)
		return
	}
	c, ok := s.topic.call(says.seq)
	if !ok {
		s.lane.shard.current().AddBy(results.DeliveriesUnexpected, results.UnexpectedUnpublished, 1)
		return
	}
	s.receive(says.seq, c.due, c.started, now, true)
}

// receive enters one receipt of an event of our topic.
func (s *subscription) receive(seq uint64, due, sent, now int64, intact bool) {
	shard := &s.lane.shard
	v := shard.of(s.run.timeline.phaseAt(due))
	skips := seq > s.ledger.Highest()+1
	s.watchBlock(sent, now)
	if skips || s.special&fresh != 0 {
		shard.undelay(s, seq, now-sent)
		s.watchIDs(v, seq)
	}
	if skips && !s.run.plan.Publish.Conflates {
		shard.flights.lost(s, Range{s.ledger.Highest() + 1, seq - 1})
	}
	r := s.ledger.Receive(seq, s.client.Streams())
	if s.out != nil && s.out.back {
		s.out.receipt(seq, r, now)
	}
	if (skips || r.Reordered) && s.ledger.IsFull() {
		s.settleOldest()
	}
	switch {
	case r.Unexpected:
		v.AddBy(results.DeliveriesUnexpected, results.UnexpectedEarlier, 1)
		return
	case r.Stale:
		v.Add(results.DeliveriesStale, 1)
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
	if s.client.Streams() > 1 && sent < s.opened && s.special&inPolls == 0 {
		v.Add(results.DeliveriesReplayed, 1)
		v.Record(results.FanoutReplayed, latency)
	} else {
		v.Record(results.FanoutLatency, latency)
		v.Record(results.FanoutFromSend, now-sent)
		if s.special&survivor != 0 {
			v.Record(results.FanoutSurvivors, latency)
		}
		if bin := shard.bin(s.run, now); bin != nil {
			bin.LatencyNS = max(bin.LatencyNS, latency)
		}
	}
	shard.page.receipt(eventKey{s.topic.index, seq}, now, r.Sure)
}

// Comment implements Sink.
func (s *subscription) Comment(text []byte) {
	v, now := s.lane.shard.current(), s.lane.shard.now
	v.Add(results.EventsComments, 1)
	if s.comment > 0 {
		v.Record(results.StreamHeartbeat, now-int64(s.comment)*millisecond)
	}
	s.heard(now)
	s.comment = uint32(max(now/millisecond, 1))
	if s.out != nil && s.out.back && s.run.declares(nil, text) {
		s.out.declared = true
	}
}

// Retry implements Sink.
func (s *subscription) Retry(int64) {}

// heard keeps the longest silence. It is called before lastEvent or comment move on.
func (s *subscription) heard(now int64) {
	silent := now - max(s.opened, s.lastEvent, int64(s.comment)*millisecond)
	s.silence = max(s.silence, uint32(max(silent, 0)/millisecond))
}

const millisecond = int64(time.Millisecond)
