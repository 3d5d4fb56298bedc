package results

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr/ast"
)

// term is a node of a checked threshold.
type term struct {
	op          string // empty: an operand
	left, right *term  // right is nil for a sign and for not
	operand     operand
	column      int // of its first operand, from 1
	unit        dimension
	boolean     bool
}

func (t *term) literal() bool { return t.op == "" && t.operand.ref == nil }

// zero fits every unit: nothing is nothing in milliseconds too.
func (t *term) zero() bool { return t.literal() && t.operand.value == 0 && t.unit == dimension{} }

func (t *term) readsMetric() bool {
	return t != nil && (t.operand.ref != nil || t.left.readsMetric() || t.right.readsMetric())
}

// each calls the function with every metric that the term names, and with its column.
func (t *term) each(found func(r *reference, column int)) {
	if t == nil {
		return
	}
	if t.operand.ref != nil {
		found(t.operand.ref, t.column)
	}
	t.left.each(found)
	t.right.each(found)
}

// checker turns the parser's tree into terms whose names and units are right.
type checker struct {
	expression string
	operands   map[int]operand // by offset
}

func (c *checker) check(n ast.Node) (*term, error) {
	at := n.Location().From
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if o, ok := c.operands[at]; ok {
			return &term{operand: o, column: at + 1, unit: o.unit}, nil
		}
	case *ast.UnaryNode:
		inner, err := c.check(n.Node)
		if err != nil {
			return nil, err
		}
		t := &term{op: n.Operator, left: inner, column: at + 1, unit: inner.unit, boolean: inner.boolean}
		if t.op == "!" {
			t.op = "not"
		}
		if (t.op == "not") != inner.boolean {
			return nil, c.mistake(inner.column, "%s does not go with %s; put a comparison in parentheses", n.Operator, inner.describe())
		}
		return t, nil
	case *ast.BinaryNode:
		left, err := c.check(n.Left)
		if err != nil {
			return nil, err
		}
		right, err := c.check(n.Right)
		if err != nil {
			return nil, err
		}
		return c.combine(n.Operator, left, right, at+1)
	}
	return nil, c.mistake(at+1, "a threshold has only comparisons, arithmetic, and, or, not")
}

func (c *checker) combine(op string, left, right *term, at int) (*term, error) {
	t := &term{op: op, left: left, right: right, column: left.column}
	wantBoolean := false
	switch op {
	case "and", "or", "&&", "||":
		wantBoolean, t.boolean = true, true
		t.op = map[string]string{"&&": "and", "||": "or"}[op]
		if t.op == "" {
			t.op = op
		}
	case "<", "<=", ">", ">=", "==", "!=":
		t.boolean = true
	case "+", "-":
		t.unit = left.unit.sum(right.unit)
	case "*":
		t.unit = left.unit.product(right.unit)
	case "/":
		t.unit = left.unit.quotient(right.unit)
	default:
		return nil, c.mistake(at, "%s has no meaning in a threshold", op)
	}
	for _, side := range []*term{left, right} {
		if side.boolean != wantBoolean {
			return nil, c.mistake(side.column, "%s does not go with %s", op, side.describe())
		}
	}
	if t.boolean && !wantBoolean && !t.readsMetric() {
		return nil, c.mistake(t.column, "a comparison must name a metric")
	}
	if wantBoolean || op == "*" || op == "/" || left.unit.fits(right.unit) || left.zero() || right.zero() {
		return t, nil
	}
	return nil, c.unfit(op, left, right)
}

// unfit names the operand that does not fit the other: the literal if one of them is, else the right one.
func (c *checker) unfit(op string, left, right *term) error {
	wrong, other := right, left
	if left.literal() && !right.literal() {
		wrong, other = left, right
	}
	what := "compared with"
	if op == "+" || op == "-" {
		what = "combined with"
	}
	mistake := &ThresholdError{
		Column:  wrong.column,
		Message: fmt.Sprintf("%s is %s and cannot be %s %s", c.text(wrong), wrong.unit, what, other.unit),
	}
	if !wrong.literal() {
		return mistake
	}
	switch duration := (dimension{time: 1}); {
	case wrong.unit == dimension{} && other.unit == duration:
		mistake.Suggestion = wrong.operand.text + "ms"
	case wrong.unit == dimension{} && other.unit == dimension{bytes: 1}:
		mistake.Suggestion = wrong.operand.text + "B"
	case wrong.unit == duration && other.unit.bare() && math.Mod(wrong.operand.value, 60e9) == 0:
		mistake.Message += " (m is a minute, M a million)"
		mistake.Suggestion = fmt.Sprintf("%gM", wrong.operand.value/60e9)
	case wrong.unit.kind == ratio && other.unit.kind == count:
		mistake.Message += "; divide the count first, such as deliveries.lost / deliveries.expected"
	}
	return mistake
}

// text gives an operand as it was written and describes anything longer.
func (c *checker) text(t *term) string {
	if t.op == "" {
		return t.operand.text
	}
	return "the right side"
}

func (t *term) describe() string {
	if t.boolean {
		return "a comparison"
	}
	return t.unit.String()
}

func (c *checker) mistake(column int, format string, args ...any) *ThresholdError {
	return &ThresholdError{Column: column, Message: fmt.Sprintf(format, args...)}
}
