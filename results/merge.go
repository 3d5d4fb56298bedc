package results

import (
	"fmt"
	"slices"
)

// Merge adds the same second of another worker to i. Counters, histograms and the gauges of the generators add up; a gauge of
// what all workers share (the server, the machine) keeps its larger value. The error says what could not be merged.
func (i *Interval) Merge(o *Interval) error {
	i.StartNS = min(i.StartNS, o.StartNS)
	i.EndNS = max(i.EndNS, o.EndNS)
	for _, theirs := range o.Phases {
		if theirs.Values == nil {
			continue
		}
		at := slices.IndexFunc(i.Phases, func(p PhaseValues) bool { return p.Phase == theirs.Phase && p.Values != nil })
		if at < 0 {
			at = len(i.Phases)
			i.Phases = append(i.Phases, PhaseValues{Phase: theirs.Phase, Values: &Values{}})
		}
		if err := i.Phases[at].Values.Merge(theirs.Values); err != nil {
			return err
		}
	}
	if o.Closed != nil {
		if i.Closed == nil {
			i.Closed = new(Endings)
		}
		i.Closed.Merge(*o.Closed)
	}
	var err error
	if i.Outages, err = mergeOutages(i.Outages, o.Outages); err != nil {
		return err
	}
	for name, value := range o.Gauges {
		id, ok := Lookup(name)
		if !ok || Catalogue[id].Kind != KindGauge {
			return fmt.Errorf("unknown gauge %s (from another version of ssebench?)", name)
		}
		if i.Gauges == nil {
			i.Gauges = make(map[string]float64)
		}
		mine, both := i.Gauges[name]
		switch {
		case !both:
			i.Gauges[name] = value
		case addsUp(id):
			i.Gauges[name] = mine + value
		default:
			i.Gauges[name] = max(mine, value)
		}
	}
	for _, mark := range o.Marks { // a phase starts with its first worker and ends with its last
		at := slices.IndexFunc(i.Marks, func(m PhaseMark) bool { return m.Phase == mark.Phase && m.Ended == mark.Ended })
		switch {
		case at < 0:
			i.Marks = append(i.Marks, mark)
		case mark.Ended:
			i.Marks[at].AtNS = max(i.Marks[at].AtNS, mark.AtNS)
		default:
			i.Marks[at].AtNS = min(i.Marks[at].AtNS, mark.AtNS)
		}
	}
	i.Warnings = addWarnings(i.Warnings, o.Warnings...)
	if o.End != nil {
		if i.End == nil {
			i.End = &End{}
		}
		i.End.Open += o.End.Open
		i.End.Waiting += o.End.Waiting
		i.End.OldestNS = max(i.End.OldestNS, o.End.OldestNS)
		i.End.Partial = i.End.Partial || o.End.Partial
		if i.End.Failure == "" {
			i.End.Failure = o.End.Failure
		}
		if i.End.TimeOfReceipt != ReceiptRead && o.End.TimeOfReceipt != "" { // what holds for all is the weaker
			i.End.TimeOfReceipt = o.End.TimeOfReceipt
		}
		if i.End.Wire == nil {
			i.End.Wire = o.End.Wire
		}
		if o.End.Stall != nil && (i.End.Stall == nil || o.End.Stall.LengthNS > i.End.Stall.LengthNS) {
			i.End.Stall = o.End.Stall
		}
		i.End.ObservedResolutionNS = max(i.End.ObservedResolutionNS, o.End.ObservedResolutionNS)
		i.End.StreamLimit = leastLimit(i.End.StreamLimit, o.End.StreamLimit)
	}
	return nil
}

// Total adds up the values of all phases of the interval, for a progress line. The caller must not change them: where there is
// one phase only, they are its own.
func (i *Interval) Total() (*Values, error) {
	if len(i.Phases) == 1 && i.Phases[0].Values != nil {
		return i.Phases[0].Values, nil
	}
	total := &Values{}
	for _, p := range i.Phases {
		if err := total.Merge(p.Values); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// addsUp says whether the gauge of two workers is the sum of theirs.
func addsUp(id ID) bool {
	switch id {
	case ConnectionsOpen, ConnectionsPeak, DeliveriesMissing, GeneratorCPU, GeneratorRSS, GeneratorRunDelay:
		return true
	}
	return false
}

// addWarnings appends those that are not there yet.
func addWarnings(to []Warning, more ...Warning) []Warning {
	for _, w := range more {
		if !slices.Contains(to, w) {
			to = append(to, w)
		}
	}
	return to
}

// leastLimit returns the lower of two limits, of which 0 is none.
func leastLimit(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}
