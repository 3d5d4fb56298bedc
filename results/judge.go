package results

import (
	"fmt"
	"slices"
)

// judge holds the thresholds against the document, and says whether the run can be judged at all and how far the generator can be
// trusted.
func (f *Folder) judge(d *Document) {
	for _, expression := range f.header.Thresholds {
		d.Thresholds = append(d.Thresholds, d.hold(expression))
	}
	for _, expression := range f.header.Defaults {
		result := d.hold(expression)
		result.Default = true
		d.Thresholds = append(d.Thresholds, result)
	}
	d.Verdict.Trust, d.Verdict.Reasons = trust(d)
	d.Verdict.Inconclusive = slices.Concat(f.nothingMeasured(d), f.nobodyBack())
	// A server that stood still to the end let its publisher wait. Where a threshold says so, the run is judged.
	if s := d.Run.Stall; s == nil || !s.ToTheEnd || !d.crosses(DeliveriesStalled) {
		d.Verdict.Inconclusive = append(loadNotOffered(d), d.Verdict.Inconclusive...)
	}
	if cause := f.endedAtOnce(d); d.ExitCode() != ExitPassed && cause != "" {
		if d.Verdict.Cause = cause; d.Run.Failure != "" {
			d.Run.Failure = cause + "; " + d.Run.Failure
		}
	}
	d.Verdict.Pass = d.ExitCode() == ExitPassed
}

// hold holds one threshold against the document.
func (d *Document) hold(expression string) ThresholdResult {
	t, err := ParseThreshold(expression)
	if err != nil {
		return ThresholdResult{Expression: expression, Unit: UnitOne, Outcome: Inconclusive, Reason: err.Error()}
	}
	if d.Run.Failure != "" && !d.measuredAnything() {
		return ThresholdResult{Expression: expression, Unit: UnitOne, Outcome: NotMeasured, Reason: "the run failed before it measured"}
	}
	result := t.Eval(d)
	result.Reason = either(result.Reason, d.remark(t))
	return result
}

// crosses reports whether a threshold on the metric was crossed.
func (d *Document) crosses(id ID) bool {
	return slices.ContainsFunc(d.Thresholds, func(r ThresholdResult) bool {
		t, err := ParseThreshold(r.Expression)
		return r.Outcome == Crossed && err == nil && slices.Contains(t.Metrics(), id)
	})
}

// measuredAnything reports whether a byte of an answer's content came, or an event.
func (d *Document) measuredAnything() bool {
	for _, id := range []ID{EventsReceived, EventsComments, DeliveriesExpected} {
		if v := d.Metrics[id.String()].Value; v != nil && *v > 0 {
			return true
		}
	}
	return false
}

// nobodyBack tells of a run at whose end no stream was open, while some would have come back later.
func (f *Folder) nobodyBack() []Warning {
	if f.end == nil || f.end.Open > 0 || f.end.Waiting == 0 {
		return nil
	}
	return []Warning{{Token: "reconnect_waiting", Message: fmt.Sprintf(
		"no stream was open when the run ended, and %s still waited for their reconnection time: whether they come back was not seen; give the run a longer last phase",
		plural(float64(f.end.Waiting), "subscriber"))}}
}

// nothingMeasured tells of the metrics that the run was made for and that have no value.
func (f *Folder) nothingMeasured(d *Document) (all []Warning) {
	for _, name := range f.header.Measures {
		v := d.Metrics[name]
		switch {
		case v.Histogram != nil && v.Histogram.Count+v.Histogram.Censored > 0, v.Value != nil && *v.Value > 0:
		case d.Run.Failure == "" && !d.Run.Partial:
			all = append(all, Warning{Token: "nothing_measured", Message: fmt.Sprintf(
				"%s has no value: the run came to its end and measured nothing of what it is about", name)})
		}
	}
	return all
}
