package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Format writes a stored value in the unit that a person would choose: 1.42 ms, 38 µs, 12.3 MiB, 500,000.
func Format(value float64, unit Unit) string {
	if value < 0 {
		return "-" + Format(-value, unit)
	}
	switch unit {
	case UnitNanoseconds:
		return formatDuration(value)
	case UnitBytes:
		return formatScaled(value, 1024, []string{"B", "KiB", "MiB", "GiB", "TiB"})
	case UnitRatio:
		return significant(value*100) + " %"
	case UnitCores:
		return strconv.FormatFloat(value, 'f', 2, 64) + " cores"
	case UnitOne:
		if value == math.Trunc(value) {
			return thousands(strconv.FormatFloat(value, 'f', 0, 64))
		}
		return significant(value)
	}
	if base, ok := strings.CutSuffix(string(unit), "/ns"); ok {
		return Format(value*1e9, Unit(base)) + "/s"
	}
	return significant(value) + " " + string(unit)
}

func formatDuration(nanos float64) string {
	if nanos >= 120e9 {
		return time.Duration(nanos).Round(time.Second).String()
	}
	if micros := nanos / 1e3; micros >= 9.95 && micros < 999.5 {
		return strconv.FormatFloat(micros, 'f', 0, 64) + " µs"
	}
	return formatScaled(nanos, 1000, []string{"ns", "µs", "ms", "s"})
}

// formatScaled divides by the base until three digits are left before the point. The smallest unit is indivisible.
func formatScaled(value, base float64, units []string) string {
	i := 0
	for limit := 999.5; value >= limit && i < len(units)-1; i++ {
		value /= base
	}
	if i == 0 {
		return strconv.FormatFloat(value, 'f', 0, 64) + " " + units[0]
	}
	return significant(value) + " " + units[i]
}

// significant writes three significant digits, and all digits before the point.
func significant(value float64) string {
	digits := 2
	switch {
	case value == 0:
		digits = 0
	case value >= 99.95:
		digits = 0
	case value >= 9.995:
		digits = 1
	case value < 0.9995:
		digits = min(2-int(math.Floor(math.Log10(value))), 9)
	}
	return thousands(strconv.FormatFloat(value, 'f', digits, 64))
}

// thousands puts a comma between groups of three digits before the point.
func thousands(number string) string {
	whole, fraction, point := strings.Cut(number, ".")
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if point {
		fmt.Fprintf(&b, ".%s", fraction)
	}
	return b.String()
}
