package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// One value range everywhere, so that histograms of every worker, phase and run merge: 1 µs to 1 h at three digits, 197 kB.
const (
	histogramLowest  = int64(1000)
	histogramHighest = int64(3600e9)
	histogramDigits  = 3
)

// Histogram counts durations in nanoseconds. A duration under 1 µs counts in the lowest buckets. What the range cannot hold is
// counted beside it and keeps its rank: a negative duration is earlier than every other, one over an hour is later, and a
// censored one (a receipt that never came) is later than everything. Make one with NewHistogram. Not safe for concurrent use.
type Histogram struct {
	Negatives  int64 // durations below zero: two clocks disagree, or a mark is forged
	OutOfRange int64 // durations over an hour
	Censored   int64 // expected receipts that never came

	hdr      *hdr.Histogram
	min, max int64 // exact, over all recorded values; meaningless while Count is 0
}

// NewHistogram gives an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{hdr: hdr.New(histogramLowest, histogramHighest, histogramDigits), min: math.MaxInt64, max: math.MinInt64}
}

// Record counts one duration. It does not allocate.
func (h *Histogram) Record(nanos int64) {
	h.min = min(h.min, nanos)
	h.max = max(h.max, nanos)
	switch {
	case nanos < 0:
		h.Negatives++
	case nanos > histogramHighest || h.hdr.RecordValue(nanos) != nil:
		h.OutOfRange++
	}
}

// Merge adds o to h. The error says how many values could not be added; it cannot happen between histograms of one range short
// of 2⁶³ values, and is checked since hdr drops silently.
func (h *Histogram) Merge(o *Histogram) error {
	if o == nil {
		return nil
	}
	h.Negatives += o.Negatives
	h.OutOfRange += o.OutOfRange
	h.Censored += o.Censored
	if o.Count() == 0 {
		return nil
	}
	h.min = min(h.min, o.min)
	h.max = max(h.max, o.max)
	if o.hdr.TotalCount() == 0 {
		return nil
	}
	if dropped := h.hdr.Merge(o.hdr); dropped != 0 {
		h.OutOfRange += dropped
		return fmt.Errorf("merging histograms dropped %d values", dropped)
	}
	return nil
}

// Reset empties the histogram and keeps its memory.
func (h *Histogram) Reset() {
	if h.hdr.TotalCount() != 0 {
		h.hdr.Reset()
	}
	h.Negatives, h.OutOfRange, h.Censored = 0, 0, 0
	h.min, h.max = math.MaxInt64, math.MinInt64
}

// Count gives the number of recorded durations: those in range, negative and over an hour, without the censored ones.
func (h *Histogram) Count() int64 { return h.Negatives + h.hdr.TotalCount() + h.OutOfRange }

// Empty says that nothing was recorded or censored.
func (h *Histogram) Empty() bool { return h.Count() == 0 && h.Censored == 0 }

// Min gives the exact smallest duration, 0 if there is none.
func (h *Histogram) Min() int64 {
	if h.Count() == 0 {
		return 0
	}
	return h.min
}

// Max gives the exact largest duration, 0 if there is none. Censored ones are later still.
func (h *Histogram) Max() int64 {
	if h.Count() == 0 {
		return 0
	}
	return h.max
}

// Mean gives the mean of the durations in range, within the histogram's resolution; 0 if there are none.
func (h *Histogram) Mean() float64 {
	if h.hdr.TotalCount() == 0 {
		return 0
	}
	return min(max(h.hdr.Mean(), float64(h.min)), float64(h.max))
}

// ValueAt gives the duration in nanoseconds below or at which the percentile (0 to 100) of all values lies, by the nearest rank
// and within the histogram's three digits. It is false where that value is censored or where there are no values.
func (h *Histogram) ValueAt(percentile float64) (nanos int64, ok bool) {
	all := h.Count() + h.Censored
	// The subtraction takes back what the division's rounding may add: 99.9 % of 1000 is rank 999, not 1000.
	exact := percentile / 100 * float64(all)
	rank := max(int64(math.Ceil(exact-exact*1e-12)), 1)
	inRange := h.hdr.TotalCount()
	switch {
	case rank > h.Count():
		return 0, false
	case rank <= h.Negatives:
		return h.min, true
	case rank > h.Negatives+inRange:
		return h.max, true
	}
	value := h.hdr.ValueAtPercentile(100 * float64(rank-h.Negatives) / float64(inRange))
	return min(max(value, h.min), h.max), true
}

// histogramJSON is a histogram in a journal. Min and Max are exact; the buckets are not.
type histogramJSON struct {
	HDR        string `json:"hdr"` // base64 of the V2 compressed buckets
	Min        *int64 `json:"min,omitempty"`
	Max        *int64 `json:"max,omitempty"`
	Negatives  int64  `json:"negatives,omitempty"`
	Censored   int64  `json:"censored,omitempty"`
	OutOfRange int64  `json:"out_of_range,omitempty"`
}

// encodeHDR gives the base64 of the V2 compressed buckets.
func (h *Histogram) encodeHDR() (string, error) {
	encoded, err := h.hdr.EncodeV2()
	return string(encoded), err
}

// MarshalJSON writes the histogram with its buckets compressed.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	encoded, err := h.encodeHDR()
	if err != nil {
		return nil, fmt.Errorf("encoding a histogram: %w", err)
	}
	j := histogramJSON{HDR: encoded, Negatives: h.Negatives, Censored: h.Censored, OutOfRange: h.OutOfRange}
	if h.Count() > 0 {
		j.Min, j.Max = &h.min, &h.max
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote. A histogram of another range is refused: it would not merge.
func (h *Histogram) UnmarshalJSON(data []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	decoded, err := decodeHistogram(j.HDR, j.Negatives, j.Censored, j.OutOfRange)
	if err != nil {
		return err
	}
	if j.Min != nil && j.Max != nil {
		if *j.Min > *j.Max {
			return errors.New("a histogram's minimum is over its maximum")
		}
		decoded.min, decoded.max = *j.Min, *j.Max
	}
	*h = *decoded
	return nil
}

func decodeHistogram(encoded string, negatives, censored, outOfRange int64) (*Histogram, error) {
	if negatives < 0 || censored < 0 || outOfRange < 0 {
		return nil, errors.New("a histogram's count is negative")
	}
	h := NewHistogram()
	h.Negatives, h.Censored, h.OutOfRange = negatives, censored, outOfRange
	if encoded != "" {
		buckets, err := hdr.Decode([]byte(encoded))
		if err != nil {
			return nil, fmt.Errorf("a histogram's buckets are damaged: %w", err)
		}
		if buckets.LowestTrackableValue() != histogramLowest || buckets.HighestTrackableValue() != histogramHighest ||
			buckets.SignificantFigures() != histogramDigits {
			return nil, fmt.Errorf("a histogram has the range %d ns to %d ns at %d digits, not %d ns to %d ns at %d",
				buckets.LowestTrackableValue(), buckets.HighestTrackableValue(), buckets.SignificantFigures(),
				histogramLowest, histogramHighest, histogramDigits)
		}
		h.hdr = buckets
	}
	if h.hdr.TotalCount() > 0 {
		h.min, h.max = h.hdr.Min(), h.hdr.Max()
	}
	if h.Negatives > 0 {
		h.min, h.max = min(h.min, -1), max(h.max, -1)
	}
	if h.OutOfRange > 0 {
		h.min, h.max = min(h.min, histogramHighest+1), max(h.max, histogramHighest+1)
	}
	return h, nil
}
