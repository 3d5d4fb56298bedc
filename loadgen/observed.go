package loadgen

import (
	"time"

	"ssebench/results"
)

// emission is the spread of what the server wrote against when it came, on one stream.
type emission struct {
	events               int64
	firstSent, firstSeen int64
	lastSent, lastSeen   int64
}

// observation is what a subscription knows of a server that emits by itself.
type observation struct {
	emission
	revealed []revealed // with a sequence
}

// revealed says from which sequence on the subscriber came to know of events in a phase: a server that numbers by itself tells no due times.
type revealed struct {
	from  uint64
	phase int
}

// phaseOf gives the phase in which the sequence, or a later one behind a gap, was received first.
func (o *observation) phaseOf(seq uint64) int {
	for i := len(o.revealed) - 1; i > 0; i-- {
		if seq >= o.revealed[i].from {
			return o.revealed[i].phase
		}
	}
	return o.revealed[0].phase
}

// each adds a range of sequences to a counter, in the phases in which the subscriber came to know of them.
func (o *observation) each(rg Range, id results.ID, values func(phase int) *results.Values) {
	for i, from := range o.revealed {
		part := Range{max(rg.From, from.from), rg.To}
		if i+1 < len(o.revealed) {
			part.To = min(part.To, o.revealed[i+1].from-1)
		}
		if part.From <= part.To {
			values(from.phase).Add(id, int64(part.To-part.From+1))
		}
	}
}

func (s *subscription) loseObserved(values func(phase int) *results.Values) func(Range, LossKind) {
	return func(rg Range, kind LossKind) {
		s.observed().each(rg, results.DeliveriesLost, values)
		s.observed().each(rg, lossMetric[kind], values)
	}
}

// counted enters when an event came.
func (s *subscription) counted(_ *reading, _ []byte, now int64) {
	if p := s.lane.shard.page; p != nil {
		p.flowUsed = countIn(p.flow[:], p.flowUsed, binOf(now))
	}
}

// emitted accounts for an event that the server sent by itself.
func (s *subscription) emitted(says *reading, data []byte, now int64) {
	s.counted(nil, nil, now)
	shard := &s.lane.shard
	v := shard.current()
	if s.run.sentAt != nil {
		if says.isSent {
			v.Record(results.ObservedLatency, now-says.sent)
			s.observed().add(says.sent, now)
			shard.timed++
			shard.digits = max(shard.digits, says.digits)
		} else {
			shard.untimed.add(data)
		}
	}
	seq, o := says.seq+1, s.observed() // the ledger counts from 1, and servers from 0 or from anywhere
	if !says.hasSeq || seq == 0 {
		return
	}
	if len(o.revealed) == 0 { // the server's own numbering starts anywhere
		s.ledger.Start(seq, seq, s.client.Streams())
	}
	if phase := s.run.timeline.current(); seq > s.ledger.Highest() && (len(o.revealed) == 0 || o.revealed[len(o.revealed)-1].phase != phase) {
		o.revealed = append(o.revealed, revealed{s.ledger.Highest() + 1, phase})
	}
	if seq >= s.ledger.First() {
		v = s.lane.shard.of(o.phaseOf(seq))
	}
	switch r := s.ledger.Receive(seq, s.client.Streams()); {
	case r.Unexpected:
		v.AddBy(results.DeliveriesUnexpected, results.UnexpectedEarlier, 1)
	case r.Stale:
		v.Add(results.DeliveriesStale, 1)
	case r.Duplicate:
		v.Add(results.DeliveriesDuplicate, 1)
	default:
		if r.Reordered {
			v.Add(results.DeliveriesReordered, 1)
		}
		v.Add(results.DeliveriesReceived, 1)
	}
	if s.ledger.IsFull() {
		s.ledger.Settle(s.ledger.Oldest().To, nil, s.loseObserved(s.lane.shard.of), func(Range) {})
	}
}

func (e *emission) add(sent, seen int64) {
	if e.events == 0 {
		e.firstSent, e.firstSeen = sent, seen
	}
	e.lastSent, e.lastSeen = sent, seen
	e.events++
}

// buffered says whether something held the stream back: the server wrote over a second or more, and all came within a tenth of
// that time.
func (e *emission) buffered() bool {
	wrote := e.lastSent - e.firstSent
	return e.events > 1 && wrote >= int64(time.Second) && e.lastSeen-e.firstSeen < wrote/10
}
