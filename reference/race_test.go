//go:build race

package reference

// allocSlack is what the race detector's own bookkeeping may allocate for each
// publish.
const allocSlack = 6
