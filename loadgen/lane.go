package loadgen

import (
	"sync"
	"sync/atomic"

	"ssebench/results"
)

// Lane is a loop, or a share of goroutines, together with its shard of the recorder. A loop holds it for a batch of reads, a
// goroutine for one read; the handlers of its streams run with it held. Nothing else is shared between lanes while events flow.
type Lane struct {
	mu    sync.Mutex
	shard shard
	run   atomic.Pointer[run] // that has it; nil: none
}

// Hold takes the lane. The recorder takes it once a second to swap the shard.
func (l *Lane) Hold() { l.mu.Lock() }

// Release gives the lane back.
func (l *Lane) Release() { l.mu.Unlock() }

// Count adds n to a counter of the current phase: the transport's own figures (bytes.received, bytes.sent, requests.count). The
// lane must be held.
func (l *Lane) Count(id results.ID, n int64) { l.shard.current().Add(id, n) }

// CountBy adds n to a counter of the current phase, and to its share under the token. The lane must be held.
func (l *Lane) CountBy(id results.ID, token string, n int64) { l.shard.current().AddBy(id, token, n) }

// Record puts a duration in nanoseconds into a histogram of the current phase. The lane must be held.
func (l *Lane) Record(id results.ID, nanos int64) { l.shard.current().Record(id, nanos) }
