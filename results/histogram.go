package results

import "math"

// Histogram counts durations in nanoseconds. A duration under 1 µs counts in the lowest buckets. What the range cannot hold is
// counted beside it and keeps its rank: a negative duration is earlier than every other, one over an hour is later, and a
// censored one (a receipt that never came) is later than everything. Make one with NewHistogram. Not safe for concurrent use.
type Histogram struct {
	Negatives  int64 // durations below zero: two clocks disagree, or a mark is forged
	OutOfRange int64 // durations over an hour
	Censored   int64 // expected receipts that never came

	buckets  buckets
	min, max int64 // exact, over all recorded values; meaningless while Count is 0
}

// NewHistogram gives an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{min: math.MaxInt64, max: math.MinInt64}
}

// Record counts one duration. It allocates only where none of its size was before.
func (h *Histogram) Record(nanos int64) {
	h.min = min(h.min, nanos)
	h.max = max(h.max, nanos)
	switch {
	case nanos < 0:
		h.Negatives++
	case nanos > histogramHighest:
		h.OutOfRange++
	default:
		h.buckets.add(nanos)
	}
}

// Merge adds o to h. The error says how many values could not be added, which takes 2⁶³ of them.
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
	return h.buckets.merge(&o.buckets)
}

// Reset empties the histogram and keeps the memory that was in use since the last Reset.
func (h *Histogram) Reset() {
	h.buckets.reset()
	h.Negatives, h.OutOfRange, h.Censored = 0, 0, 0
	h.min, h.max = math.MaxInt64, math.MinInt64
}

// Count gives the number of recorded durations: those in range, negative and over an hour, without the censored ones.
func (h *Histogram) Count() int64 { return h.Negatives + h.buckets.total + h.OutOfRange }

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
	if h.buckets.total == 0 {
		return 0
	}
	return min(max(h.buckets.mean(), float64(h.min)), float64(h.max))
}

// ValueAt gives the duration in nanoseconds below or at which the percentile (0 to 100) of all values lies, by the nearest rank
// and within the histogram's three digits. It is false where that value is censored or where there are no values.
func (h *Histogram) ValueAt(percentile float64) (nanos int64, ok bool) {
	all := h.Count() + h.Censored
	// The subtraction takes back what the division's rounding may add: 99.9 % of 1000 is rank 999, not 1000.
	exact := percentile / 100 * float64(all)
	rank := max(int64(math.Ceil(exact-exact*1e-12)), 1)
	inRange := h.buckets.total
	switch {
	case rank > h.Count():
		return 0, false
	case rank <= h.Negatives:
		return h.min, true
	case rank > h.Negatives+inRange:
		return h.max, true
	}
	return min(max(h.buckets.valueAt(rank-h.Negatives), h.min), h.max), true
}
