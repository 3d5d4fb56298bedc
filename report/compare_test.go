package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssebench/results"
)

// costing is a document of 10 clients that were idle for 10 s and got 20 events in another 10: so many bytes on the link in each.
func costing(name, target string, idle, busy, requests float64, p50 float64) *results.Document {
	counter := func(v float64) results.Value { return results.Value{Kind: results.KindCounter, Value: &v} }
	clients := 10.0
	open := results.Value{Kind: results.KindGauge, Max: &clients}
	phase := func(name string, bytes, events, requests float64) results.PhaseResult {
		return results.PhaseResult{Name: name, Kind: results.PhaseHold, EndNS: 10e9, Metrics: map[string]results.Value{
			"connections.open": open, "wire.received": counter(bytes), "wire.sent": counter(0), "requests.count": counter(requests),
			"requests.empty": counter(requests / 4), "deliveries.received": counter(events), "events.received": counter(events),
		}}
	}
	return &results.Document{
		Run:      results.Run{Scenario: "costs", Variant: name, Wire: &results.Wire{Layer: results.WireEthernet, HeaderBytes: 66}},
		Scenario: json.RawMessage(`{"target":` + target + `,"publish":{"from":"news"}}`),
		Metrics: map[string]results.Value{
			"wire.received": counter(1), "deliveries.lost": counter(0), "server.cpu_per_delivery": {Kind: results.KindGauge, Value: new(5e3)},
			"fanout.latency": {Kind: results.KindHistogram, Histogram: &results.Summary{Count: 200, P50: &p50, P99: &p50}},
		},
		Phases:  []results.PhaseResult{phase("idle", idle, 0, requests), phase("news", busy, 200, requests)},
		Verdict: results.Verdict{Trust: results.Trusted, Pass: true},
	}
}

func costs() []*results.Document {
	slow := costing("often", `{"transport":"poll","poll":{"interval":"1s"}}`, 100_000, 160_000, 100, 400e6)
	slow.Verdict = results.Verdict{Trust: results.Degraded, Reasons: []string{"its CPU was short"}}
	slow.Thresholds = []results.ThresholdResult{{Expression: "deliveries.lost == 0", Observed: new(3.0), Unit: results.UnitOne}}
	return []*results.Document{
		costing("sse", `{"transport":"sse"}`, 1000, 81_000, 0, 1e6),
		costing("sse", `{"transport":"sse"}`, 3000, 83_000, 0, 3e6),
		costing("seldom", `{"transport":"poll","poll":{"interval":"10s"}}`, 10_000, 30_000, 10, 4e9),
		slow,
		costing("dear", `{"transport":"long-poll"}`, 10_000, 200_000, 200, 2e6),
	}
}

// The figures behind the page: sse costs 20 B/s idle and 400 B an event, at 2 events/s; seldom 100 B/s and 100 B, so both cost the same at
// 80/300 events/s, or at 2 events/s where it asked every 100 × 10 / (20 + 2 × 300) s = 1.61 s.
func TestCompare(t *testing.T) {
	var out strings.Builder
	if err := Compare(&out, costs()); err != nil {
		t.Fatal(err)
	}
	if err := Project(&out, costs(), Projection{Clients: 1e6, Rate: 0.5, Interval: 5}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"the same at 16 events/min, cheaper above; at 2 events/s the same if it asked every 1.61 s", "dearer at every rate",
		// 1m × (100 × 10/5 + 0.5 × 100) B/s
		"seldom 200,000/s 2 Gbit/s",
		"✗ often: deliveries.lost == 0: 3", "! often: generator degraded: its CPU was short",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("no %q", want)
		}
	}
	const file = "testdata/compare.txt"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Of runs without an idle phase nothing can be extrapolated, and the page says so.
func TestCompareWithoutIdle(t *testing.T) {
	all := costs()[1:3]
	for _, d := range all {
		d.Phases, d.Scenario = d.Phases[1:], json.RawMessage(`{"target":{},"publish":{}}`)
	}
	var out strings.Builder
	if err := Compare(&out, all); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "Break-even") {
		t.Errorf("a break-even from nothing:\n%s", out.String())
	}
	if err := Project(&out, all, Projection{Clients: 10}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "left out, since no phase before publish.from shows what idle clients cost: sse, seldom") {
		t.Errorf("the page does not say why nothing is projected:\n%s", out.String())
	}
}
