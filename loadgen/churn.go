package loadgen

import (
	"context"
	"math/rand/v2"
	"sync"

	"ssebench/results"
	"ssebench/scenarios"
)

// churn lets subscribers leave at the phase's rate until its end. Each is followed at once by a new one with the same request: another
// visitor who opens the page.
func (r *run) churn(ctx context.Context, phase int, begun, end int64) error {
	plan := r.plan.Phases[phase].Churn
	schedule := Constant{PerSecond: plan.Rate}
	lots := rand.New(rand.NewPCG(r.plan.Seed, uint64(phase)<<32|0x636875726e))
	for n := int64(0); ; n++ {
		due := begun + int64(schedule.At(n))
		if due >= end {
			return r.wait(ctx, end)
		}
		if err := r.wait(ctx, due); err != nil {
			return err
		}
		if err := r.replaceOne(lots, plan, due); err != nil {
			r.fail(err.Error())
			return err
		}
	}
}

// replaceOne lets one of those who have a stream leave, drawn by lot. Where hardly anybody has one it may find none.
func (r *run) replaceOne(lots *rand.Rand, plan *scenarios.ChurnPlan, due int64) error {
	const tries = 100
	for range tries {
		client := lots.IntN(len(r.subscriptions))
		if s := r.subscriptions[client]; r.departures.leave(s) {
			r.endStream(s, cuts[plan.By])
			next, err := r.open(client, due)
			if err == nil {
				r.subscriptions[client] = next
			}
			return err
		}
	}
	r.notes.add("churn_nobody", "nobody could leave: hardly a stream is open", 1)
	return nil
}

// departures are the subscriptions that left by plan. Their accounts are closed as soon as the calls of the hook are answered that were
// under way, so that a run of any length holds only a moment's worth of them.
type departures struct {
	run *run

	mu      sync.Mutex // taken with a lane held
	waiting []*departure
	ended   map[*subscription]bool // whose streams are over
	vacant  []*subscription        // whose accounts are closed
}

// departure is a subscription that left: it expects the events up to end; those after flying-1 that did not come were on their way.
type departure struct {
	s           *subscription
	end, flying uint64
}

// leave marks a subscription as leaving if its stream is open; the caller then cuts it.
func (d *departures) leave(s *subscription) bool {
	r := d.run
	s.lane.Hold()
	defer s.lane.Release()
	if !s.isOpen || s.special&leaving != 0 || !r.senders.part(s) {
		return false
	}
	s.special |= leaving
	s.lane.shard.current().Add(results.ConnectionsLeft, 1)
	left := &departure{s: s}
	if s.ledger.Started() {
		left.end, left.flying = s.topic.leave(&s.ledger, r.timeline.now()-int64(r.plan.Drain))
		r.events.unsubscribed()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, left)
	return true
}

// left says that the stream of one who leaves is over. The lane is held.
func (d *departures) left(s *subscription) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended == nil {
		d.ended = make(map[*subscription]bool)
	}
	d.ended[s] = true
}

// close closes the accounts that can be closed; at the end of the run, when no call is under way, all of them. run.mu is held.
func (d *departures) close(all bool) {
	d.mu.Lock()
	waiting := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	var kept []*departure
	for _, left := range waiting {
		s := left.s
		d.mu.Lock()
		over := d.ended[s]
		d.mu.Unlock()
		if !all && (!over || s.ledger.Started() && !s.topic.answeredTo(left.end)) {
			kept = append(kept, left)
			continue
		}
		d.run.closeDeparted(left)
		d.mu.Lock()
		delete(d.ended, s)
		d.vacant = append(d.vacant, s)
		d.mu.Unlock()
	}
	d.mu.Lock()
	d.waiting = append(d.waiting, kept...)
	d.mu.Unlock()
}

// reuse gives the memory of one who left and whose account is closed; nil if there is none.
func (d *departures) reuse() *subscription {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.vacant)
	if n == 0 {
		return nil
	}
	s := d.vacant[n-1]
	d.vacant = d.vacant[:n-1]
	return s
}

// closeDeparted closes one account. What was on its way when the subscriber left is expected only where it came.
func (r *run) closeDeparted(left *departure) {
	s := left.s
	switch {
	case r.plan.Publish == nil:
		if r.sequence != nil {
			r.closeObserved(s)
		}
	case s.ledger.Started():
		account := s.topic.accountOf(left.end)
		if left.flying <= left.end {
			account.failed = cover(account.failed, Range{left.flying, left.end})
		}
		r.events.miss(r.closeLedger(s, &account))
	}
}

// cover puts a last range over ranges that ascend.
func cover(ranges []Range, last Range) []Range {
	for n := len(ranges); n > 0 && ranges[n-1].To >= last.From; n-- {
		last.From = min(last.From, ranges[n-1].From)
		ranges = ranges[:n-1]
	}
	return append(ranges, last)
}
