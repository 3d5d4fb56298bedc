package results

import (
	"encoding/json"
	"fmt"
)

// Value is one metric's outcome. Which fields are set depends on Kind.
type Value struct {
	Kind Kind
	Unit Unit

	// Value is a counter's sum, or a gauge's mean over the hold phases (memory: the maximum). Nil: it never came about.
	Value *float64
	// By is a counter's share by token.
	By map[string]int64
	// Min, Max and Last are a gauge's; a histogram has its own in Histogram.
	Min, Max, Last *float64

	Histogram *Summary
}

// Summary is the shown part of a histogram together with its counts. All values are nanoseconds.
type Summary struct {
	Count      int64 // values recorded; the censored ones are not among them
	Min, Max   float64
	Mean       float64
	P50        *float64 // nil: it lies among the censored values, or there are none
	P90        *float64
	P95        *float64
	P99        *float64
	P99_9      *float64
	P99_99     *float64
	Censored   int64  // values that never came, later than every other
	Negatives  int64  // of Count, below zero
	OutOfRange int64  // of Count, over an hour
	HDR        string // base64 of the V2 compressed histogram
}

type namedPercentile struct {
	field      string
	percentile float64
	value      **float64
}

func (s *Summary) percentiles() []namedPercentile {
	return []namedPercentile{
		{"p50", 50, &s.P50},
		{"p90", 90, &s.P90},
		{"p95", 95, &s.P95},
		{"p99", 99, &s.P99},
		{"p99_9", 99.9, &s.P99_9},
		{"p99_99", 99.99, &s.P99_99},
	}
}

// Summarise gives the summary of a histogram.
func Summarise(h *Histogram) (*Summary, error) {
	encoded, err := h.buckets.encode()
	if err != nil {
		return nil, err
	}
	s := &Summary{
		Count: h.Count(), Min: float64(h.Min()), Max: float64(h.Max()), Mean: h.Mean(),
		Censored: h.Censored, Negatives: h.Negatives, OutOfRange: h.OutOfRange, HDR: encoded,
	}
	for _, p := range s.percentiles() {
		if nanos, ok := h.ValueAt(p.percentile); ok {
			value := float64(nanos)
			*p.value = &value
		}
	}
	return s, nil
}

// Decode gives the histogram back, for charts and for merging.
func (s *Summary) Decode() (*Histogram, error) {
	h, err := decodeHistogram(s.HDR, s.Negatives, s.Censored, s.OutOfRange)
	if err == nil && s.Count > 0 {
		h.min, h.max = int64(s.Min), int64(s.Max)
	}
	return h, err
}

// The three forms of a value in a document. A percentile among the censored values is null, so those fields are never left out.
type (
	counterJSON struct {
		Kind  Kind             `json:"kind"`
		Unit  Unit             `json:"unit"`
		Value float64          `json:"value"`
		By    map[string]int64 `json:"by,omitempty"`
	}
	gaugeJSON struct {
		Kind  Kind     `json:"kind"`
		Unit  Unit     `json:"unit"`
		Value *float64 `json:"value"`
		Min   *float64 `json:"min"`
		Max   *float64 `json:"max"`
		Last  *float64 `json:"last"`
	}
	summaryJSON struct {
		Kind       Kind     `json:"kind"`
		Unit       Unit     `json:"unit"`
		Count      int64    `json:"count"`
		Min        float64  `json:"min"`
		Mean       float64  `json:"mean"`
		P50        *float64 `json:"p50"`
		P90        *float64 `json:"p90"`
		P95        *float64 `json:"p95"`
		P99        *float64 `json:"p99"`
		P99_9      *float64 `json:"p99_9"`
		P99_99     *float64 `json:"p99_99"`
		Max        float64  `json:"max"`
		Censored   int64    `json:"censored"`
		Negatives  int64    `json:"negatives,omitempty"`
		OutOfRange int64    `json:"out_of_range,omitempty"`
		HDR        string   `json:"hdr"`
	}
)

// MarshalJSON writes the fields that the kind has, flat.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case KindCounter:
		c := counterJSON{Kind: v.Kind, Unit: v.Unit, By: v.By}
		if v.Value != nil {
			c.Value = *v.Value
		}
		return json.Marshal(c)
	case KindGauge:
		return json.Marshal(gaugeJSON{v.Kind, v.Unit, v.Value, v.Min, v.Max, v.Last})
	case KindHistogram:
		s := v.Histogram
		if s == nil {
			s = &Summary{}
		}
		return json.Marshal(summaryJSON{
			v.Kind, v.Unit, s.Count, s.Min, s.Mean, s.P50, s.P90, s.P95, s.P99, s.P99_9, s.P99_99, s.Max,
			s.Censored, s.Negatives, s.OutOfRange, s.HDR,
		})
	}
	return nil, fmt.Errorf("a value has the unknown kind %q", v.Kind)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	var head struct{ Kind Kind }
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	switch head.Kind {
	case KindCounter:
		var c counterJSON
		if err := json.Unmarshal(data, &c); err != nil {
			return err
		}
		*v = Value{Kind: c.Kind, Unit: c.Unit, Value: &c.Value, By: c.By}
	case KindGauge:
		var g gaugeJSON
		if err := json.Unmarshal(data, &g); err != nil {
			return err
		}
		*v = Value{Kind: g.Kind, Unit: g.Unit, Value: g.Value, Min: g.Min, Max: g.Max, Last: g.Last}
	case KindHistogram:
		var s summaryJSON
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*v = Value{Kind: s.Kind, Unit: s.Unit, Histogram: &Summary{
			Count: s.Count, Min: s.Min, Max: s.Max, Mean: s.Mean,
			P50: s.P50, P90: s.P90, P95: s.P95, P99: s.P99, P99_9: s.P99_9, P99_99: s.P99_99,
			Censored: s.Censored, Negatives: s.Negatives, OutOfRange: s.OutOfRange, HDR: s.HDR,
		}}
	default:
		return fmt.Errorf("a value has the unknown kind %q", head.Kind)
	}
	return nil
}
