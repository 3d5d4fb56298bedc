package results

import (
	"fmt"
	"math"
	"slices"
)

// Outage is what one outage did: who lost a stream, who came back and when, what was replayed, and what it was to the others.
type Outage struct {
	Phase   string `json:"phase"`
	What    string `json:"what"` // in words
	StartNS int64  `json:"start_ns"`
	EndNS   int64  `json:"end_ns"`
	// BackNS is the time from the start until the server could be reached again; null where it always could.
	BackNS *int64 `json:"back_ns"`

	Open       int64            `json:"open"`    // streams when it began
	Dropped    int64            `json:"dropped"` // subscribers = recovered + stranded + away + displaced
	Recovered  int64            `json:"recovered"`
	Stranded   int64            `json:"stranded"`
	Away       int64            `json:"away"`      // not back when it ended, though by their policy they would be
	Displaced  int64            `json:"displaced"` // came back and found their place taken by other tabs of their browser
	StrandedBy map[string]int64 `json:"stranded_by,omitempty"`

	// From the start until that share of the dropped, without the displaced, was open again; null where it never was.
	RecoveredP50NS *float64 `json:"recovered_p50_ns"`
	RecoveredP95NS *float64 `json:"recovered_p95_ns"`
	RecoveredAllNS *float64 `json:"recovered_all_ns"`

	Attempts     int64            `json:"attempts"`
	Failed       map[string]int64 `json:"failed,omitempty"` // by token
	MostAttempts int64            `json:"most_attempts"`    // in a tenth of a second

	Replays  map[string]int64 `json:"replays,omitempty"` // by class
	CaughtUp *Value           `json:"caught_up"`

	// Of the events that were due in it.
	LostMidstream int64 `json:"lost_midstream"`
	LostGap       int64 `json:"lost_gap"`
	LostTail      int64 `json:"lost_tail"`

	// fanout.survivors in the phase before, in the outage and in the phase after; connect.total before and in it. Null: no values.
	SurvivorsBefore *Value `json:"survivors_before"`
	SurvivorsDuring *Value `json:"survivors_during"`
	SurvivorsAfter  *Value `json:"survivors_after"`
	ConnectBefore   *Value `json:"connect_before"`
	ConnectDuring   *Value `json:"connect_during"`

	Series Series `json:"series"` // a tenth of a second each
}

// concludeOutages makes the records and the gauges of recovery. Phases that never began have none.
func (f *Folder) concludeOutages(d *Document) error {
	slices.SortFunc(f.outages, func(a, b OutagePart) int { return a.Phase - b.Phase })
	worst := [3]*float64{new(float64), new(float64), new(float64)}
	for i := range f.outages {
		o, err := f.outage(&f.outages[i])
		if err != nil {
			return err
		}
		d.Outages = append(d.Outages, *o)
		for n, nanos := range []*float64{o.RecoveredP50NS, o.RecoveredP95NS, o.RecoveredAllNS} {
			switch {
			case o.Dropped == o.Displaced: // there was nobody to come back
			case nanos == nil || worst[n] == nil:
				worst[n] = nil
			default:
				*worst[n] = max(*worst[n], *nanos)
			}
		}
	}
	if !slices.ContainsFunc(d.Outages, func(o Outage) bool { return o.Dropped > o.Displaced }) {
		return nil
	}
	for n, id := range []ID{ReconnectRecoveredP50, ReconnectRecoveredP95, ReconnectRecoveredAll} {
		d.Metrics[id.String()] = Value{Kind: KindGauge, Unit: UnitNanoseconds, Value: worst[n], Min: worst[n], Max: worst[n], Last: worst[n]}
	}
	return nil
}

