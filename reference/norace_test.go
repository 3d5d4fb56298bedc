//go:build !race

package reference

// allocSlack leaves room for other goroutines of the test's process.
const allocSlack = 0.5
