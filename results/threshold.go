package results

// Threshold is a checked expression over the catalogue.
type Threshold struct {
	Expression string
}

// ThresholdError is a mistake in a threshold.
type ThresholdError struct {
	Column     int // of the offending operand in the expression, in bytes, from 1
	Message    string
	Suggestion string // the nearest valid reference, empty if none is near
}

// Error gives the message and, where there is one, the suggestion.
func (e *ThresholdError) Error() string {
	if e.Suggestion == "" {
		return e.Message
	}
	return e.Message + " (did you mean " + e.Suggestion + "?)"
}

// ParseThreshold reads an expression such as `fanout.latency.p99 < 50ms`. Its error is a *ThresholdError.
func ParseThreshold(expr string) (Threshold, error) {
	if expr == "" {
		return Threshold{}, &ThresholdError{Column: 1, Message: "the expression is empty"}
	}
	return Threshold{Expression: expr}, nil
}
