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
	slow.Thresholds = []results.ThresholdResult{{Expression: "deliveries.lost == 0", Observed: new(3.0), Unit: results.UnitOne, Outcome: results.Crossed}}
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
	if !strings.Contains(out.String(), "left out: sse, seldom. A phase before publish.from has to show what idle clients cost") {
		t.Errorf("the page does not say why nothing is projected:\n%s", out.String())
	}
}

// compareText is the page with its blanks and line ends made one.
func compareText(t *testing.T, documents ...*results.Document) string {
	t.Helper()
	var out strings.Builder
	if err := Compare(&out, documents); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// A loss in one run of several is a loss, and what is lost has no place in the chart.
func TestCompareLosses(t *testing.T) {
	all := costs()
	all[1].Metrics["deliveries.lost"] = results.Value{Kind: results.KindCounter, Value: new(7.0)}
	all[1].Metrics["fanout.latency"] = results.Value{Kind: results.KindHistogram, Histogram: &results.Summary{Count: 100, Censored: 100}}
	text := compareText(t, all...)
	for _, want := range []string{
		"- lost - 7 5.00 ms -", "medians of several runs, and the most that one of them lost: 2 of sse", "A seldom · B often · C dear",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

// The figures of an interrupted run are shown as such.
func TestCompareInterrupted(t *testing.T) {
	all := costs()[2:]
	all[0].Run.Partial = true
	const remark = "✗ seldom was interrupted: its figures are those of the part that ran"
	if text := compareText(t, append(all, all[0])...); strings.Count(text, remark) != 1 {
		t.Errorf("not once: %q in %s", remark, text)
	}
}

// A variant without an idle phase that is long enough is named, and the rate is that of those which have one.
func TestBreakEvenLeavesOut(t *testing.T) {
	all := costs()
	all[0].Scenario = json.RawMessage(`{"target":{"heartbeat":"1m"},"publish":{"from":"news"}}`)
	all[0].Phases[1].Metrics["deliveries.received"] = results.Value{Kind: results.KindCounter, Value: new(0.0)}
	text := compareText(t, all[0], all[2], all[3])
	for _, want := range []string{"against seldom", "measured idle and at 2 events/s", "left out: sse. A phase before publish.from"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if text := compareText(t, all[0], all[2]); !strings.Contains(text, "Break-even in bytes left out: sse. A phase") {
		t.Errorf("a break-even is missing without a word: %s", text)
	}
	if text := compareText(t, all[2]); strings.Contains(text, "Break-even") {
		t.Errorf("a break-even of one: %s", text)
	}
	same := costing("twin", `{"transport":"poll","poll":{"interval":"10s"}}`, 10_000, 30_000, 10, 4e9)
	if text := compareText(t, all[2], same); !strings.Contains(text, "the same at every rate") {
		t.Errorf("a twin is neither cheaper nor dearer: %s", text)
	}
}

// Whoever shares a place in the chart stands beside it, at its right edge too.
func TestChartKeepsAll(t *testing.T) {
	var all []*results.Document
	for _, name := range []string{"one", "two", "three", "four"} {
		all = append(all, costing(name, `{"transport":"sse"}`, 1000, 81_000, 0, 1e6))
	}
	all[0] = costing("one", `{"transport":"sse"}`, 1000, 8_000, 0, 1e6)
	if text := compareText(t, all...); !strings.Contains(text, "DCB └") {
		t.Error(text)
	}
}
