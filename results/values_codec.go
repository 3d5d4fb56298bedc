package results

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Merge adds o to v and leaves o as it is. The error says which histogram could not be added whole.
func (v *Values) Merge(o *Values) error {
	if o == nil {
		return nil
	}
	var failed error
	for id := range NumMetrics {
		v.counters[id] += o.counters[id]
		for token, n := range o.by[id] {
			if v.by[id] == nil {
				v.by[id] = make(map[string]int64)
			}
			v.by[id][token] += n
		}
		if h := o.Histogram(id); h != nil {
			if err := v.histogram(id).Merge(h); err != nil && failed == nil {
				failed = fmt.Errorf("%s: %w", id, err)
			}
		}
	}
	return failed
}

// Reset empties v and keeps the memory that was in use since the last Reset, so that a shard that is used again does not allocate.
func (v *Values) Reset() {
	clear(v.counters[:])
	for id := range NumMetrics {
		clear(v.by[id])
		if h := v.histograms[id]; h != nil && h.Empty() {
			v.histograms[id] = nil
		} else if h != nil {
			h.Reset()
		}
	}
}

// Empty says that nothing was added or recorded since the start or the last Reset.
func (v *Values) Empty() bool {
	for id := range NumMetrics {
		if v.counters[id] != 0 || len(v.by[id]) != 0 || v.Histogram(id) != nil {
			return false
		}
	}
	return true
}

// valuesJSON carries metrics by name: IDs change with every version.
type valuesJSON struct {
	Counters   map[string]int64            `json:"counters,omitempty"`
	By         map[string]map[string]int64 `json:"by,omitempty"`
	Histograms map[string]*Histogram       `json:"histograms,omitempty"`
}

// MarshalJSON writes what is not zero or empty, by the metrics' names.
func (v *Values) MarshalJSON() ([]byte, error) {
	j := valuesJSON{
		Counters:   make(map[string]int64),
		By:         make(map[string]map[string]int64),
		Histograms: make(map[string]*Histogram),
	}
	for id := range NumMetrics {
		name := id.String()
		if v.counters[id] != 0 {
			j.Counters[name] = v.counters[id]
		}
		if len(v.by[id]) != 0 {
			j.By[name] = v.by[id]
		}
		if h := v.Histogram(id); h != nil {
			j.Histograms[name] = h
		}
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote. Names that this version does not know, or knows as another kind of metric, are an
// error that lists them: leaving them out would drop measurements in silence.
func (v *Values) UnmarshalJSON(data []byte) error {
	var j valuesJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*v = Values{}
	var unknown []string
	find := func(name string, kind Kind) (ID, bool) {
		id, ok := Lookup(name)
		if !ok || Catalogue[id].Kind != kind {
			unknown = append(unknown, name)
			return 0, false
		}
		return id, true
	}
	for name, n := range j.Counters {
		if id, ok := find(name, KindCounter); ok {
			v.counters[id] = n
		}
	}
	for name, by := range j.By {
		if id, ok := find(name, KindCounter); ok {
			v.by[id] = maps.Clone(by)
		}
	}
	for name, h := range j.Histograms {
		if id, ok := find(name, KindHistogram); ok {
			v.histograms[id] = h
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("unknown metrics (written by another version of ssebench?): %s", strings.Join(slices.Compact(unknown), ", "))
	}
	return nil
}
