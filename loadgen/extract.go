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

// newClock gives a reader of the time that the server wrote into an event, as nanoseconds since the Unix epoch; nil where the
// scenario names none.
func newClock(o *scenarios.Observe) (read func(data []byte) (unix int64, ok bool)) {
	if o == nil || o.Time == "" {
		return nil
	}
	parse := parseTime
	if unit, numeric := units[o.Unit]; numeric {
		parse = func(text []byte) (int64, bool) { return parseUnits(text, unit) }
	}
	if o.Time == "data" {
		return func(data []byte) (int64, bool) { return parse(bytes.TrimSpace(data)) }
	}
	pointer := jsonpointer.Parse(o.Time)
	return func(data []byte) (int64, bool) {
		text, _, ok := pointer.Text(data, nil)
		if !ok {
			return 0, false
		}
		return parse(text)
	}
}

// parseTime reads RFC 3339. UnmarshalText allocates nothing, but is stricter than what servers write.
func parseTime(text []byte) (unix int64, ok bool) {
	var t time.Time
	if t.UnmarshalText(text) == nil {
		return t.UnixNano(), true
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	return t.UnixNano(), err == nil
}

// parseUnits reads a number of units of so many nanoseconds.
func parseUnits(text []byte, unit float64) (unix int64, ok bool) {
	if n, ok := jsonpointer.Uint(bytes.TrimPrefix(text, []byte("+"))); ok {
		return int64(n) * int64(unit), n <= math.MaxInt64/uint64(unit)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return int64(f * unit), err == nil && f >= 0 && f*unit < math.MaxInt64
}
