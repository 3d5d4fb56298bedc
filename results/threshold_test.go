package results

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// measured is a document with a value of each kind; 2 of its 1,002 pairs were lost.
func measured(t *testing.T) *Document {
	t.Helper()
	v := &Values{}
	for range 1000 {
		v.Record(FanoutLatency, 20e6)
	}
	v.Censor(FanoutLatency, 2)
	v.Add(DeliveriesExpected, 1002)
	v.Add(DeliveriesReceived, 1000)
	v.Add(DeliveriesLost, 2)
	v.Add(ConnectionsAttempted, 500)
	v.AddBy(ConnectionsFailed, "dial_refused", 3)
	v.Add(BytesReceived, 20<<20)
	var gauges [NumMetrics]*gauge
	for _, rss := range []float64{100 << 20, 300 << 20, 200 << 20} {
		gaugeOf(&gauges, ServerRSS).add(rss, 1, true)
	}
	gaugeOf(&gauges, ServerCPU).add(0.5, 1, true)
	metrics, err := metricsOf(v, &gauges, map[ID]bool{EventsDiscarded: true, ConnectTLS: true}, true)
	if err != nil {
		t.Fatal(err)
	}
	metrics[ReconnectRecoveredAll.String()] = Value{Kind: KindGauge, Unit: UnitNanoseconds}
	return &Document{Metrics: metrics}
}

