//go:build !linux

package host

import "time"

// Nap sleeps for a few milliseconds at most, as exactly as the runtime does.
func (s *Self) Nap(d time.Duration) { time.Sleep(d) }
