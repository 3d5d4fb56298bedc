package results

import (
	"fmt"
	"strings"
)

// Needed returns how many values support the percentile of that field: 10/(1−p), so that ten lie beyond it. Zero for a field that is no
// percentile. Tables, thresholds and reasons all go by it.
func Needed(field string) int64 {
	for _, p := range new(Summary).percentiles() {
		if p.field == field {
			return int64(1000/(100-p.percentile) + 0.5)
		}
	}
	return 0
}

// Supports reports whether the summary has enough values, those that never came included, for the percentile of that field.
func (s *Summary) Supports(field string) bool { return s.Count+s.Censored >= Needed(field) }

// span returns what the values say of a percentile that too few of them support: it is not below any lower percentile that is
// supported, and not below the least value. Nothing bounds it from above.
func (s *Summary) span(field string) span {
	number := known(s.Min)
	for _, p := range s.percentiles() {
		if p.field == field {
			break
		}
		if *p.value != nil && s.Supports(p.field) {
			number = known(**p.value)
		}
	}
	number.hi = infinite
	number.doubt = fmt.Sprintf("%s support no %s, which needs %s: run longer or with more streams",
		plural(float64(s.Count+s.Censored), "value"), strings.ReplaceAll(field, "_", "."), Format(float64(Needed(field)), UnitOne))
	return number
}
