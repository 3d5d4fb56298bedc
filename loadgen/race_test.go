//go:build race

package loadgen

// defaultSchedules is fewer than without the detector, under which they take many times as long.
const defaultSchedules = 2_000
