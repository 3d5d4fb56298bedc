package loadgen

import (
	"sync"
	"time"

	"ssebench/results"
)

// patience is how long after its answer an event may still become complete. Later receipts count as deliveries; the figures over all
// receipts of the event are closed, so that a run of any length holds only the events of its last seconds.
const patience = 30 * time.Second

// eventBook follows each answered call until all its expected receipts are there. The ticker and the drain use it with run.mu held; only
// answer comes from other goroutines.
type eventBook struct {
	run     *run
	waiting map[eventKey]awaited
	order   []eventKey // by the time of the answer; also some that are not waited for any more
	missing int64      // expected pairs of answered calls that have not come, also of closed ones

	mu       sync.Mutex      // of what follows
	answered []eventKey      // not yet in waiting
	recount  bool            // a subscription was taken back: what is expected has changed
	gone     []*subscription // whose loss is not in goneLost yet
	goneLost int64
}

// awaited is an answered call whose receipts are not all there.
type awaited struct {
	missing int64
	since   int64
}

// answer enters a successful call. Any goroutine may call it; it waits for no lock that is held for long.
func (b *eventBook) answer(k eventKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered = append(b.answered, k)
}

// unsubscribed says that a subscription was taken back.
func (b *eventBook) unsubscribed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recount = true
}

// ended says that a subscription's stream is over for good: what it misses will not come.
func (b *eventBook) ended(s *subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = append(b.gone, s)
}

// miss says that a subscription that left misses so many events for good.
func (b *eventBook) miss(lost int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.goneLost += lost
}

// update takes in the new answers and the receipts that the recorder has just collected.
func (b *eventBook) update(touched []eventKey, now int64) {
	b.mu.Lock()
	answered, recount := b.answered, b.recount
	b.answered, b.recount = nil, false
	b.mu.Unlock()
	for _, k := range answered {
		b.waiting[k] = awaited{since: now}
		b.order = append(b.order, k)
		b.look(k)
	}
	for _, k := range touched {
		b.look(k)
	}
	if recount {
		for k := range b.waiting {
			b.look(k)
		}
	}
	for len(b.order) > 0 {
		k := b.order[0]
		w, waits := b.waiting[k]
		if waits && now-w.since < int64(patience) {
			break
		}
		if waits {
			b.close(k, false)
		}
		b.order = b.order[1:]
	}
}

// look counts what an event misses, and closes it when that is nothing.
func (b *eventBook) look(k eventKey) {
	c, _ := b.run.topics[k.topic].call(k.seq)
	if c.entered {
		delete(b.run.recorder.events, k)
		return
	}
	w, waits := b.waiting[k]
	if !waits {
		return // its call was not answered yet
	}
	missing := c.expected
	if e := b.run.recorder.events[k]; e != nil {
		missing -= e.sure
	}
	b.missing += missing - w.missing
	w.missing = missing
	b.waiting[k] = w
	if missing <= 0 {
		b.close(k, true)
	}
}

// close records the figures of one event over its receipts.
func (b *eventBook) close(k eventKey, complete bool) {
	delete(b.waiting, k)
	e := b.run.recorder.events[k]
	delete(b.run.recorder.events, k)
	if !b.run.topics[k.topic].enter(k.seq) || e == nil {
		return
	}
	c, _ := b.run.topics[k.topic].call(k.seq)
	v := b.run.recorder.of(b.run.timeline.phaseAt(c.due))
	v.Record(results.FanoutFirst, e.first-c.due)
	v.Record(results.FanoutSpread, e.last-e.first)
	if complete {
		v.Record(results.FanoutLast, e.last-c.due)
	}
}

// closeAll closes what is left at the end of the run. A call that failed has no figures.
func (b *eventBook) closeAll() {
	for k := range b.run.recorder.events {
		if c, ok := b.run.topics[k.topic].call(k.seq); ok && !c.failed {
			b.close(k, false)
		}
	}
}

// complete says whether nothing more can come: what is missing is missed by subscribers whose stream is over. Publishing must be over and
// every call answered.
func (b *eventBook) complete() bool {
	if b.missing == 0 {
		return true
	}
	b.mu.Lock()
	gone := b.gone
	b.gone = nil
	b.mu.Unlock()
	lost := int64(0)
	accounts := make(map[*topic]closed)
	for _, s := range gone {
		account, known := accounts[s.topic]
		if !known {
			account = s.topic.close()
			accounts[s.topic] = account
		}
		s.lane.Hold()
		s.ledger.Close(account.end, account.failed, func(r Range, _ LossKind) { lost += int64(r.To - r.From + 1) }, func(Range) {})
		s.lane.Release()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.goneLost += lost
	return b.missing <= b.goneLost
}
