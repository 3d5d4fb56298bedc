package results

import (
	"strings"
	"testing"
)

// fanout is a document with one phase and so many latencies of each size, 10 % more from the first to the last.
func fanout(t *testing.T, n int, latency int64, fill func(v *Values)) *Document {
	t.Helper()
	return (&suspect{fill: func(v *Values) {
		v.Add(DeliveriesExpected, int64(n))
		v.Add(DeliveriesReceived, int64(n))
		for i := range n {
			v.Record(FanoutLatency, latency+latency*int64(i)/int64(10*n))
		}
		if fill != nil {
			fill(v)
		}
	}}).document(t)
}

// A percentile that too few values support decides nothing, unless a lower one that they do support crosses the limit already.
func TestSupportOfPercentiles(t *testing.T) {
	for _, c := range []struct {
		n          int
		expression string
		want       Outcome
		reason     string
	}{
		{1000, "fanout.latency.p99 < 200ms", Held, ""},
		{999, "fanout.latency.p99 < 200ms", Inconclusive, "999 values support no p99, which needs 1,000"},
		{480, "fanout.latency.p99_9 < 200ms", Inconclusive, "480 values support no p99.9, which needs 10,000"},
		{480, "fanout.latency.p99_9 < 20ms", Crossed, ""},
		{19, "fanout.latency.p50 < 1s", Inconclusive, "19 values support no p50, which needs 20"},
		{19, "fanout.latency.p50 < 99ms", Crossed, ""},
		{480, "fanout.latency.p99 > 99ms", Held, ""},
		{480, "fanout.latency.p99 > 200ms", Inconclusive, "needs 1,000"},
		{480, "not (fanout.latency.p99 < 200ms)", Inconclusive, "needs 1,000"},
		{480, "fanout.latency.p99 * 2 < 1s", Inconclusive, "needs 1,000"},
		{480, "fanout.latency.p99 / 2 < 20ms", Crossed, ""},
		{480, "fanout.latency.p99 - fanout.latency.p50 < 1s", Inconclusive, "needs 1,000"},
		{480, "fanout.latency.p99 == fanout.latency.p99", Inconclusive, "needs 1,000"},
		{480, "fanout.latency.p99 != 1ms", Held, ""},
		{480, "fanout.latency.p99 < 1s or fanout.latency.max < 1s", Held, ""},
		{480, "fanout.latency.p99 < 1s and fanout.latency.max < 1ms", Crossed, ""},
		{3, "fanout.latency.max < 200ms", Held, ""},
		{3, "fanout.latency.count == 3", Held, ""},
	} {
		got := fanout(t, c.n, 100e6, nil).hold(c.expression)
		if got.Outcome != c.want || got.Reason == "" != (c.reason == "") || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%d values: %s: %s %q, want %s %q", c.n, c.expression, got.Outcome, got.Reason, c.want, c.reason)
		}
		if unsupported := c.want == Inconclusive; unsupported != (got.Observed == nil) {
			t.Errorf("%d values: %s: observed %v", c.n, c.expression, got.Observed)
		}
	}
}

// Where the generator itself was late, a latency that counts from the due time may be its doing: a crossed limit is crossed only where
// the figure lies beyond it without that.
func TestTheGeneratorsOwnLatenessDecidesNothing(t *testing.T) {
	for _, c := range []struct {
		late       int64
		expression string
		want       Outcome
	}{
		{237e6, "fanout.latency.p99 < 200ms", Inconclusive},
		{237e6, "fanout.latency.p99 < 50ms", Crossed}, // 330 ms less 237 ms
		{237e6, "fanout.latency.p99 < 400ms", Held},
		{237e6, "fanout.latency.count == 1000", Held},
		{237e6, "fanout.latency.p50 > 200ms", Inconclusive},
		{1e6, "fanout.latency.p99 < 200ms", Crossed},
	} {
		d := fanout(t, 1000, 300e6, func(v *Values) { v.Record(GeneratorScheduleLag, c.late) })
		got := d.hold(c.expression)
		if got.Outcome != c.want || (got.Outcome == Inconclusive) != strings.Contains(got.Reason, " is 237 ms: the generator itself") {
			t.Errorf("%s late: %s: %s %q, want %s", Format(float64(c.late), UnitNanoseconds), c.expression, got.Outcome, got.Reason, c.want)
		}
	}
	d := fanout(t, 1000, 300e6, func(v *Values) {
		for range 100 {
			v.Record(GeneratorScheduleLag, 1e6)
		}
		v.Record(GeneratorScheduleLag, 900e6)
	})
	if got := d.hold("fanout.latency.p50 < 200ms"); got.Outcome != Crossed {
		t.Errorf("one late wake-up and a median: %s %q", got.Outcome, got.Reason)
	}
	d = (&suspect{fill: func(v *Values) { v.Record(ConnectTotal, 2e9); v.Record(ConnectLag, 1900e6) }}).document(t)
	if got := d.hold("connect.total.max < 1s"); got.Outcome != Inconclusive {
		t.Errorf("a late ramp: %s %q", got.Outcome, got.Reason)
	}
}

