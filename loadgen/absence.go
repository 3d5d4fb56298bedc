package loadgen

import (
	"bytes"
	"sort"

	"ssebench/results"
)

// absence is what became of a subscription that lost its stream: what it missed, and what the server replayed on the next one. It lasts
// until that one ends too. Only a subscription that lost a stream has one, and only one: the numbers are in the tables of the run.
type absence struct {
	from, to uint64 // sequences that were published while no stream was open; none if to < from
	last     uint64 // highest of these on this stream
	lastAt   int64  // when one of them came last
	outage   int32  // phase of the outage that took the stream; 0: none did
	phase    int32  // in which the stream opened again

	excused uint64 // the first sequence that is expected only where it came, after which nobody had a place for it; 0: none

	displaced bool // it waits for a connection of its browser: see displaced.go

	away     bool // the stream is gone and will be opened again
	stranded bool // it will not
	back     bool // it is open again: what comes is looked at

	replayed, twice, reordered, overlapping bool
	live                                    bool // an event that was published after the stream opened came
	declared                                bool // the server said that something is missing
}

// The classes of a reconnection by what the server replayed. Each has one, the first that holds.
const (
	replayDeclared    = "declared"    // something is missing, and the server said so
	replayNone        = "none"        // something was missed, and nothing of it came
	replayPartial     = "partial"     // not all of it came
	replayTwice       = "twice"       // what had come before came again
	replayReordered   = "reordered"   // it came out of order
	replayOverlapping = "overlapping" // a live event came before it was over
	replayNothing     = "nothing"     // nothing was missed
	replayExact       = "exact"       // all of it came, once and in order
)

// drop begins an absence; the lane is held. The stream's own absence is over with it.
func (s *subscription) drop(next Next, now int64) {
	if s.out != nil {
		s.judgeReplay(s.lane.shard.of, s.lane.shard.storm)
	} else {
		s.out = new(absence)
	}
	*s.out = absence{away: next.Reopen, stranded: next.Stranded, outage: s.run.disrupted.Load()}
	s.special &^= survivor
	if next.Reopen {
		s.run.away.Add(1)
	}
	s.run.lastDrop.Store(now)
	if bin := s.lane.shard.bin(s.run, now); bin != nil {
		bin.Dropped++
	}
}

// giveUp is called when a subscriber will not come back.
func (s *subscription) giveUp(token string) {
	if s.out == nil {
		return
	}
	if s.out.away {
		s.out.away, s.out.stranded = false, true
		s.run.away.Add(-1)
	}
	if outage := s.out.outage; outage > 0 && outage == s.run.disrupted.Load() {
		results.Count(&s.lane.shard.storm(outage).Stranded, token)
	}
}

// comeBack is called when the stream is open again.
func (s *subscription) comeBack() {
	if s.out == nil || !s.out.away {
		return
	}
	s.out.away, s.out.back = false, true
	s.run.away.Add(-1)
	s.out.phase = int32(s.run.timeline.current())
	s.out.from = s.ledger.Highest() + 1
	s.out.to = s.topic.startedBy(s.opened)
}

// receipt looks at a receipt while the absence lasts.
func (a *absence) receipt(seq uint64, r Receipt, now int64) {
	switch {
	case seq > a.to:
		a.live = true
	case r.Duplicate, r.Stale:
		a.twice = true
	case r.First && seq >= a.from:
		a.replayed = true
		a.reordered = a.reordered || seq < a.last
		a.overlapping = a.overlapping || a.live
		a.last, a.lastAt = max(a.last, seq), now
	}
}

// judgeReplay gives the reconnection its class, in the phase in which it happened and in the table of the outage that caused it. The
// numbers go to where the caller keeps them: the lane's shard while the run lasts, the recorder at its end.
func (s *subscription) judgeReplay(values func(phase int) *results.Values, storm func(phase int32) *results.OutagePart) {
	a := s.out
	if !a.back || !s.ledger.Started() || s.run.plan.Publish == nil {
		return
	}
	a.back = false
	window := Range{a.from, a.to}
	missing := a.to >= a.from && s.ledger.lacks(window, s.topic.holes(window), s.run.plan.Publish.Conflates)
	class := a.class(missing)
	v := values(int(a.phase))
	v.AddBy(results.ReconnectReplays, class, 1)
	if a.replayed && !missing {
		v.Record(results.ReconnectCaughtUp, a.lastAt-s.opened)
	}
	if a.outage == 0 {
		return
	}
	part := storm(a.outage)
	results.Count(&part.Replays, class)
	if a.replayed && !missing {
		if part.CaughtUp == nil {
			part.CaughtUp = results.NewHistogram()
		}
		part.CaughtUp.Record(a.lastAt - s.opened)
	}
}

func (a *absence) class(missing bool) string {
	switch {
	case missing && a.declared:
		return replayDeclared
	case missing && !a.replayed:
		return replayNone
	case missing:
		return replayPartial
	case a.twice:
		return replayTwice
	case a.reordered:
		return replayReordered
	case a.overlapping:
		return replayOverlapping
	case a.to < a.from:
		return replayNothing
	}
	return replayExact
}

// lacks says whether an event of the range is missing that was due to come. With a server that conflates, one that is followed by a newer
// event is not.
func (l *Ledger) lacks(r Range, holes []Range, conflates bool) (missing bool) {
	look := func(g Range) {
		from, to := max(g.From, r.From), min(g.To, r.To)
		if from <= to {
			split(Range{from, to}, holes, func(Range) { missing = true }, func(Range) {})
		}
	}
	if !conflates {
		missing = l.settled() >= r.From && l.settled() <= r.To
		i := sort.Search(len(l.gaps()), func(i int) bool { return l.gaps()[i].To >= r.From })
		for _, g := range l.gaps()[i:] {
			if g.From > r.To {
				break
			}
			look(g.Range)
		}
	}
	look(Range{l.next, r.To})
	return missing
}

// declares says whether an event or a comment is the one by which the server declares a gap.
func (r *run) declares(event, comment []byte) bool {
	switch {
	case r.plan.Gap == nil:
		return false
	case r.gapComment != nil:
		return comment != nil && r.gapComment.Match(comment)
	}
	return len(event) > 0 && string(event) == r.plan.Gap.Event
}

// watchIDs compares the step of the event IDs with that of the sequence, before a receipt that is the first of its stream or leaves a gap. A
// server that numbers what it sends, after it dropped some, has IDs that hide the loss from every client.
func (s *subscription) watchIDs(v *results.Values, seq uint64) {
	s.special &^= fresh
	n, ok := number(s.client.LastEventID())
	if !ok {
		s.special &^= numbered
		return
	}
	base := uint32(n - seq)
	if skipped := seq - s.ledger.Highest() - 1; s.special&numbered != 0 && seq > s.ledger.Highest()+1 && base == s.idBase-uint32(skipped) {
		v.Add(results.DeliveriesIDsHideLoss, int64(skipped))
		s.run.notes.add("ids_hide_loss", "event IDs count on by one where events are missing: the server numbers what it sends after it dropped some, so no client can see the loss", 1)
	}
	s.idBase = base
	s.special |= numbered
}

// number reads the digits at the end of an event ID; ok is false where there are none.
func number(id []byte) (n uint64, ok bool) {
	digits := id[len(bytes.TrimRight(id, "0123456789")):]
	for _, c := range digits[max(0, len(digits)-19):] {
		n = n*10 + uint64(c-'0')
	}
	return n, len(digits) > 0
}
