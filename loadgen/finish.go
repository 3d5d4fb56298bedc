package loadgen

import (
	"fmt"

	"ssebench/results"
)

// finish ends what is left, closes every account, and says how the run failed if it did. The load is over: no other goroutine of the run
// is left but those of the transport.
func (r *run) finish() {
	r.countAbsent()
	r.ending.Store(true)
	for _, s := range append(r.starving(), r.subscriptions...) {
		r.endStream(s, CutFIN)
	}
	if err := r.runner.Transport.Close(); err != nil {
		r.fail(fmt.Sprintf("closing the transport: %v", err))
	}
	r.weigh(len(r.plan.Phases)) // the drain has what the end of the streams costs
	r.runner.Flights = r.takeFlights()
	r.closeBooks()
	if r.runner.Server != nil && !r.partial {
		if exited := r.runner.Server.Exited(); exited != "" {
			r.fail(exited)
		}
	}
	if len(r.subscriptions) > 0 && r.opened.Load() == 0 && !r.partial {
		r.fail(r.nothingOpened())
	}
	if r.sender != nil {
		if verdict := r.sender.verdict(); verdict != "" {
			r.fail(verdict)
		}
	}
}

// closeBooks closes what is known of every event and of every subscriber.
func (r *run) closeBooks() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.gather(); err != nil {
		r.fail(err.Error())
	}
	r.events.closeAll()
	r.closeLedgers()
	r.end.Stall = r.longestStall()
	r.end.OldestNS = r.oldest()
}

// oldest returns the age of the oldest stream that nothing broke off; 0 where there was none.
func (r *run) oldest() (age int64) {
	for _, l := range r.lanes {
		l.Hold()
		age = max(age, l.shard.oldest)
		l.Release()
	}
	return age
}

// longestStall returns the longest, of no length where none was found; nil where none was looked for.
func (r *run) longestStall() *results.Stall {
	switch {
	case r.publishing:
		return r.stallWatch.finish(r.closedAt)
	case r.rhythm != nil:
		return r.rhythm.finish(r.closedAt)
	}
	return nil
}

// conclude hands the last interval on and folds the document. whole: the run was finished, and not given up after a panic.
func (r *run) conclude(whole bool) (document *results.Document, err error) {
	handed := r.handLast(whole)
	err = r.try(func() (err error) {
		document, err = r.folder.Document()
		return err
	})
	if handed != nil && err == nil {
		document.Fail(handed.Error()) // the journal failed at the very end
	}
	return document, err
}

// starving are those who still wait for a free place. They end first, so that none gets that of another who ends.
func (r *run) starving() (all []*subscription) {
	for _, l := range r.lanes {
		l.Hold()
		for s := range l.shard.queued {
			all = append(all, s)
		}
		l.Release()
	}
	return all
}

// weigh enters what the link carried since the last look, in the phase that ends.
func (r *run) weigh(phase int) {
	received, sent := r.runner.Transport.Wire()
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.recorder.of(phase)
	v.Add(results.WireReceived, received-r.wire.received)
	v.Add(results.WireSent, sent-r.wire.sent)
	r.wire.received, r.wire.sent = received, sent
}

// addAccount enters what the transport knows of its own measuring, once it is closed. It sees a step of the clock sooner than the host,
// which looks once a second, the last time just before; both may have seen the same. It is called with r.mu held.
func (r *run) addAccount(end *results.End) {
	a := r.runner.Transport.Account()
	end.TimeOfReceipt, end.StreamLimit = a.TimeOfReceipt, a.StreamLimit
	if a.WireLayer != "" {
		end.Wire = &results.Wire{Layer: a.WireLayer, HeaderBytes: a.WireHeader}
	}
	v := r.recorder.of(r.timeline.current())
	v.Add(results.ReadsStamped, a.Stamped)
	v.Add(results.ReadsUnstamped, a.Unstamped)
	v.Add(results.MachineClockSteps, max(a.ClockSteps-r.tick.clockSteps, 0))
}

// closeLedgers closes every subscription's account and attributes each loss to the phase in which the event was due.
func (r *run) closeLedgers() {
	r.departures.close(true)
	if r.plan.Publish == nil {
		for _, s := range r.subscriptions {
			if r.sequence != nil {
				r.closeObserved(s)
			}
		}
		return
	}
	accounts := make([]closed, len(r.topics))
	for i, t := range r.topics {
		accounts[i] = t.close()
	}
	for _, s := range r.subscriptions {
		if !s.ledger.Started() {
			continue
		}
		if s.out != nil {
			s.judgeReplay(r.recorder.of, r.recorder.storm)
		}
		r.closeLedger(s, s.accountFor(accounts[s.topic.index]))
	}
}

// closing says where the losses of an account go.
type closing struct {
	run     *run
	account *closed
	values  func(phase int) *results.Values
	lost    int64 // so far
}

func (c *closing) each(rg Range, id results.ID, sign int64) {
	c.account.byPhase(rg, c.run.timeline, func(phase int, n int64) { c.values(phase).Add(id, sign*n) })
}

// lose enters a loss, in the phase in which each event was due.
func (c *closing) lose(rg Range, kind LossKind) {
	if c.run.plan.Publish.Conflates && kind != LostTail {
		c.each(rg, results.DeliveriesSuperseded, 1)
		c.each(rg, results.DeliveriesExpected, -1)
		return
	}
	c.lost += int64(rg.To - rg.From + 1)
	c.each(rg, results.DeliveriesLost, 1)
	c.each(rg, lossMetric[kind], 1)
	c.account.byPhase(rg, c.run.timeline, func(phase int, n int64) { c.values(phase).Censor(results.FanoutLatency, n) })
}

// excuse takes back what was expected only if it came.
func (c *closing) excuse(rg Range) { c.each(rg, results.DeliveriesExpected, -1) }

// closeLedger closes one account and returns the number of events that it lost and had not settled.
func (r *run) closeLedger(s *subscription, account *closed) (lost int64) {
	c := closing{run: r, account: account, values: r.recorder.of}
	if account.end >= s.ledger.First() {
		c.each(Range{s.ledger.First(), account.end}, results.DeliveriesExpected, 1)
	}
	s.ledger.Close(account.end, account.failed, c.lose, c.excuse)
	r.received, r.lost = r.received || s.ledger.Highest() >= s.ledger.First(), r.lost || c.lost > 0
	return c.lost
}

// settleOldest settles the oldest losses of an account that is full. The lane is held.
func (s *subscription) settleOldest() {
	account := s.topic.answeredIn(s.ledger.Oldest())
	c := closing{run: s.run, account: &account, values: s.lane.shard.of}
	s.ledger.Settle(account.end, account.failed, c.lose, c.excuse)
}

var lossMetric = map[LossKind]results.ID{
	LostMidstream: results.DeliveriesLostMidstream,
	LostGap:       results.DeliveriesLostGap,
	LostTail:      results.DeliveriesLostTail,
}

// closeObserved closes an account of a server's own numbering: from the first sequence that the subscriber saw to its last.
func (r *run) closeObserved(s *subscription) {
	if len(s.observed().revealed) == 0 {
		return
	}
	end := s.ledger.Highest()
	s.observed().each(Range{s.ledger.First(), end}, results.DeliveriesExpected, r.recorder.of)
	s.ledger.Close(end, nil, s.loseObserved(r.recorder.of), func(Range) {})
}
