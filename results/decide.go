package results

import "math"

// truth has a third value: a comparison with something that the run never produced is neither true nor false, and must not
// become true under a not.
type truth int

const (
	unknown truth = iota
	fails
	holds
)

func truthOf(b bool) truth {
	if b {
		return holds
	}
	return fails
}

// decision is what a comparison saw.
type decision struct {
	observed float64 // of the side that names a metric; NaN or an infinity where there is no number
	unit     Unit
	reason   string
}

// decide gives the truth of a boolean term and the comparison that it rests on.
func (t *term) decide(d *Document) (truth, decision) {
	switch t.op {
	case "not":
		inner, by := t.left.decide(d)
		switch inner {
		case holds:
			return fails, by
		case fails:
			return holds, by
		}
		return unknown, by
	case "and", "or":
		left, byLeft := t.left.decide(d)
		right, byRight := t.right.decide(d)
		final := fails // what one side alone decides
		if t.op == "or" {
			final = holds
		}
		switch {
		case left == final:
			return final, byLeft
		case right == final:
			return final, byRight
		case left == unknown:
			return unknown, byLeft
		case right == unknown:
			return unknown, byRight
		}
		return left, byLeft
	}
	return t.compare(d)
}

func (t *term) compare(d *Document) (truth, decision) {
	left, reason := t.left.evaluate(d)
	right, rightReason := t.right.evaluate(d)
	by := decision{observed: left, unit: t.left.unit.unit(), reason: reason}
	if !t.left.readsMetric() {
		by.observed, by.unit = right, t.right.unit.unit()
	}
	if by.reason == "" {
		by.reason = rightReason
	}
	if math.IsNaN(left) || math.IsNaN(right) {
		if by.reason == "" {
			by.reason = "it is not a number"
		}
		return unknown, by
	}
	switch t.op {
	case "<":
		return truthOf(left < right), by
	case "<=":
		return truthOf(left <= right && !math.IsInf(left, 1)), by
	case ">":
		return truthOf(left > right), by
	case ">=":
		return truthOf(left >= right && !math.IsInf(right, 1)), by
	case "==":
		return truthOf(left == right && !math.IsInf(left, 0)), by
	default:
		return truthOf(left != right), by
	}
}

// evaluate gives the number of an arithmetic term, and the reason where it is none.
func (t *term) evaluate(d *Document) (float64, string) {
	switch {
	case t.op == "" && t.operand.ref != nil:
		return t.operand.ref.read(d)
	case t.op == "":
		return t.operand.value, ""
	}
	left, reason := t.left.evaluate(d)
	if t.right == nil {
		if t.op == "-" {
			left = -left
		}
		return left, reason
	}
	right, rightReason := t.right.evaluate(d)
	if reason == "" {
		reason = rightReason
	}
	switch {
	case t.op == "+":
		return left + right, reason
	case t.op == "*":
		return left * right, reason
	case math.IsInf(right, 0): // taking away or dividing by what was lost must not make anything small
		return math.NaN(), reason
	case t.op == "-":
		return left - right, reason
	case right == 0:
		return math.NaN(), "it divides by zero"
	default:
		return left / right, reason
	}
}
