package transport

import (
	"context"
	"time"

	"ssebench/loadgen"
)

// canceler cancels what a stream's goroutine waits for.
type canceler context.CancelFunc

func (c canceler) wake(loadgen.Cut) { c() }

// untilCut gives a context that Cut cancels until something else is guarded. A stream has none for its whole life: that would be a
// good part of the memory of an idle one.
func (s *stream) untilCut() (context.Context, context.CancelFunc, error) {
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.guard(canceler(cancel)); err != nil {
		cancel()
		return nil, nil, err
	}
	return ctx, cancel, nil
}

// deadlined is a context with a deadline that only net.Dialer heeds: it sets the poller's timer, so no other one is needed.
type deadlined struct {
	context.Context
	at time.Time
}

// Deadline implements context.Context.
func (d deadlined) Deadline() (time.Time, bool) { return d.at, true }