func (f *Folder) outage(part *OutagePart) (*Outage, error) {
	phase, info := &f.phases[part.Phase], f.header.Phases[part.Phase]
	o := &Outage{
		Phase: info.Name, What: info.What, StartNS: phase.startNS, EndNS: phase.endNS, StrandedBy: cloneBy(part.Stranded), Failed: cloneBy(part.Failed),
		Replays:       cloneBy(part.Replays),
		LostMidstream: phase.values.Counter(DeliveriesLostMidstream), LostGap: phase.values.Counter(DeliveriesLostGap),
		LostTail: phase.values.Counter(DeliveriesLostTail),
	}
	if !phase.ended {
		o.EndNS = f.endNS
	}
	if s := part.Stock; s != nil {
		o.Open, o.Dropped, o.Recovered, o.Stranded, o.Away = s.Open, s.Dropped, s.Recovered, s.Stranded, s.Away
		o.Displaced = s.Displaced
		if s.BackNS > 0 {
			o.BackNS = &s.BackNS
		}
		o.RecoveredP50NS = recoveredAt(s, 0.5)
		o.RecoveredP95NS = recoveredAt(s, 0.95)
		o.RecoveredAllNS = recoveredAt(s, 1)
	}
	for _, b := range part.Bins {
		o.Attempts += b.Attempts
		o.MostAttempts = max(o.MostAttempts, b.Attempts)
	}
	o.Series = outageSeries(part.Bins, o)
	before, after := f.around(part.Phase)
	connectBefore := NewHistogram()
	for n := range part.Phase {
		if f.header.Phases[n].Kind != PhaseOutage {
			if err := connectBefore.Merge(f.phases[n].values.Histogram(ConnectTotal)); err != nil {
				return nil, fmt.Errorf("%s: %w", ConnectTotal, err)
			}
		}
	}
	for _, h := range []struct {
		into *(*Value)
		from *Histogram
	}{
		{&o.CaughtUp, part.CaughtUp},
		{&o.SurvivorsBefore, f.survivors(before)},
		{&o.SurvivorsDuring, f.survivors(part.Phase)},
		{&o.SurvivorsAfter, f.survivors(after)},
		{&o.ConnectBefore, connectBefore},
		{&o.ConnectDuring, phase.values.Histogram(ConnectTotal)},
	} {
		if h.from == nil || h.from.Empty() {
			continue
		}
		s, err := Summarise(h.from)
		if err != nil {
			return nil, err
		}
		*h.into = &Value{Kind: KindHistogram, Unit: UnitNanoseconds, Histogram: s}
	}
	return o, nil
}

// recoveredAt gives the time after which a share of the dropped streams, without the displaced, was open again; nil if it never was.
func recoveredAt(s *OutageStock, share float64) *float64 {
	rank := int64(math.Ceil(share*float64(s.Dropped-s.Displaced) - 1e-9))
	if s.Dropped == s.Displaced || s.Recovery == nil || rank > s.Recovery.Count() {
		return nil
	}
	nanos, ok := s.Recovery.ValueAt(100 * float64(rank) / float64(s.Recovery.Count()))
	if !ok {
		return nil
	}
	value := float64(nanos)
	return &value
}

// around gives the phases of steady load on either side of an outage, -1 where another outage or the run's end is nearer.
func (f *Folder) around(outage int) (before, after int) {
	steady := func(from, step int) int {
		for n := from; n >= 0 && n < len(f.phases); n += step {
			switch f.header.Phases[n].Kind {
			case PhaseHold, PhaseChurn:
				return n
			case PhaseOutage:
				return -1
			}
		}
		return -1
	}
	return steady(outage-1, -1), steady(outage+1, 1)
}

func (f *Folder) survivors(phase int) *Histogram {
	if phase < 0 {
		return nil
	}
	return f.phases[phase].values.Histogram(FanoutSurvivors)
}

// outageSeries gives every bin a row, also those in which nothing happened.
func outageSeries(bins []OutageBin, o *Outage) Series {
	s := Series{
		IntervalNS: OutageBinNS, Rows: [][]*float64{},
		Columns: []string{"t_ns", "connections.open", "connections.attempted", "connections.opened", "connections.dropped", "fanout.latency.max"},
	}
	if len(bins) == 0 {
		return s
	}
	open, rows := o.Open, bins[len(bins)-1].N+1
	for n := range rows {
		b := OutageBin{N: n}
		if bins[0].N == n {
			b, bins = bins[0], bins[1:]
		}
		open += b.Opened - b.Dropped
		row := []*float64{new(float64(n * OutageBinNS)), new(float64(open)), new(float64(b.Attempts)), new(float64(b.Opened)), new(float64(b.Dropped)), nil}
		if b.LatencyNS > 0 {
			row[5] = new(float64(b.LatencyNS))
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}
