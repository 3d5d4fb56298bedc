package host

import (
	"syscall"
	"time"
)

// Nap sleeps for a few milliseconds at most, within some 60 µs. The runtime's timers are up to a millisecond late in a process that is
// otherwise idle, since its poller counts in milliseconds.
func (s *Self) Nap(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // cut short by a signal it does no harm: the caller looks at the clock
}
