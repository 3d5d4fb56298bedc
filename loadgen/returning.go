package loadgen

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ssebench/results"
)

// absentee is a subscriber whose stream had ended when the load was over, and that comes back by its policy.
type absentee struct {
	s       *subscription
	streams uint32 // that it had
}

// listAbsent notes who is away at the start of the drain.
func (r *run) listAbsent() {
	for _, s := range r.subscriptions {
		s.lane.Hold()
		if s.isAway() {
			r.absent = append(r.absent, absentee{s, s.client.Streams()})
		} else if s.isDisplaced() {
			s.excuseDisplaced()
		}
		s.lane.Release()
	}
}

// isAway reports whether the subscriber has lost its stream and is to come back. The lane is held.
func (s *subscription) isAway() bool {
	return s.out != nil && s.out.away && s.special&leaving == 0 && !s.isDisplaced()
}

// awaitStreams gives the openings that are under way at the end of the load, and those who are away, the time of a drain since its
// start: whether they open, and come back, is what a run is to tell.
func (r *run) awaitStreams(ctx context.Context, begun int64) {
	if r.partial || r.failure() != "" {
		return
	}
	openingsUntil := r.lastBegun + int64(r.plan.Drain)
	err := r.await(ctx, begun+int64(r.plan.Drain), func() bool {
		isOver := r.settled.Load()+r.queued.Load() >= r.begun || r.timeline.now() >= openingsUntil
		return r.returned() && isOver
	})
	r.partial = err != nil && r.failure() == ""
}

// returned reports whether everybody is back who was away at the start of the drain, and forgets those who are, and those who found
// their place taken.
func (r *run) returned() bool {
	r.absent = slices.DeleteFunc(r.absent, func(a absentee) bool {
		a.s.lane.Hold()
		defer a.s.lane.Release()
		if a.s.isDisplaced() {
			a.s.excuseDisplaced()
		}
		return !a.s.isAway() || a.s.client.Streams() != a.streams
	})
	return len(r.absent) == 0
}

// countAbsent notes how many streams are open when the run comes to end them, and counts the subscribers that never came back. Of one
// whose reconnection time is not over yet, nobody knows.
func (r *run) countAbsent() {
	r.end.Open = r.openNow.Load()
	if r.returned() {
		return
	}
	longest, now := int64(0), r.timeline.now()
	for _, a := range r.absent {
		a.s.lane.Hold()
		if a.s.client.failures > 0 || a.s.reopenDue <= now {
			a.s.lane.shard.current().Add(results.ReconnectAway, 1)
		} else {
			r.end.Waiting++
			longest = max(longest, a.s.reopenDue-now)
		}
		a.s.lane.Release()
	}
	if r.end.Waiting > 0 {
		r.notes.add("reconnect_waiting", fmt.Sprintf(
			"%d subscribers still waited for their reconnection time, %s more at the longest, when the run ended: whether they come back was not seen; give the run a longer last phase",
			r.end.Waiting, time.Duration(longest).Round(100*time.Millisecond)), 1)
	}
}
