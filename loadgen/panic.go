package loadgen

import (
	"cmp"
	"errors"
	"time"

	"ssebench/results"
)

// recovered is deferred by every goroutine of a run: a panic ends the run as one that failed, with the document so far, and not the
// process.
func (r *run) recovered(who string) {
	if value := recover(); value != nil {
		r.panicked(who, value)
	}
}

func (r *run) panicked(who string, value any) {
	r.fail(results.PanicLine(who, value))
	r.crashOnce.Do(func() { close(r.crash) })
}

func (r *run) hasCrashed() bool {
	select {
	case <-r.crash:
		return true
	default:
		return false
	}
}

// Recovered is deferred by every goroutine of a Transport, with a lane of it that the goroutine does not hold when it returns: a panic ends
// the run that has the lane. Where no run has it, the panic goes on.
func (l *Lane) Recovered(who string) {
	value := recover()
	if value == nil {
		return
	}
	r := l.run.Load()
	if r == nil {
		panic(value)
	}
	r.panicked(who, value)
}

// TokenPanicked is the token of a call of a Publisher of which a goroutine has panicked: it fails the run.
const TokenPanicked = "hook_panicked"

// PanicLine returns the line that says of a recovered panic who panicked, with what, and where in the code.
func PanicLine(who string, value any) string { return results.PanicLine(who, value) }

// crashTimeout is how long a run that panicked waits for its goroutines: one of them may have left a lock behind that others wait for.
var crashTimeout = 5 * time.Second

// closeWithin calls f, and after a panic waits only so long for it. It reports whether f came to its end.
func (r *run) closeWithin(f func()) bool {
	done := make(chan bool, 1)
	go func() {
		whole := false
		defer func() { done <- whole }()
		defer r.recovered("the end of the run")
		f()
		whole = true
	}()
	select {
	case whole := <-done:
		return whole
	case <-r.crash:
	}
	timer := time.NewTimer(crashTimeout)
	defer timer.Stop()
	select {
	case whole := <-done:
		return whole
	case <-timer.C:
		return false
	}
}

// handLast hands the end of the run on, whatever it takes: where what was recorded cannot be closed, that is an interval without values.
func (r *run) handLast(whole bool) (err error) {
	if whole {
		r.end.Partial, r.end.Failure, r.end.ObservedResolutionNS = r.partial, r.failure(), r.resolution()
		if err = r.try(func() error { return r.endInterval(&r.end) }); err == nil || !r.hasCrashed() {
			return err
		}
	}
	now := r.timeline.now()
	in := &results.Interval{StartNS: now, EndNS: now, End: &results.End{Failure: r.failure()}}
	again := r.try(func() error {
		in.Warnings = r.closeHost()
		return r.hand(in)
	})
	return cmp.Or(err, again)
}

// try calls f; its panic is an error.
func (r *run) try(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			r.panicked("the end of the run", value)
			err = errors.New(r.failure())
		}
	}()
	return f()
}
