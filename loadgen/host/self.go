package host

import (
	"fmt"
	"math"
	"os"
	"runtime/metrics"
	"syscall"

	"ssebench/results"
)

// Self samples our own process. The recorder's goroutine calls it once a second.
type Self struct {
	sampler *sampler
	sample  []metrics.Sample
	seen    []uint64 // counts of the runtime's histogram at the last call
}

// NewSelf starts to watch: the pauses before it do not count.
func NewSelf() (*Self, error) {
	s, err := newSampler(os.Getpid(), false)
	if err != nil {
		return nil, fmt.Errorf("cannot sample our own process: %w", err)
	}
	self := &Self{sampler: s, sample: []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}}
	self.GCPauses()
	return self, nil
}

// Sample tells what we used since our start. The server under test is a child of ours, and not counted.
func (s *Self) Sample() (results.ProcessSample, error) {
	p, err := s.sampler.sample()
	if err != nil {
		return p, err
	}
	// Finer than the ticks of /proc.
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err == nil {
		p.CPUNanos, p.SystemNanos = use.Utime.Nano()+use.Stime.Nano(), use.Stime.Nano()
	}
	return p, nil
}

// GCPauses are the stop-the-world pauses of the garbage collector since the last call, in ns, shortest first. A collection has
// two. The runtime keeps them in a histogram and none is missed; each is given as the upper edge of its bucket, at most a
// quarter more than it was.
func (s *Self) GCPauses() []int64 {
	metrics.Read(s.sample)
	if s.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	h := s.sample[0].Value.Float64Histogram()
	if s.seen == nil {
		s.seen = make([]uint64, len(h.Counts))
	}
	var pauses []int64
	for i, n := range h.Counts {
		edge := h.Buckets[i+1]
		if math.IsInf(edge, 1) {
			edge = h.Buckets[i]
		}
		for ; s.seen[i] < n; s.seen[i]++ {
			pauses = append(pauses, int64(math.Round(edge*1e9)))
		}
	}
	return pauses
}
