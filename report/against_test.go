package report

import (
	"strings"
	"testing"

	"ssebench/results"
)

func run(p50, cpu, system, each float64) *results.Document {
	gauge := func(v float64) results.Value { return results.Value{Kind: results.KindGauge, Value: &v} }
	return &results.Document{Metrics: map[string]results.Value{
		"fanout.latency":          {Kind: results.KindHistogram, Histogram: &results.Summary{Count: 5000, P50: &p50}},
		"server.cpu":              gauge(cpu),
		"server.cpu_system":       gauge(system),
		"server.cpu_per_delivery": gauge(each),
	}}
}

func TestAgainstShowsMediansAndDistance(t *testing.T) {
	var out strings.Builder
	err := Against(&out,
		[]*results.Document{run(30e6, 0.5, 0.1, 20e3), run(10e6, 0.5, 0.1, 20e3), run(20e6, 0.5, 0.1, 20e3)},
		[]*results.Document{run(4e6, 0.2, 0.15, 4e3), run(6e6, 0.2, 0.15, 4e3)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"fanout.latency p50 20.0 ms 5.00 ms 4.00 ×",
		"server.cpu_per_delivery 20 µs 4.00 µs 5.00 ×",
		"of that, user 16 µs 1.00 µs 16.00 ×",
		"of that, system 4.00 µs 3.00 µs 1.33 ×",
		"medians of 3 runs of the target and 2 of the reference, in turns; the reference does no authorisation and no storage",
	}
	squeezed := strings.Join(strings.Fields(out.String()), " ")
	for _, w := range want {
		if !strings.Contains(squeezed, w) {
			t.Errorf("no %q in\n%s", w, out.String())
		}
	}
	if strings.Contains(out.String(), "server.rss") {
		t.Errorf("a figure that nobody has is shown:\n%s", out.String())
	}
}

// A run that did not pass stands below the distances, with the turn in which it was.
func TestAgainstNamesTheRunsThatDidNotPass(t *testing.T) {
	passed, crossed, failed := run(20e6, 0.5, 0.1, 20e3), run(20e6, 0.5, 0.1, 20e3), run(4e6, 0.2, 0.15, 4e3)
	crossed.Thresholds = []results.ThresholdResult{{Expression: "publish.count < 5", Outcome: results.Crossed}}
	failed.Fail("the server is gone")
	var out strings.Builder
	if err := Against(&out, []*results.Document{passed, crossed}, []*results.Document{failed}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"✗ target 2 of 2: publish.count < 5", "✗ reference failed: the server is gone"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "1 of 2") {
		t.Errorf("the run that passed is named:\n%s", out.String())
	}
}
