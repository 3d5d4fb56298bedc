package loadgen

import (
	"context"
	"sync"
	"time"
)

// reopener opens again the streams that the run cut on its own side, as an outage: a transport takes a cut for the end. Its goroutine lives
// as long as the load.
type reopener struct {
	run  *run
	wake chan struct{} // something waits
	done chan struct{} // closed when the goroutine is over

	mu      sync.Mutex // of what follows; taken with a lane held
	waiting []reopening
}

type reopening struct {
	s  *subscription
	at time.Time
}

func (r *run) startReopening(ctx context.Context) *reopener {
	q := &reopener{run: r, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(q.done)
		defer r.recovered("the reopener")
		for {
			select {
			case <-q.wake:
			case <-ctx.Done():
				return
			}
			q.mu.Lock()
			due := q.waiting
			q.waiting = nil
			q.mu.Unlock()
			for _, o := range due {
				r.openStream(o.s, o.at)
			}
		}
	}()
	return q
}

// add asks for a stream at the instant. The lane may be held.
func (q *reopener) add(s *subscription, at time.Time) {
	q.mu.Lock()
	q.waiting = append(q.waiting, reopening{s, at})
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// openStream hands the subscription to the transport, which opens its stream at the instant.
func (r *run) openStream(s *subscription, at time.Time) {
	r.streams.Lock()
	defer r.streams.Unlock()
	isSlow := s.special&slow != 0 // from Open on, special is the lane's
	var handler StreamHandler = &s.client
	switch {
	case s.client.Request.Upgrade != "":
		handler = (*messages)(s)
	case r.polling != nil:
		handler = (*poller)(s)
	}
	s.stream = r.runner.Transport.Open(s.lane, s.client.Request, at, handler)
	if isSlow && !pace(s, int64(r.plan.SlowReaders.BytesPerSecond)) {
		r.fail("load.slow_readers: streams of this protocol cannot be read slowly on this system")
	}
}

// pace bounds what a stream reads; false where the transport has no way to.
func pace(s *subscription, bytesPerSecond int64) bool {
	p, ok := s.stream.(Pacer)
	if ok {
		p.Pace(bytesPerSecond)
	}
	return ok
}

// endStream ends a stream for good.
func (r *run) endStream(s *subscription, how Cut) {
	r.streams.Lock()
	defer r.streams.Unlock()
	s.stream.Cut(how)
}

// sever ends a stream that is open as if the network had done it; its subscriber comes back by its policy.
func (r *run) sever(s *subscription, how Cut) {
	r.streams.Lock()
	defer r.streams.Unlock()
	s.lane.Hold()
	open := s.isOpen
	if open {
		s.special |= severed
		r.senders.leave(s)
		s.client.Sever(how)
	}
	s.lane.Release()
	if open {
		s.stream.Cut(how)
	}
}
