package results

import (
	"errors"
	"fmt"
	"math"
)

// Folder turns the intervals of a run into its Document, one at a time, so that a run of hours needs no more memory than its
// series. A live run, a journal after a crash and a fleet all end here. Make one with NewFolder. Not safe for concurrent use.
type Folder struct {
	header *Header
	phases []phaseFold
	gauges [NumMetrics]*gauge // without the warm-up
	series seriesFold

	outages []OutagePart
	closed  endingsFold

	serverMemory, generatorMemory perStream
	serverCPUNanos                float64 // in the hold phases and the drain, where the deliveries are
	endNS                         int64
	end                           *End
	warnings                      []Warning
}

// phaseFold is what a phase has come to.
type phaseFold struct {
	values         Values
	gauges         [NumMetrics]*gauge
	startNS, endNS int64
	started, ended bool
}

// NewFolder starts with the header of a run.
func NewFolder(h *Header) *Folder {
	return &Folder{header: h, phases: make([]phaseFold, len(h.Phases)), warnings: addWarnings(nil, h.Warnings...)}
}

// Fold is the document of a header and its intervals.
func Fold(h *Header, intervals []*Interval) (*Document, error) {
	f := NewFolder(h)
	for n, i := range intervals {
		if err := f.Add(i); err != nil {
			return nil, fmt.Errorf("interval %d: %w", n+1, err)
		}
	}
	return f.Document()
}

// Add takes the next interval and keeps nothing of it. Its error says what in the interval is no possible outcome of the run
// that the header describes; the document would be wrong after one.
func (f *Folder) Add(i *Interval) error {
	if f.end != nil {
		return errors.New("it follows the one that ended the run")
	}
	if i.EndNS < i.StartNS || i.StartNS < 0 {
		return fmt.Errorf("it runs from %d ns to %d ns", i.StartNS, i.EndNS)
	}
	for _, mark := range i.Marks {
		if err := f.mark(mark); err != nil {
			return err
		}
	}
	for _, o := range i.Outages {
		if o.Phase < 0 || o.Phase >= len(f.phases) || f.header.Phases[o.Phase].Kind != PhaseOutage {
			return fmt.Errorf("an outage names phase %d of %d, which is none", o.Phase, len(f.phases))
		}
	}
	for _, p := range i.Phases {
		if p.Phase < 0 || p.Phase >= len(f.phases) {
			return fmt.Errorf("phase %d of %d", p.Phase, len(f.phases))
		}
		if err := f.phases[p.Phase].values.Merge(p.Values); err != nil {
			return err
		}
	}
	total, err := i.Total()
	if err != nil {
		return err
	}
	gauges, err := f.addGauges(i)
	if err != nil {
		return err
	}
	if f.outages, err = mergeOutages(f.outages, i.Outages); err != nil {
		return err
	}
	f.closed.add(i.Closed, gauges[ConnectionsOpen])
	f.series.add(i, total, gauges)
	f.warnings = addWarnings(f.warnings, i.Warnings...)
	f.endNS = max(f.endNS, i.EndNS)
	if i.End != nil {
		end := *i.End
		f.end = &end
	}
	return nil
}

func (f *Folder) mark(m PhaseMark) error {
	if m.Phase < 0 || m.Phase >= len(f.phases) {
		return fmt.Errorf("a mark names phase %d of %d", m.Phase, len(f.phases))
	}
	p := &f.phases[m.Phase]
	if m.Ended {
		p.ended, p.endNS = true, m.AtNS
	} else {
		p.started, p.startNS = true, m.AtNS
	}
	return nil
}

// addGauges gives the interval's gauges by ID, and adds them to the phase in whose time the middle of the interval lies.
func (f *Folder) addGauges(i *Interval) (map[ID]float64, error) {
	gauges := make(map[ID]float64, len(i.Gauges))
	for name, value := range i.Gauges {
		id, ok := Lookup(name)
		if !ok || Catalogue[id].Kind != KindGauge {
			return nil, fmt.Errorf("unknown gauge %s (written by another version of ssebench?)", name)
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return nil, fmt.Errorf("the gauge %s is not a number", name)
		}
		gauges[id] = value
	}
	at := f.phaseAt(i.StartNS + (i.EndNS-i.StartNS)/2)
	var info PhaseInfo
	if at >= 0 {
		info = f.header.Phases[at]
	}
	hold := info.Kind == PhaseHold || info.Kind == PhaseChurn
	weight := float64(i.EndNS - i.StartNS)
	for id, value := range gauges {
		if at >= 0 {
			gaugeOf(&f.phases[at].gauges, id).add(value, weight, hold)
		}
		if !info.Warmup {
			gaugeOf(&f.gauges, id).add(value, weight, hold)
		}
	}
	if open, ok := gauges[ConnectionsOpen]; ok {
		if rss, ok := gauges[ServerRSS]; ok {
			f.serverMemory.add(open, rss, hold)
		}
		if rss, ok := gauges[GeneratorRSS]; ok {
			f.generatorMemory.add(open, rss, hold)
		}
	}
	if deliversIn(info) {
		f.serverCPUNanos += gauges[ServerCPU] * weight
	}
	return gauges, nil
}

func gaugeOf(gauges *[NumMetrics]*gauge, id ID) *gauge {
	if gauges[id] == nil {
		gauges[id] = &gauge{}
	}
	return gauges[id]
}

// phaseAt gives the last phase that runs at the instant, -1 if none does.
func (f *Folder) phaseAt(ns int64) int {
	for n := len(f.phases) - 1; n >= 0; n-- {
		p := &f.phases[n]
		if p.started && p.startNS <= ns && (!p.ended || ns < p.endNS) {
			return n
		}
	}
	return -1
}

// deliversIn says that deliveries belong to the phase or arrive in it, so that the server's CPU in it is their cost.
func deliversIn(p PhaseInfo) bool {
	return !p.Warmup && p.Kind != PhaseRamp
}
