package loadgen

import (
	"fmt"
	"sync/atomic"
)

// Buffers bounds what all streams of a process hold together of events, messages and answers that have begun and not ended. Each stream has a
// limit of its own, which thousands of them would not be the death of one by one, but all at once. The nil Buffers bounds nothing.
type Buffers struct {
	Limit int64 // bytes
	held  atomic.Int64
}

// smallBuffer is what a stream may hold beside the account, in bytes: on the path of an event that is as usual nothing is shared.
const smallBuffer = 64 << 10

// TokenBufferLimit is the ending of the stream that crosses Limit.
const TokenBufferLimit = "buffer_limit"

// Hold accounts for a buffer that was of had bytes and is of now; had becomes what is accounted for. What would cross Limit is not, and its
// stream has to end with the error, a *Failure. Any goroutine may call it.
func (b *Buffers) Hold(had *int64, now int64) error {
	if now <= smallBuffer {
		now = 0
	}
	more := now - *had
	if b == nil || more == 0 {
		return nil
	}
	if all := b.held.Add(more); more > 0 && all > b.Limit {
		b.held.Add(-more)
		return &Failure{TokenBufferLimit, fmt.Sprintf(
			"all streams together would hold more than %d bytes of events that have not ended, %d of them this one (target.buffer_limit): the server ends its events too late", b.Limit, now)}
	}
	*had = now
	return nil
}

// Held is what is accounted for, in bytes.
func (b *Buffers) Held() int64 { return b.held.Load() }

// Holder is a Sink that is told how much of an event that has not ended a Subscriber holds after a read, where that is no small buffer. An error
// ends the stream.
type Holder interface{ Hold(bytes int) error }

// letGo ends the account of what was held.
func (s *subscription) letGo() {
	if s.lane.shard.buffered[s] > 0 {
		_ = s.Hold(0) // which never fails
	}
}

// Hold implements Holder.
func (s *subscription) Hold(bytes int) error {
	shard := &s.lane.shard
	had := shard.buffered[s]
	err := s.run.buffers.Hold(&had, int64(bytes))
	if had == 0 {
		delete(shard.buffered, s)
		return err
	}
	if shard.buffered == nil {
		shard.buffered = make(map[*subscription]int64)
	}
	shard.buffered[s] = had
	return err
}
