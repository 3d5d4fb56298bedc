package loadgen

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// topic is the truth about what was published to it: which hook calls started, which succeeded, when each was due. The senders
// write it, subscriptions read it when they start and when they are closed. On the path of a received event only started is read.
type topic struct {
	name  string
	index uint32

	started atomic.Uint64 // sequence of the last call that started

	mu          sync.Mutex
	subscribers int64  // subscriptions that started
	settled     uint64 // every call up to here was answered
	calls       []call // calls[seq-1]
}

// call is one call of the hook. Times are nanoseconds since the run started.
type call struct {
	due, started int64
	ended        int64 // zero: under way, or cut off by the end of the run
	failed       bool
	entered      bool  // its figures over all receipts are recorded: see ticker.go
	expected     int64 // subscriptions that had started when the call did
}

// begin enters the start of a call and gives its sequence number.
func (t *topic) begin(due, now int64) (seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, call{due: due, started: now, expected: t.subscribers})
	return t.started.Add(1)
}

// end enters the answer to a call and gives the record.
func (t *topic) end(seq uint64, now int64, failed bool) call {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.calls[seq-1]
	c.ended, c.failed = now, failed
	for t.settled < uint64(len(t.calls)) && t.calls[t.settled].ended > 0 {
		t.settled++
	}
	return t.calls[seq-1]
}

// subscribe starts a subscription that was asked for and opened at these instants: a call that started after the opening is surely
// expected, one that was under way between the two may be.
func (t *topic) subscribe(requested, opened int64) (first, sure uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers++
	n := sort.Search(len(t.calls), func(i int) bool { return t.calls[i].started > opened })
	for i := n; i < len(t.calls); i++ {
		t.calls[i].expected++ // started before we came to handle the opening
	}
	answered := min(t.settled, uint64(n))
	for answered > 0 && t.calls[answered-1].ended > requested {
		answered--
	}
	return answered + 1, uint64(n) + 1
}

// subscribePending starts a subscription whose headers are pending as publishing starts: every call is surely expected.
func (t *topic) subscribePending() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers++
}

// unsubscribe takes back a subscribePending: the stream was refused after all.
func (t *topic) unsubscribe() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers--
	for i := range t.calls {
		t.calls[i].expected--
	}
}

// call gives the record of a sequence number; ok is false for one that was never published.
func (t *topic) call(seq uint64) (c call, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if seq == 0 || seq > uint64(len(t.calls)) {
		return call{}, false
	}
	return t.calls[seq-1], true
}

// enter marks the figures of a call as recorded; false if they were already.
func (t *topic) enter(seq uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.calls[seq-1]
	was := c.entered
	c.entered = true
	return !was
}

// closed is the topic's account when subscriptions end: the last sequence, the ranges that are expected only where they came, and
// the calls themselves. Nothing is published any more but what is under way, which counts as straddling.
type closed struct {
	end    uint64
	failed []Range
	calls  []call
}

// close gives the account; the caller publishes no more.
func (t *topic) close() closed {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := closed{end: uint64(len(t.calls)), calls: slices.Clone(t.calls)}
	for i := range t.calls {
		if t.calls[i].ended > 0 && !t.calls[i].failed {
			continue
		}
		seq := uint64(i + 1)
		if n := len(c.failed); n > 0 && c.failed[n-1].To == seq-1 {
			c.failed[n-1].To = seq
		} else {
			c.failed = append(c.failed, Range{seq, seq})
		}
	}
	return c
}

// byPhase cuts a range of sequence numbers where the phase of the due time changes. Due times ascend with the sequence.
func (c *closed) byPhase(r Range, tl *timeline, each func(phase int, n int64)) {
	for r.From <= r.To {
		phase := tl.phaseAt(c.calls[r.From-1].due)
		n := sort.Search(int(r.To-r.From), func(i int) bool {
			return tl.phaseAt(c.calls[r.From+uint64(i)].due) != phase
		})
		each(phase, int64(n)+1)
		r.From += uint64(n) + 1
	}
}

// answered says whether every call was answered.
func (t *topic) answered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled == uint64(len(t.calls))
}
