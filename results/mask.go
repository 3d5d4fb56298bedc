package results

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// operand is a literal or a reference to a metric, read by maskOperands.
type operand struct {
	text  string
	unit  dimension
	value float64    // of a literal
	ref   *reference // nil: a literal
}

// maskOperands replaces every literal and every reference by an x and blanks of the same length in bytes, so that the
// expression parser sees a plain expression whose columns are those of the original. The operands are found again by their
// offset.
func maskOperands(expression string) (string, map[int]operand, error) {
	masked := []byte(strings.Repeat(" ", len(expression)))
	operands := make(map[int]operand)
	for i := 0; i < len(expression); {
		rest := expression[i:]
		var n int
		var found operand
		var err *ThresholdError
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case c >= '0' && c <= '9' || c == '.':
			n, found, err = readLiteral(rest)
		case isLetter(c):
			word := wordPattern.FindString(rest)
			if word == "and" || word == "or" || word == "not" {
				copy(masked[i:], word)
				i += len(word)
				continue
			}
			n, found, err = readReference(rest)
			if err != nil && lastIsNumber(operands, masked, i) && nearestUnit(word) != "" {
				err = &ThresholdError{Message: "a unit is written without a space, such as 50" + nearestUnit(word)}
			}
		default:
			if n, err = readOperator(rest); err == nil {
				copy(masked[i:], rest[:n])
				i += n
				continue
			}
		}
		if err != nil {
			err.Column += i + 1
			return "", nil, err
		}
		masked[i] = 'x'
		operands[i] = found
		i += n
	}
	return string(masked), operands, nil
}

