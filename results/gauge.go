package results

import "math"

// gauge sums up the samples of one gauge, each weighted by the time it stands for.
type gauge struct {
	holdSum, holdWeight float64
	sum, weight         float64
	min, max, last      float64
	seen                bool
}

func (g *gauge) add(value, weight float64, hold bool) {
	if !g.seen {
		g.min, g.max, g.seen = value, value, true
	}
	g.min, g.max, g.last = math.Min(g.min, value), math.Max(g.max, value), value
	g.sum += value * weight
	g.weight += weight
	if hold {
		g.holdSum += value * weight
		g.holdWeight += weight
	}
}

// value gives the gauge as the document shows it: the mean over the hold phases (over all, where there is none), and for
// memory the maximum.
func (g *gauge) value(id ID) Value {
	v := Value{Kind: KindGauge, Unit: Catalogue[id].Unit, Min: &g.min, Max: &g.max, Last: &g.last}
	mean := g.last
	switch {
	case isMemory(id) || id == ConnectionsPeak:
		mean = g.max
	case g.holdWeight > 0:
		mean = g.holdSum / g.holdWeight
	case g.weight > 0:
		mean = g.sum / g.weight
	}
	v.Value = &mean
	return v
}

func isMemory(id ID) bool {
	switch id {
	case GeneratorRSS, GeneratorRSSPerConnection, ServerRSS, ServerRSSPerConnection:
		return true
	}
	return false
}

// constantGauge is a gauge that is derived once for the whole run.
func constantGauge(id ID, value float64) Value {
	return Value{Kind: KindGauge, Unit: Catalogue[id].Unit, Value: &value, Min: &value, Max: &value, Last: &value}
}

// perStream estimates the memory for each stream from two samples: the one with the fewest streams open before the first hold
// phase (the base; after the load a process keeps memory that it had) and the one with the most in a hold phase. Two samples
// at nearly the same number of streams say nothing.
type perStream struct {
	baseOpen, baseBytes float64
	fullOpen, fullBytes float64
	based, filled       bool
}

func (p *perStream) add(open, bytes float64, hold bool) {
	if !p.filled && !hold && (!p.based || open < p.baseOpen) {
		p.baseOpen, p.baseBytes, p.based = open, bytes, true
	}
	if hold && (!p.filled || open > p.fullOpen || open == p.fullOpen && bytes > p.fullBytes) {
		p.fullOpen, p.fullBytes, p.filled = open, bytes, true
	}
}

// value gives bytes for each stream; false where the samples cannot tell.
func (p *perStream) value() (float64, bool) {
	streams, grown := p.fullOpen-p.baseOpen, p.fullBytes-p.baseBytes
	if !p.based || !p.filled || streams < p.fullOpen/4 || streams <= 0 || grown <= 0 {
		return 0, false
	}
	return grown / streams, true
}
