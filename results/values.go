package results

// Values holds what one phase contributed to one interval, or what many intervals add up to. A shard of the recorder is a
// Values: Add and Record are on the path of every received event and allocate only the first time a histogram is used.
// Not safe for concurrent use; each loop owns its own.
type Values struct {
	counters   [NumMetrics]int64
	by         [NumMetrics]map[string]int64
	histograms [NumMetrics]*Histogram
}

// Add adds n to the counter.
func (v *Values) Add(id ID, n int64) { v.counters[id] += n }

// AddBy adds n to the counter and to its share under the token.
func (v *Values) AddBy(id ID, token string, n int64) {
	v.counters[id] += n
	if v.by[id] == nil {
		v.by[id] = make(map[string]int64)
	}
	v.by[id][token] += n
}

// Record puts a duration in nanoseconds into the histogram.
func (v *Values) Record(id ID, nanos int64) { v.histogram(id).Record(nanos) }

// Censor counts n pairs as later than every receipt.
func (v *Values) Censor(id ID, n int64) { v.histogram(id).Censored += n }

func (v *Values) histogram(id ID) *Histogram {
	if v.histograms[id] == nil {
		v.histograms[id] = NewHistogram()
	}
	return v.histograms[id]
}

// Counter gives the counter's value.
func (v *Values) Counter(id ID) int64 { return v.counters[id] }

// By gives the counter's shares by token; nil if it has none. The caller must not change it.
func (v *Values) By(id ID) map[string]int64 { return v.by[id] }

// Histogram gives the histogram, nil if nothing was recorded since the start or the last Reset.
func (v *Values) Histogram(id ID) *Histogram {
	if h := v.histograms[id]; h != nil && !h.Empty() {
		return h
	}
	return nil
}
