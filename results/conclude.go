package results

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Document concludes the run from what was added so far. Without the interval that ends it the run counts as interrupted. The
// folder may go on after it.
func (f *Folder) Document() (*Document, error) {
	d := &Document{
		Format:      DocumentFormat,
		Run:         f.header.Run,
		Scenario:    f.header.Scenario,
		Environment: f.header.Environment,
		Warnings:    addWarnings([]Warning{}, f.warnings...),
		Phases:      []PhaseResult{},
		Thresholds:  []ThresholdResult{},
	}
	if len(d.Scenario) == 0 || string(d.Scenario) == "null" {
		d.Scenario = json.RawMessage("{}")
	}
	d.Run.DurationNS = f.endNS
	produced := f.produced()
	kept, whole, delivering := &Values{}, &Values{}, &Values{}
	for n := range f.phases {
		p, info := &f.phases[n], f.header.Phases[n]
		into := []*Values{whole}
		if !info.Warmup {
			into = append(into, kept)
		}
		if deliversIn(info) {
			into = append(into, delivering)
		}
		for _, v := range into {
			if err := v.Merge(&p.values); err != nil {
				return nil, err
			}
		}
		if err := f.addPhase(d, n, produced); err != nil {
			return nil, err
		}
	}
	metrics, err := metricsOf(kept, &f.gauges, produced, true)
	if err != nil {
		return nil, err
	}
	d.Metrics = metrics
	if err := f.concludeOutages(d); err != nil {
		return nil, err
	}
	f.derive(d, kept, delivering)
	f.stalled(d, whole)
	d.Series = f.series.series(produced)
	if err := f.nameTimeouts(d); err != nil {
		return nil, err
	}
	f.conclude(d, kept, whole)
	f.judge(d)
	return d, nil
}

// produced gives the metrics that count as produced even when they are zero. An unfinished run has not counted what is lost.
func (f *Folder) produced() map[ID]bool {
	produced := make(map[ID]bool)
	for _, name := range f.header.Produces {
		if id, ok := Lookup(name); ok {
			produced[id] = true
		}
	}
	if f.end == nil {
		for _, id := range ledgerClose {
			delete(produced, id)
		}
	}
	return produced
}

// ledgerClose are the metrics that are known only when the ledger is closed at the end of a run.
var ledgerClose = []ID{DeliveriesExpected, DeliveriesLost, DeliveriesLostMidstream, DeliveriesLostGap, DeliveriesLostTail, DeliveriesSuperseded}

func (f *Folder) addPhase(d *Document, n int, produced map[ID]bool) error {
	p, info := &f.phases[n], f.header.Phases[n]
	if !p.started && p.values.Empty() {
		return nil // the run ended before it
	}
	metrics, err := metricsOf(&p.values, &p.gauges, produced, false)
	if err != nil {
		return err
	}
	end := p.endNS
	if !p.ended {
		end = f.endNS
	}
	d.Phases = append(d.Phases, PhaseResult{Name: info.Name, Kind: info.Kind, Warmup: info.Warmup, StartNS: p.startNS, EndNS: end, Metrics: metrics})
	return nil
}

// metricsOf gives what was recorded and the zeros of what could have been; histograms without values only where asked.
func metricsOf(v *Values, gauges *[NumMetrics]*gauge, produced map[ID]bool, emptyHistograms bool) (map[string]Value, error) {
	metrics := make(map[string]Value)
	for id := range NumMetrics {
		m := Catalogue[id]
		switch m.Kind {
		case KindCounter:
			if total := float64(v.Counter(id)); total != 0 || len(v.By(id)) > 0 || produced[id] {
				metrics[m.Name] = Value{Kind: m.Kind, Unit: m.Unit, Value: &total, By: shares(id, v.By(id))}
			}
		case KindHistogram:
			h := v.Histogram(id)
			if h == nil && produced[id] && emptyHistograms {
				h = NewHistogram()
			}
			if h != nil {
				s, err := Summarise(h)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", m.Name, err)
				}
				metrics[m.Name] = Value{Kind: m.Kind, Unit: m.Unit, Histogram: s}
			}
		case KindGauge:
			if g := gauges[id]; g != nil && g.seen {
				metrics[m.Name] = g.value(id)
			}
		}
	}
	return metrics, nil
}

