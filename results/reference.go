package results

import (
	"fmt"
	"slices"
	"strings"
)

// The fields of histograms and gauges in thresholds, as they stand in the document.
var (
	histogramFields = []string{"count", "min", "mean", "p50", "p90", "p95", "p99", "p99_9", "p99_99", "max", "censored"}
	gaugeFields     = []string{"value", "min", "max", "last"}
)

// fieldWords are other names of fields.
var fieldWords = map[string]string{"median": "p50", "avg": "mean", "average": "mean", "p100": "max", "p999": "p99_9", "p9999": "p99_99"}

// reference names one number of a document.
type reference struct {
	id      ID
	field   string // empty for a counter
	byToken bool
	token   string
}

func (r *reference) dimension() dimension {
	if r.field == "count" || r.field == "censored" {
		return dimension{kind: count}
	}
	switch m := Catalogue[r.id]; {
	case m.Unit == UnitNanoseconds:
		return dimension{time: 1}
	case m.Unit == UnitBytes:
		return dimension{bytes: 1}
	case m.Unit == UnitCores:
		return dimension{kind: cores}
	case m.Unit == UnitRatio:
		return dimension{kind: ratio}
	}
	return dimension{kind: count}
}

// resolve splits a dotted name into metric and field. The column of its error counts from 0.
func resolve(name string) (*reference, *ThresholdError) {
	if word := strings.ToLower(name); word == "and" || word == "or" || word == "not" {
		return nil, &ThresholdError{Message: fmt.Sprintf("unknown metric %s", name), Suggestion: word}
	}
	metric, field := name, ""
	id, known := Lookup(metric)
	for !known {
		dot := strings.LastIndexByte(metric, '.')
		if dot < 0 {
			return nil, &ThresholdError{Message: fmt.Sprintf("unknown metric %s", excerpt(name)), Suggestion: nearestReference(name)}
		}
		metric, field = name[:dot], name[dot+1:]
		id, known = Lookup(metric)
	}
	fields := fieldsOf(id)
	switch kind := Catalogue[id].Kind; {
	case field == "" && (kind == KindCounter || id == DeliveriesStalled), slices.Contains(fields, field):
		return &reference{id: id, field: field}, nil
	case field == "":
		example := map[Kind]string{KindHistogram: ".p99", KindGauge: ".max"}[kind]
		return nil, &ThresholdError{Message: fmt.Sprintf("%s is a %s and needs a field: %s", name, kind, strings.Join(fields, " ")), Suggestion: name + example}
	case kind == KindCounter && field == "value":
		return nil, &ThresholdError{Column: len(metric) + 1, Message: metric + " is a counter and has no fields", Suggestion: metric}
	case kind == KindCounter:
		return nil, &ThresholdError{Column: len(metric) + 1, Message: metric + " is a counter and has no fields", Suggestion: fmt.Sprintf("%s[%q]", metric, field)}
	default:
		mistake := &ThresholdError{Column: len(metric) + 1, Message: fmt.Sprintf("%s has no field %s, only %s", metric, excerpt(field), strings.Join(fields, " "))}
		near, ok := fieldWords[field]
		if !ok {
			near = nearest(strings.ReplaceAll(field, ".", "_"), fields, 2)
		}
		if slices.Contains(fields, near) {
			mistake.Suggestion = metric + "." + near
		}
		return nil, mistake
	}
}

func fieldsOf(id ID) []string {
	switch Catalogue[id].Kind {
	case KindHistogram:
		return histogramFields
	case KindGauge:
		return gaugeFields
	default:
		return nil
	}
}

// References lists everything that a threshold can name, in the order of the catalogue: for completion and suggestions.
func References() []string {
	var all []string
	for id := range NumMetrics {
		if Catalogue[id].Kind == KindCounter || id == DeliveriesStalled {
			all = append(all, id.String()) // the latter is a gauge of the whole run: all its fields are one
		}
		for _, field := range fieldsOf(id) {
			all = append(all, id.String()+"."+field)
		}
	}
	return all
}

func nearestReference(name string) string {
	all := References()
	for _, r := range all {
		if strings.HasSuffix(r, "."+name) {
			return r
		}
	}
	for id := range NumMetrics { // a misspelt metric without a field
		if m := id.String(); Catalogue[id].Kind != KindCounter {
			all = append(all, m)
		}
	}
	return nearest(name, all, max(2, len(name)/4))
}

// nearest gives the candidate at the smallest edit distance, the first of several, and nothing beyond the limit.
func nearest(word string, candidates []string, limit int) string {
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if d := editDistance(word, c, bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// editDistance is Levenshtein's distance in bytes, or limit where it is not below it.
func editDistance(a, b string, limit int) int {
	if diff := len(a) - len(b); diff >= limit || -diff >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// read gives the number that the reference names. A lost percentile is +Inf, and where there is no number the reason says why.
func (r *reference) read(d *Document) span {
	name := r.id.String()
	v, ok := d.Metrics[name]
	if !ok && d.Run.Partial && slices.Contains(ledgerClose, r.id) {
		return none(name + ": unknown, since the ledger of the run was not closed")
	}
	if !ok {
		return none(name + ": never produced by this run")
	}
	if r.byToken {
		return known(float64(v.By[r.token]))
	}
	if v.Kind == KindHistogram {
		if v.Histogram == nil {
			return none(name + ": never produced by this run")
		}
		return withoutGenerator(d, r.id, r.field, v.Histogram.read(name, r.field))
	}
	field := v.Value
	switch r.field {
	case "min":
		field = v.Min
	case "max":
		field = v.Max
	case "last":
		field = v.Last
	}
	if field == nil { // what never came about, such as full recovery from an outage
		return lost(name + ": it never came to it in this run")
	}
	number := known(*field)
	if r.id == DeliveriesStalled && d.Run.Stall != nil {
		number.reason = d.Run.Stall.String()
	}
	return number
}

func lost(reason string) span {
	s := known(infinite)
	s.reason = reason
	return s
}

// read gives a field's number. The mean and the maximum of values among which some never arrived lie beyond every limit: losing
// events must improve nothing.
func (s *Summary) read(name, field string) span {
	switch field {
	case "count":
		return known(float64(s.Count))
	case "censored":
		return known(float64(s.Censored))
	}
	if s.Count == 0 && s.Censored == 0 {
		return none(name + ": no values in this run")
	}
	switch field {
	case "min":
		if s.Count > 0 {
			return known(s.Min)
		}
	case "max":
		if s.Censored == 0 {
			return known(s.Max)
		}
	case "mean":
		if s.Censored == 0 {
			return known(s.Mean)
		}
	default:
		switch p := s.Percentile(field); {
		case p == nil:
		case s.Supports(field):
			return known(*p)
		default:
			return s.span(field)
		}
	}
	return lost(fmt.Sprintf("lost: it lies among the %d that never arrived", s.Censored))
}

// Percentile gives the percentile of that name ("p50" to "p99_99"), nil where it is lost or there are no values.
func (s *Summary) Percentile(field string) *float64 {
	for _, p := range s.percentiles() {
		if p.field == field {
			return *p.value
		}
	}
	return nil
}
