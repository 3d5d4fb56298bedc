package main

import (
	"errors"
	"sync"

	"ssebench/results"
)

// observed ends a run whose server emits by itself, as far as the engine knows, when every event has
// come. The bench publishes meanwhile. Safe for use by many goroutines.
type observed struct {
	streams int64
	over    chan struct{}

	mu     sync.Mutex
	events int64 // published; zero: not over yet
	err    error
	once   sync.Once
}

// published says that no event follows.
func (o *observed) published(events int64, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.events, o.err = events, err; err != nil {
		o.once.Do(func() { close(o.over) })
	}
}

// received says how many events came so far.
func (o *observed) received(events int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.events > 0 && events >= o.events*o.streams {
		o.once.Do(func() { close(o.over) })
	}
}

// expected is how many events there are, over all streams.
func (o *observed) expected() (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.events == 0 && o.err == nil {
		return 0, errors.New("ours: the run ended while events were published")
	}
	return o.events * o.streams, o.err
}

// timed is how many events the engine found the time of writing in.
func timed(d *results.Document) (n int64) {
	for _, phase := range d.Phases {
		if h := phase.Metrics["observed.latency"].Histogram; h != nil {
			n += h.Count
		}
	}
	return n
}
