package loadgen

import (
	"slices"

	"ssebench/results"
)

// A browser gives its few connections to an origin in the order of asking. A tab that loses its stream asks again after its
// reconnection time, behind the tabs that waited for a connection: it is displaced where they have taken all of them. So do browsers,
// whatever the server does; hence nobody waits for a displaced tab to come back, and nothing is expected of the server in its place.

// displace notes that a tab that lost its stream waits for a connection of its browser, or does no more. The lane is held.
func (s *subscription) displace(waits bool) {
	switch {
	case s.run.plan.Tabs == 0 || s.out == nil || !s.out.away:
		return
	case waits:
		s.run.away.Add(-1)
	default:
		s.run.away.Add(1)
	}
	s.out.displaced = waits
}

// isDisplaced reports whether others of its browser have a stream in the place of one that lost its own. Where nobody has, as while
// an HTTP/2 connection that all would share is dialed, it is the server that keeps it waiting. The lane is held.
func (s *subscription) isDisplaced() bool {
	return s.out != nil && s.out.displaced && s.lane.shard.tabs[s.client.Request.Browser] > 0
}

// countTab counts the open streams of each browser. The lane is held.
func (s *subscription) countTab(n int) {
	browser := s.client.Request.Browser
	if browser == 0 {
		return
	}
	if s.lane.shard.tabs == nil {
		s.lane.shard.tabs = make(map[int]int)
	}
	s.lane.shard.tabs[browser] += n
}

// excuseDisplaced ends the account of a displaced tab with the stream that it lost, once publishing is over. What was on its way when
// that ended is expected only where it came. The lane is held.
func (s *subscription) excuseDisplaced() {
	if s.run.plan.Publish == nil || !s.ledger.Started() || s.out.excused > 0 {
		return
	}
	_, s.out.excused = s.topic.leave(&s.ledger, s.down-int64(s.run.plan.Drain))
	s.run.events.unsubscribed()
}

// accountFor returns the topic's account as it applies to the subscription.
func (s *subscription) accountFor(account closed) *closed {
	if s.out != nil && s.out.excused > 0 && s.out.excused <= account.end {
		account.failed = cover(slices.Clone(account.failed), Range{s.out.excused, account.end})
	}
	return &account
}

// starved accounts for a tab that waited for a connection of its browser until the run ended.
func (s *subscription) starved(v *results.Values, e *Ending) {
	v.AddBy(results.ConnectionsStarved, e.Limit, 1)
	v.Record(results.ConnectStarved, int64(e.At.Sub(e.QueuedAt)))
	if s.client.Streams() > 0 {
		v.AddBy(results.ConnectionsDisplaced, e.Limit, 1)
		s.run.notes.add("tab_displaced", "a tab lost its stream and found no free connection in its browser when it asked again, since tabs "+
			"that waited had taken them, as browsers give them in the order of asking: what was published from then on is not expected", 1)
	}
}
