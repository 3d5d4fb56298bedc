//go:build !race

package loadgen

const defaultSchedules = 10_000
