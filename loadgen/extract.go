package loadgen

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"ssebench/loadgen/internal/jsonpointer"
	"ssebench/scenarios"
)

// extractor finds a value in the data of an event where there is no room for a mark, or where the
// server emits by itself. Safe for use by many goroutines.
type extractor struct {
	pointer *jsonpointer.Pointer
	pattern *regexp.Regexp // nil: the pointer counts
}

func newExtractor(e *scenarios.Extract) (*extractor, error) {
	if e == nil {
		return nil, nil
	}
	if e.Regexp != "" {
		pattern, err := regexp.Compile(e.Regexp)
		if err != nil {
			return nil, fmt.Errorf("sequence.regexp: %w", err)
		}
		if pattern.NumSubexp() < 1 {
			return nil, fmt.Errorf("sequence.regexp %q has no group; put the sequence into parentheses", e.Regexp)
		}
		return &extractor{pattern: pattern}, nil
	}
	return &extractor{pointer: jsonpointer.Parse(e.Pointer)}, nil
}

// number gives the value as a sequence number.
func (x *extractor) number(data []byte) (uint64, bool) {
	if x.pattern == nil {
		return x.pointer.Uint(data)
	}
	m := x.pattern.FindSubmatch(data)
	if m == nil {
		return 0, false
	}
	return jsonpointer.Uint(m[1])
}

// units of a time that is written as a number, in nanoseconds.
var units = map[string]float64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}

// unitDigits are the decimal digits of a second that a whole number of the unit has.
var unitDigits = map[string]int{"ms": 3, "us": 6, "ns": 9}

// clock reads the time that the server wrote into an event, as nanoseconds since the Unix epoch, and
// how many decimal digits of a second it has.
type clock func(data []byte) (unix int64, digits int, ok bool)

// newClock returns the reader; nil where the scenario names no time.
func newClock(o *scenarios.Observe) clock {
	if o == nil || o.Time == "" {
		return nil
	}
	parse := clock(parseTime)
	if unit, numeric := units[o.Unit]; numeric {
		whole := unitDigits[o.Unit]
		parse = func(text []byte) (int64, int, bool) { return parseUnits(text, unit, whole) }
	}
	if o.Time == "data" {
		return func(data []byte) (int64, int, bool) { return parse(bytes.TrimSpace(data)) }
	}
	pointer := jsonpointer.Parse(o.Time)
	return func(data []byte) (int64, int, bool) {
		text, _, ok := pointer.Text(data, nil)
		if !ok {
			return 0, 0, false
		}
		return parse(text)
	}
}

// parseTime reads RFC 3339. UnmarshalText allocates nothing, but is stricter than what servers write.
func parseTime(text []byte) (unix int64, digits int, ok bool) {
	var t time.Time
	if t.UnmarshalText(text) == nil {
		return t.UnixNano(), fraction(text), true
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	return t.UnixNano(), fraction(text), err == nil
}

// parseUnits reads a number of units of so many nanoseconds, whose whole numbers have so many digits.
func parseUnits(text []byte, unit float64, whole int) (unix int64, digits int, ok bool) {
	if n, ok := jsonpointer.Uint(bytes.TrimPrefix(text, []byte("+"))); ok {
		zeros := len(text) - len(bytes.TrimRight(text, "0"))
		return int64(n) * int64(unit), max(whole-zeros, 0), n <= math.MaxInt64/uint64(unit)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return int64(f * unit), whole + fraction(text), err == nil && f >= 0 && f*unit < math.MaxInt64
}