// shares copies the shares of a counter. The only address of all streams says nothing.
func shares(id ID, by map[string]int64) map[string]int64 {
	if id == ConnectionsOpened && len(by) == 1 {
		return nil
	}
	return cloneBy(by)
}

func cloneBy(by map[string]int64) map[string]int64 {
	if len(by) == 0 {
		return nil
	}
	return maps.Clone(by)
}

// derive adds the gauges that follow from others, unless the run measured them itself.
func (f *Folder) derive(d *Document, kept, delivering *Values) {
	put := func(id ID, value float64) {
		if _, measured := d.Metrics[id.String()]; !measured {
			d.Metrics[id.String()] = constantGauge(id, value)
		}
	}
	if open := f.gauges[ConnectionsOpen]; open != nil {
		put(ConnectionsPeak, open.max)
	}
	deliveries := delivering.Counter(DeliveriesReceived)
	if deliveries == 0 {
		deliveries = delivering.Counter(EventsReceived) // observed without a sequence
	}
	if deliveries > 0 && f.serverCPUNanos > 0 {
		put(ServerCPUPerDelivery, f.serverCPUNanos/float64(deliveries))
	}
	if wire := kept.Counter(WireReceived) + kept.Counter(WireSent); wire > 0 && kept.Counter(DeliveriesReceived) > 0 {
		put(WirePerDelivery, float64(wire)/float64(kept.Counter(DeliveriesReceived)))
	}
	if bytes, ok := f.serverMemory.value(); ok {
		put(ServerRSSPerConnection, bytes)
	}
	if bytes, ok := f.generatorMemory.value(); ok {
		put(GeneratorRSSPerConnection, bytes)
	}
}

// conclude says whether the run is whole and its figures can be true.
func (f *Folder) conclude(d *Document, kept, whole *Values) {
	if f.end == nil {
		for _, id := range ledgerClose {
			delete(d.Metrics, id.String())
		}
		d.Run.Partial = true
		d.Warnings = addWarnings(d.Warnings, Warning{
			Token: "journal_incomplete",
			Message: "the journal has no end: the run was killed or is still going on; its ledger was not closed, " +
				"so deliveries.expected and deliveries.lost are unknown",
		})
	} else {
		d.Run.Partial = d.Run.Partial || f.end.Partial
		d.Run.Failure = f.end.Failure
		if f.end.TimeOfReceipt != "" {
			d.Run.TimeOfReceipt = f.end.TimeOfReceipt
		}
		if f.end.Wire != nil {
			d.Run.Wire = f.end.Wire
		}
		d.Run.ObservedResolutionNS = f.end.ObservedResolutionNS
		d.Run.StreamLimit = f.end.StreamLimit
		if wrong := imbalance(kept, whole); wrong != "" {
			if d.Run.Failure == "" {
				d.Run.Failure = "internal: the ledger does not balance: " + wrong
			} else {
				d.Warnings = addWarnings(d.Warnings, Warning{Token: "ledger_imbalance", Message: "the ledger does not balance: " + wrong})
			}
		}
	}
	d.Warnings = addWarnings(d.Warnings, nearTheFloor(d)...)
	d.Warnings = addWarnings(d.Warnings, unexpectedReceipts(whole)...)
	d.Warnings = addWarnings(d.Warnings, publishWaited(d)...)
	for id := range NumMetrics {
		h := whole.Histogram(id)
		if h == nil {
			continue
		}
		if message := d.disagreement(id, h.Negatives, h.Count(), float64(h.Min())); message != "" {
			d.Warnings = addWarnings(d.Warnings, Warning{Token: "negative_duration", Message: message})
		}
		if h.OutOfRange > 0 {
			d.Warnings = addWarnings(d.Warnings, Warning{
				Token:   "out_of_range",
				Message: fmt.Sprintf("%s: %d of %d durations are over an hour", id, h.OutOfRange, h.Count()),
			})
		}
	}
}