func TestThresholdsOverADocument(t *testing.T) {
	d := measured(t)
	lost := math.Inf(1)
	for _, c := range []struct {
		expression string
		outcome    Outcome
		observed   float64 // lost: null
		unit       Unit
		reason     string
	}{
		{"fanout.latency.p99 < 50ms", Held, 20e6, UnitNanoseconds, ""},
		{"fanout.latency.p99 < 19.9ms", Crossed, 20e6, UnitNanoseconds, ""},
		{"fanout.latency.p50 <= 1m30s", Held, 20e6, UnitNanoseconds, ""},
		{"fanout.latency.p99_9 < 1h", Crossed, lost, UnitNanoseconds, "lost: it lies among the 2"},
		{"fanout.latency.p99_9 > 1ms", Held, lost, UnitNanoseconds, "lost"},
		{"fanout.latency.p99_9 >= fanout.latency.p99_99", Crossed, lost, UnitNanoseconds, "lost"},
		{"fanout.latency.p99_9 == fanout.latency.p99_99", Crossed, lost, UnitNanoseconds, "lost"},
		{"fanout.latency.p50 - fanout.latency.p99_9 < 1ms", Inconclusive, lost, UnitNanoseconds, "lost"},
		{"fanout.latency.p50 / fanout.latency.p99_9 < 1", Inconclusive, lost, UnitRatio, "lost"},
		{"fanout.latency.max < 1h", Crossed, lost, UnitNanoseconds, "lost"},
		{"fanout.latency.mean < 1h", Crossed, lost, UnitNanoseconds, "lost"},
		{"fanout.latency.min >= 20ms", Held, 20e6, UnitNanoseconds, ""},
		{"fanout.latency.count == 1k", Held, 1000, UnitOne, ""},
		{"fanout.latency.censored == 2", Held, 2, UnitOne, ""},
		{"deliveries.lost == 0", Crossed, 2, UnitOne, ""},
		{"deliveries.lost / deliveries.expected < 0.2%", Held, 2.0 / 1002, UnitRatio, ""},
		{"deliveries.lost / deliveries.expected < 0.001", Crossed, 2.0 / 1002, UnitRatio, ""},
		{`connections.failed["dial_refused"] == 3`, Held, 3, UnitOne, ""},
		{`connections.failed [ 'tls_handshake' ] == 0`, Held, 0, UnitOne, ""},
		{"server.rss.max < 200MiB", Crossed, 300 << 20, UnitBytes, ""},
		{"server.rss.last == 200MiB", Held, 200 << 20, UnitBytes, ""},
		{"server.rss.min == 100MiB", Held, 100 << 20, UnitBytes, ""},
		{"server.rss.value > 0.2GB", Held, 300 << 20, UnitBytes, ""},
		{"server.cpu.value < 60%", Held, 0.5, UnitCores, ""},
		{"server.cpu.value * 2 >= 1", Held, 1, UnitCores, ""},
		{"bytes.received / 10s <= 2MiB / 1s", Held, 2 << 20 / 1e9, "B/ns", ""},
		{"fanout.latency.p50 > 0", Held, 20e6, UnitNanoseconds, ""},
		{"fanout.latency.p50 * 2 <= 41ms", Held, 40e6, UnitNanoseconds, ""},
		{"fanout.latency.p50 * fanout.latency.p50 < 1s * 1s", Held, 4e14, "ns^2", ""},
		{"fanout.latency.p50 / 1ms < 21", Held, 20, UnitRatio, ""},
		{"server.rss.min > 104857599B", Held, 100 << 20, UnitBytes, ""},
		{"10% * deliveries.expected > 100", Held, 100.2, UnitOne, ""},
		{"0 < 1 + deliveries.lost", Held, 3, UnitOne, ""},
		{"-deliveries.lost + 3 == 1", Held, 1, UnitOne, ""},
		{"50ms > fanout.latency.p50", Held, 20e6, UnitNanoseconds, ""},
		{"10ms < fanout.latency.p50 < 50ms", Held, 20e6, UnitNanoseconds, ""},
		{"10ms < fanout.latency.p50 < 15ms", Crossed, 20e6, UnitNanoseconds, ""},
		{"deliveries.lost == 2 and deliveries.received == 7", Crossed, 1000, UnitOne, ""},
		{"deliveries.lost == 7 && deliveries.received == 7", Crossed, 2, UnitOne, ""},
		{"deliveries.lost == 7 or deliveries.received == 1000", Held, 1000, UnitOne, ""},
		{"deliveries.lost == 7 || deliveries.received == 7", Crossed, 2, UnitOne, ""},
		{"not (deliveries.lost == 7)", Held, 2, UnitOne, ""},
		{"!(deliveries.lost == 2)", Crossed, 2, UnitOne, ""},
		{"events.discarded == 0", Held, 0, UnitOne, ""},
		{"connect.tls.count == 0", Held, 0, UnitOne, ""},
		{"connect.tls.p99 < 1s", Inconclusive, lost, UnitNanoseconds, "connect.tls: no values in this run"},
		{"events.comments == 0", Inconclusive, lost, UnitOne, "events.comments: never produced by this run"},
		{"not (events.comments == 0)", Inconclusive, lost, UnitOne, "never produced by this run"},
		{"events.comments == 0 or deliveries.lost == 2", Held, 2, UnitOne, ""},
		{"events.comments == 0 and deliveries.lost == 2", Inconclusive, lost, UnitOne, "never produced by this run"},
		{"deliveries.lost == 2 and events.comments == 0", Inconclusive, lost, UnitOne, "never produced by this run"},
		{"deliveries.lost == 7 or events.comments == 0", Inconclusive, lost, UnitOne, "never produced by this run"},
		{"publish.lag.p99 < 1s", Inconclusive, lost, UnitNanoseconds, "never produced by this run"},
		{"deliveries.lost / events.discarded < 1%", Inconclusive, lost, UnitRatio, "divides by zero"},
		{"events.discarded / events.discarded != 1", Inconclusive, lost, UnitRatio, "divides by zero"},
		{"reconnect.recovered_all.value < 1h", Crossed, lost, UnitNanoseconds, "never came to it"},
	} {
		threshold, err := ParseThreshold(c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		got := threshold.Eval(d)
		if got.Outcome != c.outcome || got.Pass != (c.outcome == Held) || got.Unit != c.unit || got.Expression != c.expression {
			t.Errorf("%s: %+v, want %s in %s", c.expression, got, c.outcome, c.unit)
		}
		if c.reason == "" != (got.Reason == "") || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: reason %q, want %q", c.expression, got.Reason, c.reason)
		}
		switch {
		case math.IsInf(c.observed, 1) != (got.Observed == nil):
			t.Errorf("%s: observed %v, want %g", c.expression, got.Observed, c.observed)
		case got.Observed != nil && math.Abs(*got.Observed-c.observed) > c.observed/1000:
			t.Errorf("%s: observed %g, want %g", c.expression, *got.Observed, c.observed)
		}
	}
}

