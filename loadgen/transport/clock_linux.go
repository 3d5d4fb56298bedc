package transport

import "time"

// clock is a loop's time, in nanoseconds since base on the monotonic clock, with the way there from the system clock, by which the
// kernel stamps what it receives. Only the loop uses it.
type clock struct {
	base    time.Time
	offset  int64 // system clock − monotonic clock
	checked int64
	steps   int64 // times that the system clock was set
}

// The offset is measured anew so often, and what it may change in that time: far more than the kernel slews (adjtimex(2): 500 parts in a
// million, 25 µs). More is a step.
const (
	clockCheck = int64(50 * time.Millisecond)
	clockStep  = int64(time.Millisecond)
)

func newClock() clock {
	c := clock{base: time.Now()}
	c.measure()
	return c
}

func (c *clock) now() int64 { return int64(time.Since(c.base)) }

// measure reads both clocks, which time.Now reads together.
func (c *clock) measure() {
	now := time.Now()
	c.checked = int64(now.Sub(c.base))
	c.offset = now.UnixNano() - c.checked
}

// check follows the drift between the two clocks.
func (c *clock) check() {
	if c.now()-c.checked < clockCheck {
		return
	}
	before := c.offset
	c.measure()
	if d := c.offset - before; d > clockStep || d < -clockStep {
		c.steps++
	}
}

// from places an instant of the system clock.
func (c *clock) from(unix int64) int64 { return unix - c.offset }
