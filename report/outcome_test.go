package report

import (
	"strings"
	"testing"

	"ssebench/results"
)

// outcome is the part of a text about a document with these traits, without the title, the tables and the footer.
func outcome(t *testing.T, change func(d *results.Document)) string {
	t.Helper()
	d := fold(t, quickstart)
	d.Metrics, d.Environment, d.Run.TimeOfReceipt = nil, results.Environment{}, ""
	change(d)
	_, text, _ := strings.Cut(render(t, d, TextOptions{}), "\n\n")
	return strings.TrimRight(text, "\n")
}

func TestOutcomes(t *testing.T) {
	zero, share := 0.0, 0.0116
	passed := []results.ThresholdResult{{Expression: "deliveries.lost == 0", Observed: &zero, Unit: results.UnitOne, Outcome: results.Held, Default: true}}
	crossed := []results.ThresholdResult{{Expression: "deliveries.lost / deliveries.expected < 1%", Observed: &share, Unit: results.UnitRatio, Outcome: results.Crossed}}
	for _, c := range []struct {
		name   string
		change func(d *results.Document)
		want   string
	}{
		{"passed by default", func(d *results.Document) { d.Thresholds = passed }, `
✓ deliveries.lost == 0  0  default

PASSED: the threshold held; generator: trusted`},
		{"crossed", func(d *results.Document) { d.Thresholds = crossed }, `
✗ deliveries.lost / deliveries.expected < 1%  1.16 %

FAILED: the threshold was crossed; generator: trusted`},
		{"failed", func(d *results.Document) {
			d.Thresholds = passed
			d.Run.Failure = "the publish hook failed 52 of 52 calls, mostly with hook_status_401 (POST http://127.0.0.1:9/publish answered 401)"
		}, `
✓ deliveries.lost == 0  0  default

FAILED: the publish hook failed 52 of 52 calls, mostly with hook_status_401 (POST
  http://127.0.0.1:9/publish answered 401); generator: trusted`},
		{"inconclusive", func(d *results.Document) {
			d.Thresholds = passed
			d.Verdict = results.Verdict{Trust: results.GeneratorLimited, Reasons: []string{"it was late"}}
		}, `
✓ deliveries.lost == 0  0  default

INCONCLUSIVE: the generator was the limit, so the figures are not the server's; the threshold
  held; generator: generator-limited
  • it was late`},
		{"interrupted", func(d *results.Document) { d.Thresholds, d.Run.Partial = nil, true }, `
no thresholds

INTERRUPTED: the figures are those of the part that ran; nothing was asked of the server;
  generator: trusted`},
		{"a threshold that this version cannot read", func(d *results.Document) {
			d.Thresholds = []results.ThresholdResult{{
				Expression: "fanout.gone.p99 < 1s", Unit: results.UnitOne, Outcome: results.Inconclusive,
				Reason: "unknown metric fanout.gone.p99, which another version of ssebench may know; did you mean fanout.first.p99?",
			}}
		}, `
? fanout.gone.p99 < 1s  -
    unknown metric fanout.gone.p99, which another version of ssebench may know; did you mean
    fanout.first.p99?

INCONCLUSIVE: 1 of 1 thresholds inconclusive, none crossed; generator: trusted`},
		{"one crossed and one inconclusive", func(d *results.Document) {
			d.Thresholds = append(crossed[:1:1], results.ThresholdResult{
				Expression: "fanout.latency.p99 < 1s", Unit: results.UnitNanoseconds, Outcome: results.Inconclusive, Reason: "480 values support no p99",
			})
		}, `
✗ deliveries.lost / deliveries.expected < 1%  1.16 %
? fanout.latency.p99 < 1s                          -  480 values support no p99

FAILED: 1 of 2 thresholds crossed, 1 inconclusive; generator: trusted`},
		{"failed before anything was measured", func(d *results.Document) {
			d.Thresholds = []results.ThresholdResult{{
				Expression: "deliveries.lost == 0", Unit: results.UnitOne, Outcome: results.NotMeasured, Reason: "the run failed before it measured",
			}}
			d.Run.Failure = "no stream opened"
		}, `
– deliveries.lost == 0  n/a  the run failed before it measured

FAILED: no stream opened; generator: trusted`},
		{"a load that was not offered", func(d *results.Document) {
			d.Thresholds = passed
			d.Verdict.Inconclusive = []results.Warning{{Token: "load_not_offered", Message: "123 of 150 events were never sent"}}
		}, `
✓ deliveries.lost == 0  0  default

INCONCLUSIVE: load_not_offered: 123 of 150 events were never sent; the threshold held; generator:
  trusted`},
		{"a load that was not offered, by a generator that was the limit", func(d *results.Document) {
			d.Thresholds = passed
			d.Verdict.Trust = results.GeneratorLimited
			d.Verdict.Inconclusive = []results.Warning{{Token: "load_not_offered", Message: "123 of 150 events were never sent"}}
		}, `
✓ deliveries.lost == 0  0  default

INCONCLUSIVE: the generator was the limit, so the figures are not the server's; the threshold
  held; generator: generator-limited
  • load_not_offered: 123 of 150 events were never sent`},
	} {
		if got := outcome(t, c.change); got != strings.TrimPrefix(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// Addresses are no failures.
func TestAddressesInText(t *testing.T) {
	text := outcome(t, func(d *results.Document) {
		opened, failed := 9.0, 2.0
		d.Metrics = map[string]results.Value{
			"connections.attempted": {Kind: results.KindCounter, Value: &opened},
			"connections.opened":    {Kind: results.KindCounter, Value: &opened, By: map[string]int64{"127.0.0.1:80": 5, "[::1]:80": 4}},
			"connect.failovers":     {Kind: results.KindCounter, Value: &failed, By: map[string]int64{"dial_refused": 2}},
		}
	})
	facts, failures, _ := strings.Cut(text, "Failures by token")
	if !strings.Contains(facts, "opened by address: 127.0.0.1:80 5 · [::1]:80 4") || strings.Contains(failures, "127.0.0.1") || !strings.Contains(failures, "dial_refused") {
		t.Errorf("printed %s", text)
	}
}