func TestMistakesInThresholds(t *testing.T) {
	for _, c := range []struct {
		expression, message, suggestion string
		column                          int
	}{
		{"fanout.latncy.p99 < 5ms", "unknown metric fanout.latncy.p99", "fanout.latency.p99", 1},
		{"deliveries.lost == 0 and fanout.latncy.p99 < 5ms", "unknown metric", "fanout.latency.p99", 26},
		{"latency.p99 < 1ms", "unknown metric", "fanout.latency.p99", 1},
		{"deliverys.lost == 0", "unknown metric", "deliveries.lost", 1},
		{"nonsense == 0", "unknown metric nonsense", "", 1},
		{"fanout.latency.p99.9 < 5ms", "no field p99.9", "fanout.latency.p99_9", 16},
		{"fanout.latency.median < 5ms", "no field median", "fanout.latency.p50", 16},
		{"server.cpu.avg < 2", "no field avg", "", 12},
		{"fanout.latency < 5ms", "needs a field", "fanout.latency.p99", 1},
		{"server.rss < 5MiB", "needs a field", "server.rss.max", 1},
		{"deliveries.lost.value == 0", "has no fields", "deliveries.lost", 17},
		{"connections.failed.dial_refused == 0", "has no fields", `connections.failed["dial_refused"]`, 20},
		{"connections.failed[dial_refused] == 0", "quotes", `connections.failed["dial_refused"]`, 19},
		{`fanout.latency.p99["x"] == 0`, "only counters", "", 19},
		{"fanout.latency.p99 < 50", "a number without a unit and cannot be compared with a duration", "50ms", 22},
		{"server.rss.max < 50", "cannot be compared with a size", "50B", 18},
		{"deliveries.lost < 50ms", "50ms is a duration and cannot be compared with a count", "", 19},
		{"50ms < deliveries.lost", "50ms is a duration", "", 1},
		{"deliveries.lost < 5µs", "5µs is a duration", "", 19},
		{"deliveries.lost < 1m", "m is a minute", "1M", 19},
		{"deliveries.lost < 1%", "divide the count first", "", 19},
		{"fanout.latency.p99 + deliveries.lost < 5ms", "deliveries.lost is a count and cannot be combined with a duration", "", 22},
		{"fanout.latency.p99 < server.rss.max", "server.rss.max is a size and cannot be compared with a duration", "", 22},
		{"fanout.latency.p99 < (1 + 2)", "the right side is a number without a unit", "", 23},
		{"deliveries.lost", "must be a comparison", "", 1},
		{"deliveries.lost + 1", "must be a comparison", "", 1},
		{"deliveries.lost = 0", "one = compares nothing", "==", 17},
		{"deliveries.lost == 0 AND publish.count > 1", "unknown metric AND", "and", 22},
		{"not deliveries.lost < 1", "put a comparison in parentheses", "", 5},
		{"deliveries.lost and deliveries.lost == 0", "and does not go with a count", "", 1},
		{"(deliveries.lost == 0) + 1 == 0", "+ does not go with a comparison", "", 2},
		{"-(deliveries.lost == 0)", "does not go with a comparison", "", 3},
		{"1 < 2 or deliveries.lost == 0", "must name a metric", "", 1},
		{"deliveries.lost == 0 or 1 < 2", "must name a metric", "", 25},
		{"deliveries.lost ** 2 == 0", "** has no meaning", "", 17},
		{"deliveries.lost (3) == 0", "only comparisons", "", 1},
		{"deliveries.lost ? 1 : 2", "'?' has no meaning", "", 17},
		{"deliveries.lost == é", "'é' has no meaning", "", 20},
		{`deliveries.lost == "0"`, "text stands only behind a counter", "", 20},
		{"deliveries.lost < 0.1 %", "without a space", "", 23},
		{"fanout.latency.p99 < 5 ms", "without a space", "", 24},
		{"fanout.latency.p99 < 5sec", `"sec" is not a unit`, "5s", 22},
		{"fanout.latency.p99 < 5mss", "is not a unit", "5ms", 22},
		{"server.rss.max < 5mb", "is not a unit", "5MB", 18},
		{"deliveries.lost < 5x%", "is not a unit", "", 19},
		{"deliveries.lost < 1e400", "not a number", "", 19},
		{"deliveries.lost < .", `"." is not a number`, "", 19},
		{"1 + deliveries.lost < 5ms", "5ms is a duration and cannot be compared with a count", "", 23},
		{`deliveries.lost == 0 or fanout.latency.p99 ["x"] == 0`, "only counters", "", 44},
		{"(deliveries.lost == 0", "ends too early", "", 22},
		{"deliveries.lost == ", "ends too early", "", 20},
		{"deliveries.lost == 0 or", "ends too early", "", 24},
		{"deliveries.lost == 0 deliveries.late", "fits", "", 22},
		{"deliveries.lost == 0)", "fits", "", 21},
		{"", "compares a metric", "", 1},
		{"  ", "compares a metric", "", 1},
		{strings.Repeat("(", 3000), "at most", "", 1},
	} {
		_, err := ParseThreshold(c.expression)
		var mistake *ThresholdError
		if !errors.As(err, &mistake) {
			t.Errorf("%s: error %v, want a *ThresholdError", c.expression, err)
			continue
		}
		if mistake.Column != c.column || !strings.Contains(mistake.Message, c.message) || mistake.Suggestion != c.suggestion {
			t.Errorf("%s:\ngot  %d %q, suggests %q\nwant %d %q, suggests %q", c.expression,
				mistake.Column, mistake.Message, mistake.Suggestion, c.column, c.message, c.suggestion)
		}
	}
}

