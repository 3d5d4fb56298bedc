package loadgen

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ssebench/results"
)

// timeline is the run's clock and its phases. Instants are nanoseconds since the start on the monotonic clock; the wall clock is
// read once, so a step of it during the run moves no latency.
type timeline struct {
	start     time.Time
	startUnix int64 // start as nanoseconds since the Unix epoch

	mu      sync.Mutex
	running atomic.Int64                 // the phase that runs
	starts  atomic.Pointer[[]phaseStart] // ascending, also those foreseen; replaced whole
	marks   []results.PhaseMark          // not yet handed to an interval
}

type phaseStart struct {
	phase int
	at    int64
}

func newTimeline() *timeline {
	now := time.Now()
	tl := &timeline{start: now, startUnix: now.UnixNano()}
	tl.starts.Store(&[]phaseStart{{}})
	return tl
}

// now is the time since the start.
func (tl *timeline) now() int64 { return int64(time.Since(tl.start)) }

// since places an instant of this process on the timeline.
func (tl *timeline) since(t time.Time) int64 { return int64(t.Sub(tl.start)) }

// at gives the instant of a place on the timeline.
func (tl *timeline) at(ns int64) time.Time { return tl.start.Add(time.Duration(ns)) }

// unix gives a place on the timeline as nanoseconds since the epoch, as marks carry it; fromUnix goes back.
func (tl *timeline) unix(ns int64) int64       { return tl.startUnix + ns }
func (tl *timeline) fromUnix(unix int64) int64 { return unix - tl.startUnix }

// enter ends the phase that was and starts the next at the instant. What was foreseen for later and did not come is forgotten.
func (tl *timeline) enter(phase int, at int64) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if phase > 0 {
		tl.marks = append(tl.marks, results.PhaseMark{Phase: int(tl.running.Load()), AtNS: at, Ended: true})
	}
	tl.marks = append(tl.marks, results.PhaseMark{Phase: phase, AtNS: at})
	tl.running.Store(int64(phase))
	tl.add(phaseStart{phase, at})
}

// foresee fixes the start of a phase ahead of time, so that an event that is due right at its start belongs to it whoever wakes first.
func (tl *timeline) foresee(phase int, at int64) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.add(phaseStart{phase, at})
}

// add puts a start in the place of that phase's and of every later one.
func (tl *timeline) add(s phaseStart) {
	var next []phaseStart
	for _, old := range *tl.starts.Load() {
		later := old.phase > s.phase && old.at > s.at
		if later || old.phase < s.phase && old.at <= s.at {
			next = append(next, old)
		}
	}
	next = append(next, s)
	slices.SortFunc(next, func(a, b phaseStart) int { return a.phase - b.phase })
	tl.starts.Store(&next)
}

// leave ends the last phase.
func (tl *timeline) leave(at int64) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.marks = append(tl.marks, results.PhaseMark{Phase: int(tl.running.Load()), AtNS: at, Ended: true})
}

// takeMarks gives the marks since the last call.
func (tl *timeline) takeMarks() (m []results.PhaseMark) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	m, tl.marks = tl.marks, nil
	return m
}

// phaseAt gives the phase in which an instant lies. Any goroutine may call it.
func (tl *timeline) phaseAt(ns int64) int {
	starts := *tl.starts.Load()
	for i := len(starts) - 1; i > 0; i-- {
		if ns >= starts[i].at {
			return starts[i].phase
		}
	}
	return starts[0].phase
}

// current gives the phase that runs.
func (tl *timeline) current() int { return int(tl.running.Load()) }
