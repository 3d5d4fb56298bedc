package results

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// maxThresholdBytes bounds an expression, and with it the depth of its tree.
const maxThresholdBytes = 2000

// Threshold is a checked expression over the catalogue. Make one with ParseThreshold.
type Threshold struct {
	Expression string
	root       *term
}

// ThresholdError is a mistake in a threshold.
type ThresholdError struct {
	Column     int // of the offending operand in the expression, in bytes, from 1
	Message    string
	Suggestion string // what was probably meant, empty if nothing is near
}

// Error gives the message and, where there is one, the suggestion.
func (e *ThresholdError) Error() string {
	if e.Suggestion == "" {
		return e.Message
	}
	return fmt.Sprintf("%s; did you mean %s?", e.Message, e.Suggestion)
}

// ParseThreshold reads an expression such as `fanout.latency.p99 < 50ms` and checks its names and units. Operands are fields of
// metrics, counters by token (`connections.failed["dial_refused"]`), durations, sizes, percentages and numbers (`10k`); they
// combine by arithmetic, comparisons, and, or, not. Its error is a *ThresholdError.
func ParseThreshold(expression string) (Threshold, error) {
	if len(expression) > maxThresholdBytes {
		return Threshold{}, &ThresholdError{Column: 1, Message: fmt.Sprintf("a threshold has at most %d bytes", maxThresholdBytes)}
	}
	masked, operands, err := maskOperands(expression)
	if err != nil {
		return Threshold{}, err
	}
	if len(operands) == 0 {
		return Threshold{}, &ThresholdError{Column: 1, Message: "a threshold compares a metric with a value, such as deliveries.lost == 0"}
	}
	tree, err := parser.Parse(masked)
	if err != nil {
		return Threshold{}, parseMistake(err, expression)
	}
	root, err := (&checker{expression: expression, operands: operands}).check(tree.Node)
	if err != nil {
		return Threshold{}, err
	}
	if !root.boolean {
		return Threshold{}, &ThresholdError{Column: root.column, Message: "a threshold must be a comparison, such as deliveries.lost == 0"}
	}
	return Threshold{Expression: expression, root: root}, nil
}

// parseMistake turns the parser's error into ours. The masked expression has the operands at the places where the original has
// them, so the location needs no translation; the message would quote the mask, so it is told anew.
func parseMistake(err error, expression string) *ThresholdError {
	var at *file.Error
	if !errors.As(err, &at) || at.From >= len(expression) || strings.Contains(at.Message, "EOF") {
		return &ThresholdError{Column: len(expression) + 1, Message: "the expression ends too early"}
	}
	return &ThresholdError{Column: at.From + 1, Message: fmt.Sprintf("no operand or operator fits at %q", excerpt(expression[at.From:]))}
}

// excerpt shortens what is quoted in a message.
func excerpt(s string) string {
	const most = 24
	for i := range s {
		if i >= most {
			return s[:i] + "…"
		}
	}
	return s
}

// Metrics returns the metrics that the expression names, each once.
func (t Threshold) Metrics() (ids []ID) {
	t.root.each(func(r *reference, _ int) {
		if !slices.Contains(ids, r.id) {
			ids = append(ids, r.id)
		}
	})
	return ids
}

// Require returns a *ThresholdError at the first metric of the expression that the function has something to say against.
func (t Threshold) Require(wrong func(ID) string) error {
	var first *ThresholdError
	t.root.each(func(r *reference, column int) {
		if what := wrong(r.id); what != "" && first == nil {
			first = &ThresholdError{Column: column, Message: fmt.Sprintf("%s: %s", r.id, what)}
		}
	})
	if first == nil {
		return nil
	}
	return first
}

// Eval holds the threshold against a run. A percentile among the censored values crosses every upper limit. Observed is the left side
// of the comparison that decided, or its right side where only that names a metric. The outcome is inconclusive where the run
// does not say on which side of the limit the number lies.
func (t Threshold) Eval(d *Document) ThresholdResult {
	result := ThresholdResult{Expression: t.Expression, Unit: UnitOne, Outcome: Inconclusive}
	if t.root == nil {
		result.Reason = "the threshold was never parsed"
		return result
	}
	truth, by := t.root.decide(d)
	switch truth {
	case holds:
		result.Outcome, result.Pass = Held, true
	case fails:
		result.Outcome = Crossed
	}
	result.Unit = by.unit
	result.Reason = by.reason
	if !math.IsInf(by.observed, 0) && !math.IsNaN(by.observed) {
		result.Observed = &by.observed
	}
	return result
}