// lastIsNumber says that what stands before the offset is a number without a unit.
func lastIsNumber(operands map[int]operand, masked []byte, offset int) bool {
	last, ok := operands[bytes.LastIndexFunc(masked[:offset], func(r rune) bool { return r != ' ' })]
	return ok && last.ref == nil && last.unit == dimension{}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

var (
	wordPattern    = regexp.MustCompile(`^[A-Za-z0-9_.]+`)
	tokenPattern   = regexp.MustCompile(`^\s*\[\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\]`)
	literalPattern = regexp.MustCompile(`^(?:[0-9][0-9_]*)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`)
	suffixPattern  = regexp.MustCompile(`^[A-Za-z0-9_.µμ]*%?`)
)

// readOperator gives the length of the operator that s starts with. The column of its error counts from 0.
func readOperator(s string) (int, *ThresholdError) {
	for _, op := range []string{"<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "(", ")", "!"} {
		if strings.HasPrefix(s, op) {
			return len(op), nil
		}
	}
	switch s[0] {
	case '=':
		return 0, &ThresholdError{Message: "one = compares nothing", Suggestion: "=="}
	case '%':
		return 0, &ThresholdError{Message: "a percentage is written without a space, such as 0.1%"}
	case '"', '\'':
		return 0, &ThresholdError{Message: `text stands only behind a counter, such as connections.failed["dial_refused"]`}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return 0, &ThresholdError{Message: fmt.Sprintf("%q has no meaning in a threshold", r)}
}

// readReference reads a metric's name, its field, and a counter's token. The column of its error counts from 0.
func readReference(s string) (int, operand, *ThresholdError) {
	name := wordPattern.FindString(s)
	ref, err := resolve(name)
	if err != nil {
		return 0, operand{}, err
	}
	n := len(name)
	if after := strings.TrimLeft(s[n:], " \t\r\n"); strings.HasPrefix(after, "[") {
		match := tokenPattern.FindStringSubmatch(s[n:])
		switch {
		case match == nil:
			return 0, operand{}, &ThresholdError{Column: len(s) - len(after), Message: "a token stands in quotes", Suggestion: tokenSuggestion(name, after)}
		case Catalogue[ref.id].Kind != KindCounter:
			return 0, operand{}, &ThresholdError{Column: len(s) - len(after), Message: "only counters are counted by token; " + name + " is not a counter's name"}
		}
		n += len(match[0])
		ref.byToken, ref.token = true, match[1]+match[2]
	}
	return n, operand{text: s[:n], unit: ref.dimension(), ref: ref}, nil
}

func tokenSuggestion(name, bracket string) string {
	if token := wordPattern.FindString(strings.TrimLeft(bracket[1:], " \t")); token != "" {
		return fmt.Sprintf("%s[%q]", name, token)
	}
	return ""
}

// literalUnits are the suffixes of a single number. A lone m is a minute, as in every duration; a million is 1M.
var literalUnits = []struct {
	suffix string
	factor float64
	unit   dimension
}{
	{"", 1, dimension{}},
	{"%", 0.01, dimension{kind: ratio}},
	{"k", 1e3, dimension{}},
	{"M", 1e6, dimension{}},
	{"ns", 1, dimension{time: 1}},
	{"us", 1e3, dimension{time: 1}},
	{"µs", 1e3, dimension{time: 1}}, // micro sign
	{"μs", 1e3, dimension{time: 1}}, // Greek mu
	{"ms", 1e6, dimension{time: 1}},
	{"s", 1e9, dimension{time: 1}},
	{"m", 60e9, dimension{time: 1}},
	{"h", 3600e9, dimension{time: 1}},
	{"B", 1, dimension{bytes: 1}},
	{"kB", 1e3, dimension{bytes: 1}},
	{"KB", 1e3, dimension{bytes: 1}},
	{"MB", 1e6, dimension{bytes: 1}},
	{"GB", 1e9, dimension{bytes: 1}},
	{"TB", 1e12, dimension{bytes: 1}},
	{"KiB", 1 << 10, dimension{bytes: 1}},
	{"MiB", 1 << 20, dimension{bytes: 1}},
	{"GiB", 1 << 30, dimension{bytes: 1}},
	{"TiB", 1 << 40, dimension{bytes: 1}},
}

// readLiteral reads a number with its unit. The column of its error counts from 0.
func readLiteral(s string) (int, operand, *ThresholdError) {
	digits := literalPattern.FindString(s)
	suffix := suffixPattern.FindString(s[len(digits):])
	text := digits + suffix
	value, err := strconv.ParseFloat(strings.ReplaceAll(digits, "_", ""), 64)
	if err != nil {
		return 0, operand{}, &ThresholdError{Message: fmt.Sprintf("%q is not a number", excerpt(max(text, s[:1])))}
	}
	for _, u := range literalUnits {
		if u.suffix == suffix {
			return len(text), operand{text: text, unit: u.unit, value: value * u.factor}, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil { // several units, such as 1m30s
		return len(text), operand{text: text, unit: dimension{time: 1}, value: float64(d)}, nil
	}
	mistake := &ThresholdError{Message: fmt.Sprintf("%q is not a unit", excerpt(suffix))}
	if unit := nearestUnit(suffix); unit != "" {
		mistake.Suggestion = digits + unit
	}
	return 0, operand{}, mistake
}

// unitWords are what people write for units that have a shorter name.
var unitWords = map[string]string{
	"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "hr": "h",
	"hour": "h", "hours": "h", "msec": "ms", "usec": "us", "nsec": "ns", "bytes": "B", "b": "B", "kb": "kB", "mb": "MB", "gb": "GB",
	"kib": "KiB", "mib": "MiB", "gib": "GiB", "tib": "TiB", "tb": "TB", "k": "k", "kk": "M", "g": "GB", "percent": "%", "pct": "%",
}

func nearestUnit(suffix string) string {
	if unit, ok := unitWords[strings.ToLower(suffix)]; ok {
		return unit
	}
	var units []string
	for _, u := range literalUnits[2:] {
		units = append(units, u.suffix)
	}
	return nearest(suffix, units, 1)
}
