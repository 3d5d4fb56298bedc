package loadgen

import (
	"fmt"
	"time"
)

// held is what a lane knows of events and answers that something held back on their way.
type held struct {
	block    block
	receipts int64 // of published events as they came, without replays
	inBlocks int64 // of these, those that came in a block
	streams  int64 // whose first events came in a block
	longest  int64 // time from the first event of a block to the block

	// Streams whose response headers came when publishing had begun, before their first event.
	delayed map[*subscription]struct{}
	// Those of them whose first event came with the headers, and those that got nothing of what was published before.
	withEvent, late int64
}

// block is what one read brought of published events. It is one where they were sent over a second or more.
type block struct {
	events    int64
	firstSent int64
	isFirst   bool // of its stream
	isHeld    bool
}

// longHeld is from what time on something is held back, and not only slow: in nanoseconds.
const longHeld = int64(time.Second)

// watchBlock looks at a receipt, sent and received at these instants. A replay, and the answer to a poll, bring many events at once as they should.
func (s *subscription) watchBlock(sent, now int64) {
	h := &s.lane.shard.held
	if s.special&inPolls != 0 || s.client.Streams() > 1 && sent < s.opened {
		return
	}
	h.receipts++
	b := &h.block
	if b.events++; b.events == 1 {
		b.firstSent, b.isFirst = sent, s.special&fresh != 0 && s.client.Streams() == 1
		return
	}
	switch {
	case b.isHeld:
		h.inBlocks++
	case sent-b.firstSent >= longHeld && s.lane.shard.inRead > 1:
		b.isHeld = true
		h.inBlocks += b.events
		h.longest = max(h.longest, now-b.firstSent)
		if b.isFirst {
			h.streams++
		}
	}
}

// delay notes a stream whose response headers came when publishing had begun.
func (s *shard) delay(of *subscription) {
	if s.held.delayed == nil {
		s.held.delayed = make(map[*subscription]struct{})
	}
	s.held.delayed[of] = struct{}{}
}

// undelay says what the first receipt of such a stream tells of it: the event, and how old it was.
func (s *shard) undelay(of *subscription, seq uint64, age int64) {
	if _, delayed := s.held.delayed[of]; !delayed {
		return
	}
	delete(s.held.delayed, of)
	before := Range{of.ledger.First(), seq - 1}
	switch {
	case !of.run.plan.Publish.Conflates && of.ledger.lacks(before, of.topic.holes(before), false):
		s.held.late++
	case age < longHeld:
		s.held.withEvent++
	}
}

// forget is called when a stream ends: one that got nothing was late.
func (s *shard) forget(of *subscription) {
	if _, delayed := s.held.delayed[of]; delayed {
		delete(s.held.delayed, of)
		s.held.late++
	}
}

// mostlyHeld is the share of receipts in blocks from which on a server, or what is before it, sends in blocks. A server that stood still once
// and caught up does not.
const mostlyHeld = 0.8

// noteHeld says what was held back. The streams are over.
func (r *run) noteHeld() {
	var all held
	for _, l := range r.lanes {
		l.Hold()
		h := &l.shard.held
		all.receipts, all.inBlocks = all.receipts+h.receipts, all.inBlocks+h.inBlocks
		all.streams, all.longest = all.streams+h.streams, max(all.longest, h.longest)
		all.withEvent, all.late = all.withEvent+h.withEvent, all.late+h.late
		l.Release()
	}
	if n := all.withEvent; n > 0 {
		r.notes.add("headers_delayed", fmt.Sprintf("%d streams got no response headers until after publishing had started: the server sends them only with the first event, "+
			"so a client cannot tell an open stream from a hanging one", n), 1)
	}
	if n := all.late; n > 0 {
		r.notes.add("opened_late", fmt.Sprintf("%d streams got their response headers only after publishing had started, and nothing of what was published before: "+
			"the server let them wait, as one does that has no worker or connection free", n), 1)
	}
	const look = "look for a missing flush or a buffering proxy (nginx: proxy_buffering off)"
	if n := r.buffered.Load(); n > 0 {
		r.notes.add("buffered", fmt.Sprintf("%d streams were buffered: the server wrote events over a second or more and all of them came at once; %s", n, look), 1)
	}
	if all.receipts > 0 && float64(all.inBlocks) >= mostlyHeld*float64(all.receipts) {
		r.notes.add("buffered", fmt.Sprintf("%d streams were buffered: events that were published over a second or more came at once, in blocks, up to %s after the first of them; %s",
			all.streams, time.Duration(all.longest).Round(10*time.Millisecond), look), 1)
	}
}
