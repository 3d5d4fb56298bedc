package loadgen

import (
	"fmt"

	"ssebench/results"
)

// finish ends what is left, closes every account, and folds the document. The load is over: no other goroutine of the run is left
// but those of the transport.
func (r *run) finish() (*results.Document, error) {
	for _, s := range r.subscriptions {
		r.endStream(s, CutFIN)
	}
	if err := r.runner.Transport.Close(); err != nil {
		r.fail(fmt.Sprintf("closing the transport: %v", err))
	}
	r.mu.Lock()
	if err := r.gather(); err != nil {
		r.fail(err.Error())
	}
	r.events.closeAll()
	r.closeLedgers()
	r.mu.Unlock()
	if r.runner.Server != nil && !r.partial {
		if exited := r.runner.Server.Exited(); exited != "" {
			r.fail(exited)
		}
	}
	if len(r.subscriptions) > 0 && r.opened.Load() == 0 && !r.partial {
		r.fail(r.nothingOpened())
	}
	if r.sender != nil && r.sender.failed.Load() > 0 {
		token, top := r.sender.notes.most()
		r.fail(fmt.Sprintf("the publish hook failed %d of %d calls, mostly with %s (%s)",
			r.sender.failed.Load(), r.sender.failed.Load()+r.sender.succeeded.Load(), token, top.message))
	}
	err := r.endInterval(&results.End{Partial: r.partial, Failure: r.failure()})
	document, foldErr := r.folder.Document()
	if err != nil && foldErr == nil {
		document.Fail(err.Error()) // the journal failed at the very end
	}
	return document, foldErr
}

// addAccount enters what the transport knows of its own measuring, once it is closed. It sees a step of the clock sooner than the host,
// which looks once a second, the last time just before; both may have seen the same. It is called with r.mu held.
func (r *run) addAccount(end *results.End) {
	a := r.runner.Transport.Account()
	end.TimeOfReceipt = a.TimeOfReceipt
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
		r.closeLedger(s, &accounts[s.topic.index])
	}
}

// closeLedger closes one account and gives the number of events that it lost.
func (r *run) closeLedger(s *subscription, account *closed) (all int64) {
	each := func(rg Range, id results.ID, sign int64) {
		account.byPhase(rg, r.timeline, func(phase int, n int64) { r.recorder.of(phase).Add(id, sign*n) })
	}
	if account.end >= s.ledger.First() {
		each(Range{s.ledger.First(), account.end}, results.DeliveriesExpected, 1)
	}
	lost := func(rg Range, kind LossKind) {
		if r.plan.Publish.Conflates && kind != LostTail {
			each(rg, results.DeliveriesSuperseded, 1)
			each(rg, results.DeliveriesExpected, -1)
			return
		}
		all += int64(rg.To - rg.From + 1)
		each(rg, results.DeliveriesLost, 1)
		each(rg, lossMetric[kind], 1)
		account.byPhase(rg, r.timeline, func(phase int, n int64) { r.recorder.of(phase).Censor(results.FanoutLatency, n) })
	}
	s.ledger.Close(account.end, account.failed, lost, func(rg Range) { each(rg, results.DeliveriesExpected, -1) })
	return all
}

var lossMetric = map[LossKind]results.ID{
	LostMidstream: results.DeliveriesLostMidstream,
	LostGap:       results.DeliveriesLostGap,
	LostTail:      results.DeliveriesLostTail,
}

// closeObserved closes an account of a server's own numbering: from the first sequence that the subscriber saw to its last.
func (r *run) closeObserved(s *subscription) {
	revealed := s.observed.revealed
	if len(revealed) == 0 {
		return
	}
	each := func(rg Range, id results.ID) {
		for i, from := range revealed {
			part := Range{max(rg.From, from.from), rg.To}
			if i+1 < len(revealed) {
				part.To = min(part.To, revealed[i+1].from-1)
			}
			if part.From <= part.To {
				r.recorder.of(from.phase).Add(id, int64(part.To-part.From+1))
			}
		}
	}
	each(Range{s.ledger.First(), s.ledger.Highest()}, results.DeliveriesExpected)
	s.ledger.Close(s.ledger.Highest(), nil, func(rg Range, kind LossKind) {
		each(rg, results.DeliveriesLost)
		each(rg, lossMetric[kind])
	}, func(Range) {})
}