// Of two clocks that disagree nothing follows.
func TestNegativeLatenciesDecideNothing(t *testing.T) {
	for _, id := range []ID{ObservedLatency, FanoutLatency, FanoutLast} {
		d := (&suspect{fill: func(v *Values) {
			if id == FanoutLatency {
				counted(DeliveriesExpected, 1000, DeliveriesReceived, 1000)(v)
			}
			for range 1000 {
				v.Record(id, -3600e9)
			}
		}}).document(t)
		if got := d.hold(id.String() + ".p99 < 1s"); got.Outcome != Inconclusive || !strings.Contains(got.Reason, "1,000 of 1,000 values are below zero") {
			t.Errorf("%s: %s %q", id, got.Outcome, got.Reason)
		}
		if got := d.hold(id.String() + ".count == 1000"); got.Outcome != Held {
			t.Errorf("%s.count: %s %q", id, got.Outcome, got.Reason)
		}
	}
	d := (&suspect{fill: func(v *Values) {
		for range 1000 {
			v.Record(ObservedLatency, 5e6)
		}
		v.Record(ObservedLatency, -11)
	}}).document(t)
	if got := d.hold("observed.latency.p99 < 1s"); got.Outcome != Held {
		t.Errorf("clocks within their grain: %s %q", got.Outcome, got.Reason)
	}
	d = (&suspect{fill: record(ReconnectDelayError, -5e6)}).document(t)
	if got := d.hold("reconnect.delay_error.min >= 0"); got.Outcome != Crossed {
		t.Errorf("one clock: %s %q", got.Outcome, got.Reason)
	}
}

// What the run was made for and did not do makes it inconclusive; a run that failed first has measured no threshold.
func TestRunsThatMeasureNothing(t *testing.T) {
	for _, c := range []struct {
		name     string
		measures []string
		fill     func(v *Values)
		failure  string
		token    string
		outcome  Outcome
		exit     int
	}{
		{"an account", []string{"deliveries.expected"}, func(v *Values) { deliver(v, 5, 0, 1e6) }, "", "", Held, ExitPassed},
		{"an empty account", []string{"deliveries.expected"}, counted(EventsReceived, 5), "", "nothing_measured", Held, ExitInconclusive},
		{"events without a time", []string{"observed.latency"}, counted(EventsReceived, 5), "", "nothing_measured", Held, ExitInconclusive},
		{"lost ones only", []string{"deliveries.expected"}, func(v *Values) {
			counted(DeliveriesExpected, 5, DeliveriesLost, 5, DeliveriesLostTail, 5)(v)
			v.Censor(FanoutLatency, 5)
		}, "", "", Crossed, ExitCrossed},
		{"all sent", nil, counted(PublishDue, 150, PublishCount, 150, PublishUnsent, 0), "", "", Held, ExitPassed},
		{"a hook too slow", nil, counted(PublishDue, 150, PublishCount, 27, PublishUnsent, 123), "", "load_not_offered", Held, ExitInconclusive},
		{"a target that is not there", []string{"deliveries.expected"}, nil, "no stream opened", "", NotMeasured, ExitFailed},
		{"a hook that fails", []string{"deliveries.expected"}, counted(EventsReceived, 5), "the hook failed", "", Held, ExitFailed},
	} {
		h := sampleHeader()
		h.Thresholds, h.Defaults, h.Measures = nil, []string{"deliveries.lost == 0"}, c.measures
		h.Produces = append(h.Produces, "deliveries.lost", "publish.due", "publish.unsent")
		i := second(0).start(2, 0)
		if c.fill != nil {
			i.with(2, c.fill)
		}
		d := mustFold(t, h, []*Interval{i.close(End{Failure: c.failure})})
		token := ""
		if len(d.Verdict.Inconclusive) > 0 {
			token = d.Verdict.Inconclusive[0].Token
		}
		if token != c.token || d.Thresholds[0].Outcome != c.outcome {
			t.Errorf("%s: %q and %s, want %q and %s", c.name, token, d.Thresholds[0].Outcome, c.token, c.outcome)
		}
		if got := d.ExitCode(); got != c.exit {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.exit)
		}
	}
}
