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

// emitted accounts for an event that the server sent by itself.
func (s *subscription) emitted(data []byte, now int64) {
	v := s.lane.shard.current()
	if s.run.sentAt != nil {
		if unix, ok := s.run.sentAt(data); ok {
			sent := s.run.timeline.fromUnix(unix)
			v.Record(results.ObservedLatency, now-sent)
			s.observed.add(sent, now)
		} else {
			s.run.notes.add("observe_time", "an event's data holds no time at observe.time in observe.unit", 1)
		}
	}
	if s.run.sequence == nil {
		return
	}
	seq, ok := s.run.sequence.number(data)
	if !ok || seq == 0 {
		return
	}
	if len(s.revealed) == 0 { // the server's own numbering starts anywhere
		s.ledger.Start(seq, seq, s.client.Streams())
	}
	if phase := s.run.timeline.current(); seq > s.ledger.Highest() && (len(s.revealed) == 0 || s.revealed[len(s.revealed)-1].phase != phase) {
		s.revealed = append(s.revealed, revealed{s.ledger.Highest() + 1, phase})
	}
	if seq >= s.ledger.First() {
		v = s.lane.shard.of(s.phaseOf(seq))
	}
	switch r := s.ledger.Receive(seq, s.client.Streams()); {
	case r.Unexpected:
		v.Add(results.DeliveriesUnexpected, 1)
	case r.Duplicate:
		v.Add(results.DeliveriesDuplicate, 1)
	default:
		if r.Reordered {
			v.Add(results.DeliveriesReordered, 1)
		}
		v.Add(results.DeliveriesReceived, 1)
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
