package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration, Count, Size, Rate and Share read 30s, 10k, 4KiB, 600/m and 5%; they are also flag values (pflag.Value).
type (
	Duration time.Duration
	Count    int64
	Size     int64   // bytes
	Rate     float64 // a second
	Share    float64 // of 1
)

// ValueError says why a text is no Count, Duration, Size, Rate or Share, and what its writer probably meant.
type ValueError struct {
	Message    string
	Suggestion string // empty: none
}

// Error gives the message and, where there is one, the suggestion.
func (e *ValueError) Error() string {
	if e.Suggestion == "" {
		return e.Message
	}
	return e.Message + didYouMean(e.Suggestion)
}

// ParseCount reads 500, 1_000, 10k, 1.5k and 1m. Its error is a *ValueError.
func ParseCount(s string) (Count, error) {
	wrong := func() (Count, error) {
		return 0, &ValueError{Message: fmt.Sprintf("%s is no count: write 500, 1_000, 10k or 1m", quote(s))}
	}
	number, suffix := splitNumber(s)
	factor := 0.0
	switch suffix {
	case "":
		factor = 1
	case "k", "K":
		factor = 1e3
	case "m", "M":
		factor = 1e6
	default:
		return wrong()
	}
	value, ok := decimal(number)
	if !ok {
		return wrong()
	}
	value *= factor
	if value != math.Trunc(value) {
		return 0, &ValueError{Message: fmt.Sprintf("%s is no whole number", quote(s))}
	}
	if value > 1<<53 {
		return 0, &ValueError{Message: fmt.Sprintf("%s is too large", quote(s))}
	}
	return Count(value), nil
}

// ParseDuration reads Go's durations: 30s, 1m30s, 250ms. A bare number is a mistake, since nobody can know its unit. Its error is
// a *ValueError.
func ParseDuration(s string) (Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil && s != "0" {
		return Duration(d), nil
	}
	if value, ok := decimal(s); ok {
		return 0, &ValueError{
			Message:    fmt.Sprintf("%s is a duration without a unit", quote(s)),
			Suggestion: strconv.FormatFloat(value, 'f', -1, 64) + "s",
		}
	}
	v := &ValueError{Message: fmt.Sprintf("%s is no duration: write 30s, 1m30s or 250ms", quote(s))}
	squeezed := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	for _, unit := range []struct{ long, short string }{
		{"milliseconds", "ms"},
		{"millis", "ms"},
		{"seconds", "s"},
		{"second", "s"},
		{"secs", "s"},
		{"sec", "s"},
		{"minutes", "m"},
		{"minute", "m"},
		{"mins", "m"},
		{"min", "m"},
		{"hours", "h"},
		{"hour", "h"},
		{"", ""},
	} {
		short := strings.TrimSuffix(squeezed, unit.long) + unit.short
		if strings.HasSuffix(squeezed, unit.long) && short != s {
			if _, err := time.ParseDuration(short); err == nil {
				v.Suggestion = short
				break
			}
		}
	}
	return 0, v
}

var sizeUnits = []struct {
	name  string
	bytes float64
}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1}, {"", 1}}

// ParseSize reads 256B, 4KiB (1024 bytes each), 1MB (1,000,000) and a bare number of bytes. Its error is a *ValueError.
func ParseSize(s string) (Size, error) {
	number, suffix := splitNumber(s)
	value, ok := decimal(number)
	for _, unit := range sizeUnits {
		if !ok || suffix != unit.name {
			continue
		}
		value *= unit.bytes
		if value != math.Trunc(value) {
			return 0, &ValueError{Message: fmt.Sprintf("%s is no whole number of bytes", quote(s))}
		}
		if value > 1<<53 {
			return 0, &ValueError{Message: fmt.Sprintf("%s is too large", quote(s))}
		}
		return Size(value), nil
	}
	v := &ValueError{Message: fmt.Sprintf("%s is no size: write 256B, 4KiB or 1MB", quote(s))}
	for _, unit := range sizeUnits {
		if ok && suffix != "" && (strings.EqualFold(suffix, unit.name) || strings.EqualFold(suffix+"iB", unit.name)) {
			v.Suggestion = number + unit.name
			break
		}
	}
	return 0, v
}

var rateUnits = map[string]float64{"s": 1, "m": 60, "h": 3600}

// ParseRate reads 10/s, 600/m, 1/h, 2.5k/s, and a bare number as so many a second. Its error is a *ValueError.
func ParseRate(s string) (Rate, error) {
	amount, per, slash := strings.Cut(s, "/")
	if !slash {
		per = "s"
	}
	value, ok := rateAmount(amount)
	if seconds, known := rateUnits[per]; ok && known {
		return Rate(value / seconds), nil
	}
	v := &ValueError{Message: fmt.Sprintf("%s is no rate: write 10/s, 600/m or 1/h", quote(s))}
	amount, per, _ = strings.Cut(strings.ToLower(strings.ReplaceAll(s, " ", "")), "/")
	if _, ok := rateAmount(amount); ok {
		for _, unit := range []string{"second", "minute", "hour"} {
			if per == unit[:1] || len(per) > 2 && strings.HasPrefix(unit+"s", per) {
				v.Suggestion = amount + "/" + unit[:1]
			}
		}
	}
	return 0, v
}

func rateAmount(s string) (float64, bool) {
	number, suffix := splitNumber(s)
	value, ok := decimal(number)
	switch suffix {
	case "":
	case "k", "K":
		value *= 1e3
	case "m", "M":
		value *= 1e6
	default:
		return 0, false
	}
	return value, ok
}

// ParseShare reads 5%, 0.5% and 100%. Its error is a *ValueError.
func ParseShare(s string) (Share, error) {
	number, suffix := splitNumber(s)
	value, ok := decimal(number)
	switch {
	case !ok || suffix != "%" || strings.ContainsAny(number, "_-"):
		v := &ValueError{Message: fmt.Sprintf("%s is no share: write 5%% or 0.5%%", quote(s))}
		if value, ok := decimal(s); ok && value > 0 && value <= 100 {
			v.Suggestion = s + "%"
		}
		return 0, v
	case value > 100:
		return 0, &ValueError{Message: fmt.Sprintf("%s is more than all", quote(s)), Suggestion: "100%"}
	}
	return Share(math.Round(value*1e10) / 1e12), nil
}

// splitNumber cuts a text after its leading digits, points, signs and underscores.
func splitNumber(s string) (number, suffix string) {
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("+-0123456789._", r) })
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

// decimal reads digits with at most one point; underscores may stand between digits.
func decimal(s string) (float64, bool) {
	plain := s
	if strings.Contains(s, "_") {
		for i := range len(s) {
			if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
				return 0, false
			}
		}
		plain = strings.ReplaceAll(s, "_", "")
	}
	unsigned := strings.TrimPrefix(plain, "-")
	if unsigned == "" || !isDigit(unsigned[0]) || !isDigit(unsigned[len(unsigned)-1]) || strings.Trim(unsigned, "0123456789.") != "" {
		return 0, false
	}
	value, err := strconv.ParseFloat(plain, 64)
	return value, err == nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// quote shows a text of the user's in a message: in one line, never long, never with control characters.
func quote(s string) string {
	const most = 40
	if runes := []rune(s[:min(len(s), 4*most+4)]); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return strconv.Quote(s)
}
