package results

import "math"

var infinite = math.Inf(1)

// span is a number that may not be known exactly: it lies between lo and hi. Both are the observed number where it is known, and
// NaN where there is none.
type span struct {
	lo, observed, hi float64
	// reason says why there is no number, or that it was lost; doubt says why lo and hi differ.
	reason, doubt string
}

func known(value float64) span { return span{lo: value, observed: value, hi: value} }

func none(reason string) span {
	s := known(math.NaN())
	s.reason = reason
	return s
}

func (s span) isNone() bool  { return math.IsNaN(s.lo) || math.IsNaN(s.hi) }
func (s span) isExact() bool { return s.lo == s.hi }

// less holds one number against another: whether it is below, or, where equal is set, not above. What never came is below
// nothing and equal to nothing.
func (s span) less(than span, equal bool) truth {
	switch {
	case s.hi < than.lo, equal && s.hi <= than.lo && !math.IsInf(s.hi, 1):
		return holds
	case s.lo > than.hi, !equal && s.lo >= than.hi, math.IsInf(s.lo, 1):
		return fails
	}
	return unknown
}

func (s span) equals(other span) truth {
	switch {
	case s.hi < other.lo, other.hi < s.lo, math.IsInf(s.lo, 0), math.IsInf(other.lo, 0):
		return fails
	case s.isExact() && other.isExact():
		return holds
	}
	return unknown
}

func (s span) negative() span {
	s.lo, s.observed, s.hi = -s.hi, -s.observed, -s.lo
	return s
}

// combine adds, subtracts, multiplies or divides two numbers: the result lies between the results of their ends.
func (s span) combine(op string, with span) span {
	result := known(s.observed)
	result.reason, result.doubt = either(s.reason, with.reason), either(s.doubt, with.doubt)
	if s.isNone() || with.isNone() {
		return none(result.reason)
	}
	switch op {
	case "+":
		result.lo, result.observed, result.hi = s.lo+with.lo, s.observed+with.observed, s.hi+with.hi
	case "-":
		if math.IsInf(with.lo, 0) { // taking away what was lost must not make anything small
			return none(result.reason)
		}
		result.lo, result.observed, result.hi = s.lo-with.hi, s.observed-with.observed, s.hi-with.lo
	case "*":
		result.observed = s.observed * with.observed
		result.lo, result.hi = ends(s.lo*with.lo, s.lo*with.hi, s.hi*with.lo, s.hi*with.hi)
	default:
		switch {
		case math.IsInf(with.lo, 0):
			return none(result.reason)
		case with.lo <= 0 && with.hi >= 0:
			return none(either(result.reason, "it divides by zero"))
		}
		result.observed = s.observed / with.observed
		result.lo, result.hi = ends(s.lo/with.lo, s.lo/with.hi, s.hi/with.lo, s.hi/with.hi)
	}
	return result
}

func ends(all ...float64) (lo, hi float64) {
	lo, hi = all[0], all[0]
	for _, v := range all {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