func TestEverySuggestedReferenceIsValid(t *testing.T) {
	for _, ref := range References() {
		_, _, err := readReference(ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if len(References()) < int(NumMetrics) {
		t.Errorf("%d references for %d metrics", len(References()), NumMetrics)
	}
}

func FuzzParseThreshold(f *testing.F) {
	for _, s := range []string{
		"fanout.latency.p99 < 50ms", "connections.failed / connections.attempted < 0.1%", `connections.failed["a b"] == 0`,
		"not (server.rss.max < 200MiB) or deliveries.lost < 10k && 1m30s > fanout.first.max", "((", "x[", "1e+", "-5µs<", "a..b", "[\"", "deliveries.lost == 0 ?? 1",
	} {
		f.Add(s)
	}
	empty := &Document{}
	f.Fuzz(func(t *testing.T, expression string) {
		threshold, err := ParseThreshold(expression)
		if err == nil {
			if result := threshold.Eval(empty); result.Pass {
				t.Errorf("%q passes on a run that produced nothing", expression)
			}
			return
		}
		var mistake *ThresholdError
		if !errors.As(err, &mistake) {
			t.Fatalf("%q: %v is no *ThresholdError", expression, err)
		}
		if mistake.Column < 1 || mistake.Column > len(expression)+1 || mistake.Message == "" {
			t.Errorf("%q: column %d of %d, message %q", expression, mistake.Column, len(expression), mistake.Message)
		}
	})
}
