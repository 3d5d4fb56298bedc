package loadgen

import (
	"bytes"
	"math"
)

// fraction counts the digits behind the point, without the zeros at their end.
func fraction(text []byte) int {
	_, digits, _ := bytes.Cut(text, []byte("."))
	if end := bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	return len(bytes.TrimRight(digits, "0"))
}

// resolution returns how fine the times are that the server wrote, in nanoseconds; 0 where it wrote
// none. What ends in a zero by chance does not end so in ten events.
func (r *run) resolution() int64 {
	const enough = 10
	timed, digits := int64(0), 0
	for _, l := range r.lanes {
		l.Hold()
		timed, digits = timed+l.shard.timed, max(digits, l.shard.digits)
		l.Release()
	}
	if timed == 0 {
		return 0
	}
	if timed < enough {
		digits = max(digits, unitDigits[r.plan.Observe.Unit])
	}
	return int64(math.Pow10(max(9-digits, 0)))
}
