package loadgen

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ssebench/results"
)

// storm gives the table of an outage, by its phase.
func (s *shard) storm(outage int32) *results.OutagePart {
	if s.page.storms == nil {
		s.page.storms = make(map[int32]*results.OutagePart)
	}
	return stormOf(s.page.storms, outage)
}

// bin gives the tenth of a second of the outage that runs; nil where none does.
func (s *shard) bin(r *run, at int64) *results.OutageBin {
	outage := r.disrupted.Load()
	if outage == 0 {
		return nil
	}
	return s.storm(outage).Bin(at - r.disruptedAt.Load())
}

// attempt counts an opening where it started. It is known only when it is over.
func (s *shard) attempt(dialStart time.Time, r *run) {
	if dialStart.IsZero() {
		return
	}
	if bin := s.bin(r, r.timeline.since(dialStart)); bin != nil {
		bin.Attempts++
	}
}

// storm is the recorder's own table of an outage.
func (r *recorder) storm(outage int32) *results.OutagePart {
	if r.storms == nil {
		r.storms = make(map[int32]*results.OutagePart)
	}
	return stormOf(r.storms, outage)
}

// takeStorms hands over what the outages added since the last call.
func (r *recorder) takeStorms() (parts []results.OutagePart) {
	for part := range maps.Values(r.storms) {
		parts = append(parts, *part)
	}
	slices.SortFunc(parts, func(a, b results.OutagePart) int { return cmp.Compare(a.Phase, b.Phase) })
	r.storms = nil
	return parts
}

func stormOf(storms map[int32]*results.OutagePart, outage int32) *results.OutagePart {
	if storms[outage] == nil {
		storms[outage] = &results.OutagePart{Phase: int(outage)}
	}
	return storms[outage]
}
