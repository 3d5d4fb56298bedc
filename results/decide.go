package results

import "math"

// truth has a third value: a comparison with something that the run never produced is neither true nor false, and must not
// become true under a not.
type truth int

const (
	fails   truth = -1
	unknown truth = 0
	holds   truth = 1
)

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
		return -inner, by
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
	left, right := t.left.evaluate(d), t.right.evaluate(d)
	by := decision{observed: left.observed, unit: t.left.unit.unit()}
	if !t.left.readsMetric() {
		by.observed, by.unit = right.observed, t.right.unit.unit()
	}
	by.reason = either(left.reason, right.reason)
	if left.isNone() || right.isNone() {
		by.reason = either(by.reason, "it is not a number")
		return unknown, by
	}
	answer := t.hold(left, right)
	if answer == unknown {
		by.reason = either(left.doubt, right.doubt)
		if math.IsInf(left.hi, 1) || math.IsInf(right.hi, 1) {
			by.observed = math.NaN() // too little was measured to tell it
		}
	}
	return answer, by
}

// hold gives the truth of the comparison of two numbers.
func (t *term) hold(left, right span) truth {
	switch t.op {
	case "<":
		return left.less(right, false)
	case "<=":
		return left.less(right, true)
	case ">":
		return right.less(left, false)
	case ">=":
		return right.less(left, true)
	case "==":
		return left.equals(right)
	default:
		return -left.equals(right)
	}
}

// evaluate gives the number of an arithmetic term.
func (t *term) evaluate(d *Document) span {
	switch {
	case t.op == "" && t.operand.ref != nil:
		return t.operand.ref.read(d)
	case t.op == "":
		return known(t.operand.value)
	}
	left := t.left.evaluate(d)
	switch {
	case t.right != nil:
		return left.combine(t.op, t.right.evaluate(d))
	case t.op == "-":
		return left.negative()
	}
	return left
}
