package loadgen

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ssebench/scenarios"
)

// extractor finds a value in the data of an event where there is no room for a mark, or where the server emits by itself. Safe
// for use by many goroutines.
type extractor struct {
	pointer []string // reference tokens of a JSON pointer (RFC 6901, section 4)
	pattern *regexp.Regexp
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
	return &extractor{pointer: pointerTokens(e.Pointer)}, nil
}

func pointerTokens(pointer string) []string {
	if pointer == "" {
		return []string{}
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens
}

// text gives the value as it is written; a JSON string without its quotes.
func (x *extractor) text(data []byte) (string, bool) {
	if x.pattern != nil {
		m := x.pattern.FindSubmatch(data)
		if m == nil {
			return "", false
		}
		return string(m[1]), true
	}
	raw, ok := x.follow(data)
	if !ok {
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, true
	}
	return strings.TrimSpace(string(raw)), true
}

// follow gives the JSON that the pointer leads to.
func (x *extractor) follow(raw json.RawMessage) (json.RawMessage, bool) {
	for _, token := range x.pointer {
		var object map[string]json.RawMessage
		var array []json.RawMessage
		switch {
		case json.Unmarshal(raw, &object) == nil:
			next, ok := object[token]
			if !ok {
				return nil, false
			}
			raw = next
		case json.Unmarshal(raw, &array) == nil:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(array) {
				return nil, false
			}
			raw = array[i]
		default:
			return nil, false
		}
	}
	return raw, true
}

// number gives the value as a sequence number.
func (x *extractor) number(data []byte) (uint64, bool) {
	s, ok := x.text(data)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// units of a time that is written as a number, in nanoseconds.
var units = map[string]float64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}

// newClock gives a reader of the time that the server wrote into an event, as nanoseconds since the Unix epoch, and the resolution
// of that time; nil where the scenario names none.
func newClock(o *scenarios.Observe) (read func(data []byte) (unix int64, ok bool)) {
	if o == nil || o.Time == "" {
		return nil
	}
	text := func(data []byte) (string, bool) { return strings.TrimSpace(string(data)), true }
	if o.Time != "data" {
		text = (&extractor{pointer: pointerTokens(o.Time)}).text
	}
	unit, numeric := units[o.Unit]
	return func(data []byte) (int64, bool) {
		s, ok := text(data)
		if !ok {
			return 0, false
		}
		if !numeric {
			t, err := time.Parse(time.RFC3339Nano, s)
			return t.UnixNano(), err == nil
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n * int64(unit), n >= 0 && n <= math.MaxInt64/int64(unit)
		}
		f, err := strconv.ParseFloat(s, 64)
		return int64(f * unit), err == nil && f >= 0 && f*unit < math.MaxInt64
	}
}
