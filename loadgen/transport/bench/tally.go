package main

import (
	"sync"
	"sync/atomic"
	"time"

	"ssebench/results"
)

// tally is what a peer does with an event: it reads the time in it and records a histogram, and nothing else. Its shards keep goroutines out of
// each other's way.
type tally struct {
	meter  *meter
	shards [16]tallyShard
	broken atomic.Pointer[error] // the first stream that ended although nobody ended it
}

type tallyShard struct {
	mu     sync.Mutex
	events int64
	lag    *results.Histogram // of the sample
	late   *results.Histogram // of all others: time of the broadcast to receipt
	_      [64]byte
}

func newTally(m *meter) *tally {
	t := &tally{meter: m}
	for i := range t.shards {
		t.shards[i].lag, t.shards[i].late = results.NewHistogram(), results.NewHistogram()
	}
	return t
}

// event records one event of the stream, written at that time.
func (t *tally) event(stream int, at int64, own bool) {
	now := time.Now().UnixNano()
	s := &t.shards[stream%len(t.shards)]
	s.mu.Lock()
	s.record(now, at, own, t.meter)
	s.mu.Unlock()
}

// record is called with mu held. A time of zero is none of the server's.
func (s *tallyShard) record(now, at int64, own bool, m *meter) {
	if at == 0 {
		return
	}
	s.events++
	if !own {
		s.late.Record(now - at)
	} else if m.on.Load() {
		s.lag.Record(now - at)
	}
}

// end notes that a stream ended.
func (t *tally) end(err error) { t.broken.CompareAndSwap(nil, &err) }

// failure is why the first stream ended; nil: none did.
func (t *tally) failure() error {
	if err := t.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// events counts what was received so far.
func (t *tally) events() (n int64) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += s.events
		s.mu.Unlock()
	}
	return n
}

func (t *tally) lags() (lags, error) {
	all := results.NewHistogram()
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		err := all.Merge(s.lag)
		s.mu.Unlock()
		if err != nil {
			return lags{}, err
		}
	}
	return lagsOf(all), nil
}

func lagsOf(h *results.Histogram) lags {
	l := lags{Count: h.Count(), Max: h.Max()}
	l.P50, _ = h.ValueAt(50)
	l.P99, _ = h.ValueAt(99)
	return l
}
