package loadgen

import (
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
	subscribers int64   // subscriptions that started
	settled     uint64  // every call up to here was answered
	failed      []Range // of these, the calls that failed
	calls       []call  // calls[seq-1]
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
		if t.calls[t.settled-1].failed {
			t.failed = addSequence(t.failed, t.settled)
		}
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

// leave ends a subscription in the middle of the run. It expects the calls up to end; those from flying on, which had no answer at the
// instant since or before, and of which nothing came, may be on their way.
func (t *topic) leave(l *Ledger, since int64) (end, flying uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers--
	end = uint64(len(t.calls))
	flying = end + 1
	for flying > max(l.Highest()+1, l.First()) {
		if c := &t.calls[flying-2]; c.ended > 0 && c.ended <= since {
			break
		}
		flying--
		if flying >= l.sure() {
			t.calls[flying-1].expected--
		}
	}
	return end, flying
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

// closed is a topic's account when subscriptions end: the last sequence, the ranges that are expected only where they came, and the calls
// themselves, of which only the due times are read: the senders may still write their ends. A call without an answer counts as straddling.
type closed struct {
	end    uint64
	failed []Range
	calls  []call
}

// close gives the account as it is now; the caller publishes no more.
func (t *topic) close() closed {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.account(uint64(len(t.calls)))
}

// accountOf gives the account of the calls up to a sequence in the middle of the run.
func (t *topic) accountOf(end uint64) closed {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.account(end)
}

// answeredIn gives the account of a range of calls, as far as all of them are answered.
func (t *topic) answeredIn(r Range) closed {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.To = min(r.To, t.settled)
	return closed{end: r.To, failed: t.holesIn(r), calls: t.calls[:len(t.calls):len(t.calls)]}
}

// account gives the account of the calls up to a sequence. mu is held.
func (t *topic) account(end uint64) closed {
	return closed{end: end, failed: t.holesIn(Range{1, end}), calls: t.calls[:end:end]}
}

// holesIn gives the calls of a range that are expected only where they came: those that failed, and those without an answer. mu is held.
func (t *topic) holesIn(r Range) (holes []Range) {
	from := sort.Search(len(t.failed), func(i int) bool { return t.failed[i].To >= r.From })
	for _, f := range t.failed[from:] {
		if f.From > r.To {
			return holes
		}
		holes = append(holes, f)
	}
	for seq := max(t.settled+1, r.From); seq <= r.To; seq++ {
		if c := &t.calls[seq-1]; c.ended == 0 || c.failed {
			holes = addSequence(holes, seq)
		}
	}
	return holes
}

// holes is holesIn for those who do not hold mu.
func (t *topic) holes(r Range) []Range {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.holesIn(r)
}

// addSequence adds a sequence above all others to ranges that ascend.
func addSequence(to []Range, seq uint64) []Range {
	if n := len(to); n > 0 && to[n-1].To == seq-1 {
		to[n-1].To = seq
		return to
	}
	return append(to, Range{seq, seq})
}

// startedBy gives the last call that had started at the instant; 0 if none had.
func (t *topic) startedBy(at int64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return uint64(sort.Search(len(t.calls), func(i int) bool { return t.calls[i].started > at }))
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

// answeredTo says whether every call up to a sequence was answered.
func (t *topic) answeredTo(seq uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled >= seq
}

// answered says whether every call was answered.
func (t *topic) answered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled == uint64(len(t.calls))
}
