package loadgen

import (
	"context"
	"fmt"
)

// readSlowReaders lets slow readers read all at once what is left: only so does one that read nothing learn that the server gave it up. The
// account of the others is taken before: what comes to them only now was held up by the slow ones.
func (r *run) readSlowReaders(ctx context.Context) {
	if r.plan.SlowReaders.Share == 0 {
		return
	}
	if r.plan.Publish != nil {
		r.closeAccounts()
	}
	r.streams.Lock()
	for client, s := range r.subscriptions {
		if !r.lots.reads(r.plan, client) {
			pace(s, -1)
		}
	}
	r.streams.Unlock()
	// What comes next is at hand in the kernel.
	_ = r.wait(ctx, r.timeline.now()+int64(quiet))
	freed := int64(0)
	for _, l := range r.lanes {
		l.Hold()
		freed += l.shard.freed
		l.Release()
	}
	if freed > 0 {
		r.notes.add("slow_readers_block", fmt.Sprintf("%d events came to other streams only when the slow readers were read at the end: who reads slowly holds up everybody; "+
			"what had not come before counts as lost", freed), 1)
	}
}

// closeAccounts ends every account: what still comes is counted, and is part of none.
func (r *run) closeAccounts() {
	for _, l := range r.lanes {
		l.Hold()
	}
	r.account = (*subscription).tooLate
	for _, l := range r.lanes {
		l.Release()
	}
}

// tooLate counts the events that are missing in an account that was closed.
func (s *subscription) tooLate(says *reading, _ []byte, _ int64) {
	if !s.ledger.Started() {
		return
	}
	missed := func(seq uint64) {
		if s.ledger.lacks(Range{seq, seq}, nil, false) {
			s.lane.shard.freed++
		}
	}
	for i := range says.marks {
		if m := &says.marks[i]; s.foreign(m) == "" {
			missed(m.Seq)
		}
	}
	if says.hasSeq {
		missed(says.seq)
	}
}
