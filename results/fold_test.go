package results

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func mustFold(t *testing.T, h *Header, run []*Interval) *Document {
	t.Helper()
	d, err := Fold(h, run)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func gaugeOrCount(t *testing.T, d *Document, id ID) float64 {
	t.Helper()
	v, ok := d.Metrics[id.String()]
	if !ok || v.Value == nil {
		t.Fatalf("%s is missing: %+v", id, v)
	}
	return *v.Value
}

func near(got, want float64) bool {
	return math.Abs(got-want) <= math.Abs(want)/1000+1e-9
}

func TestFoldLeavesTheWarmupOut(t *testing.T) {
	d := mustFold(t, sampleHeader(), sampleRun())
	for id, want := range map[ID]float64{
		DeliveriesExpected: 24, DeliveriesReceived: 23, DeliveriesLost: 1, DeliveriesLostTail: 1, DeliveriesLate: 0,
		ConnectionsAttempted: 10, ConnectionsFailed: 2, ConnectionsPeak: 8,
	} {
		if got := gaugeOrCount(t, d, id); got != want {
			t.Errorf("%s = %g, want %g", id, got, want)
		}
	}
	if by := d.Metrics["connections.failed"].By; by["dial_refused"] != 2 {
		t.Errorf("connections.failed by token: %v", by)
	}
	latency := d.Metrics["fanout.latency"].Histogram
	if latency.Count != 23 || latency.Censored != 1 || latency.Min != 10e6 || latency.Max != 30e6 {
		t.Errorf("fanout.latency: %+v", latency)
	}
	// 8 of 10 ms, 7 of 20 ms, 8 of 30 ms and a lost one: rank 12 of 24 is 20 ms, rank 22 (p90) is 30 ms, rank 24 (p99) is lost.
	if !near(*latency.P50, 20e6) || !near(*latency.P90, 30e6) || latency.P99 != nil || !near(latency.Mean, (8*10e6+7*20e6+8*30e6)/23) {
		t.Errorf("p50 %g, p90 %g, p99 %v, mean %g", *latency.P50, *latency.P90, latency.P99, latency.Mean)
	}
	if d.Run.DurationNS != 5.5e9 || d.Run.Partial || d.Run.Failure != "" {
		t.Errorf("run: %+v", d.Run)
	}
}

func TestFoldOfGauges(t *testing.T) {
	d := mustFold(t, sampleHeader(), sampleRun())
	open := d.Metrics["connections.open"]
	if *open.Value != 7 || *open.Min != 0 || *open.Max != 8 || *open.Last != 0 {
		t.Errorf("connections.open is %g, %g to %g, last %g; want the mean of the hold 7, 0 to 8, last 0", *open.Value, *open.Min, *open.Max, *open.Last)
	}
	cpu := d.Metrics["server.cpu"]
	if !near(*cpu.Value, 0.4) || *cpu.Min != 0.1 || *cpu.Max != 0.6 {
		t.Errorf("server.cpu is %g, %g to %g; want 0.4 and nothing of the warm-up", *cpu.Value, *cpu.Min, *cpu.Max)
	}
	if rss := d.Metrics["server.rss"]; *rss.Value != 5000 || *rss.Last != 5000 {
		t.Errorf("server.rss is %g, last %g; want the maximum outside the warm-up", *rss.Value, *rss.Last)
	}
	// 0.2 + 0.4 + 0.6 cores for a second each and 0.2 for half a second, over 23 deliveries.
	if got := gaugeOrCount(t, d, ServerCPUPerDelivery); !near(got, 1.3e9/23) {
		t.Errorf("server.cpu_per_delivery = %g", got)
	}
	// From 2 streams at 1,000 B to 8 at 9,000 B: the warm-up is a hold too, where memory is concerned.
	if got := gaugeOrCount(t, d, ServerRSSPerConnection); !near(got, 8000.0/6) {
		t.Errorf("server.rss_per_connection = %g", got)
	}
}

func TestGaugesWeighByTime(t *testing.T) {
	h := sampleHeader()
	run := []*Interval{
		second(0).start(2, 0).gauge(GeneratorCPU, 1),
		(&Interval{StartNS: 1e9, EndNS: 4e9, Gauges: map[string]float64{}}).gauge(GeneratorCPU, 2).ends(2, 4e9).close(End{}),
	}
	if got := gaugeOrCount(t, mustFold(t, h, run), GeneratorCPU); !near(got, 1.75) {
		t.Errorf("a second at 1 core and three at 2 are %g cores, want 1.75", got)
	}
}

func TestWireBytesForEachDelivery(t *testing.T) {
	run := sampleRun()
	run[5].with(3, func(v *Values) { v.Add(WireReceived, 2000); v.Add(WireSent, 300) })
	if got := gaugeOrCount(t, mustFold(t, sampleHeader(), run), WirePerDelivery); !near(got, 100) {
		t.Errorf("wire.per_delivery = %g, want 2,300 B over 23 deliveries", got)
	}
}

func TestWhatTheRunMeasuredIsNotDerived(t *testing.T) {
	run := sampleRun()
	run[3].gauge(ConnectionsPeak, 9)
	if got := gaugeOrCount(t, mustFold(t, sampleHeader(), run), ConnectionsPeak); got != 9 {
		t.Errorf("connections.peak = %g, want the run's own 9", got)
	}
}

func TestZerosAndEmptyHistogramsThatTheRunProduces(t *testing.T) {
	d := mustFold(t, sampleHeader(), sampleRun())
	if h := d.Metrics["publish.duration"].Histogram; h == nil || h.Count != 0 || h.P50 != nil {
		t.Errorf("publish.duration: %+v, want one without values", h)
	}
	if _, ok := d.Metrics["publish.count"]; ok {
		t.Error("publish.count was neither counted nor named and is there")
	}
}

func TestPhasesHaveTheirOwnValues(t *testing.T) {
	d := mustFold(t, sampleHeader(), sampleRun())
	names := []string{}
	for _, p := range d.Phases {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"ramp", "settle", "hold", "drain"}) {
		t.Fatalf("phases %v", names)
	}
	settle, hold := d.Phases[1], d.Phases[2]
	if !settle.Warmup || settle.StartNS != 1e9 || settle.EndNS != 2e9 || *settle.Metrics["deliveries.lost"].Value != 4 {
		t.Errorf("warm-up: %+v", settle)
	}
	if hold.StartNS != 2e9 || hold.EndNS != 5e9 || *hold.Metrics["deliveries.received"].Value != 23 || *hold.Metrics["server.cpu"].Max != 0.6 {
		t.Errorf("hold: %+v", hold)
	}
	if *hold.Metrics["connections.failed"].Value != 0 {
		t.Error("a counter that the run produces has no zero in a phase")
	}
	if _, ok := hold.Metrics["publish.duration"]; ok {
		t.Error("a phase carries an empty histogram")
	}
}

func TestJournalWithoutAnEndIsPartial(t *testing.T) {
	run := sampleRun()[:4]
	d := mustFold(t, sampleHeader(), run)
	if !d.Run.Partial || d.Run.DurationNS != 4e9 || d.ExitCode() != ExitInterrupted {
		t.Errorf("run %+v, exit code %d", d.Run, d.ExitCode())
	}
	if len(d.Warnings) != 1 || d.Warnings[0].Token != "journal_incomplete" || !strings.Contains(d.Warnings[0].Message, "ledger was not closed") {
		t.Errorf("warnings %v", d.Warnings)
	}
	for _, name := range []string{"deliveries.expected", "deliveries.lost", "deliveries.lost_tail"} {
		if _, ok := d.Metrics[name]; ok {
			t.Errorf("%s is known though the ledger was never closed", name)
		}
	}
	if d.Thresholds[0].Pass || !strings.Contains(d.Thresholds[0].Reason, "ledger of the run was not closed") {
		t.Errorf("a threshold on losses: %+v", d.Thresholds[0])
	}
	if len(d.Phases) != 3 || d.Phases[2].EndNS != 4e9 {
		t.Errorf("phases %+v", d.Phases)
	}
}

func TestInterruptedAndFailedRuns(t *testing.T) {
	run := sampleRun()
	run[5].End = &End{Partial: true}
	if d := mustFold(t, sampleHeader(), run); !d.Run.Partial || len(d.Warnings) != 0 || gaugeOrCount(t, d, DeliveriesLost) != 1 {
		t.Errorf("interrupted: %+v, warnings %v", d.Run, d.Warnings)
	}
	run[5].End = &End{Failure: "the hook answered 401"}
	if d := mustFold(t, sampleHeader(), run); d.Run.Failure != "the hook answered 401" || d.Verdict.Pass || d.ExitCode() != ExitFailed {
		t.Errorf("failed: %+v", d.Run)
	}
}

func TestDurationsBesideTheRangeAreWarnedOf(t *testing.T) {
	run := sampleRun()
	run[3].with(2, func(v *Values) { v.Record(EventsInterval, -3e6); v.Record(EventsInterval, 2*3600e9) })
	d := mustFold(t, sampleHeader(), run)
	want := []Warning{
		{"negative_duration", "events.interval: 1 of 2 values are below zero, by up to 3.00 ms: two clocks disagree"},
		{"out_of_range", "events.interval: 1 of 2 durations are over an hour"},
	}
	if !slices.Equal(d.Warnings, want) {
		t.Errorf("warnings %v", d.Warnings)
	}
}

func TestWarningsComeOnceAndInOrder(t *testing.T) {
	h, run := sampleHeader(), sampleRun()
	a, b := Warning{"a", "first"}, Warning{"b", "second"}
	h.Warnings = []Warning{a}
	run[1].Warnings = []Warning{b, a}
	run[2].Warnings = []Warning{b}
	if d := mustFold(t, h, run); !slices.Equal(d.Warnings, []Warning{a, b}) {
		t.Errorf("warnings %v", d.Warnings)
	}
	if len(h.Warnings) != 1 {
		t.Error("the header was changed")
	}
}

func TestImpossibleIntervalsAreRefused(t *testing.T) {
	for want, i := range map[string]*Interval{
		"phase 9 of 4":              second(0).with(9, func(*Values) {}),
		"a mark names phase -1":     second(0).start(-1, 0),
		"unknown gauge events.temp": {Gauges: map[string]float64{"events.temp": 1}},
		"unknown gauge publish":     {Gauges: map[string]float64{"publish.count": 1}},
		"not a number":              second(0).gauge(ServerCPU, math.NaN()),
		"from 2 ns to 1 ns":         {StartNS: 2, EndNS: 1},
	} {
		if _, err := Fold(sampleHeader(), []*Interval{i}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	after := append(sampleRun(), second(6))
	if _, err := Fold(sampleHeader(), after); err == nil || !strings.Contains(err.Error(), "interval 7: it follows") {
		t.Errorf("an interval after the end: error %v", err)
	}
}

func TestThresholdsOfAHeader(t *testing.T) {
	h := sampleHeader()
	h.Defaults = h.Thresholds[1:]
	h.Thresholds = append(h.Thresholds[:1:1], "fanout.renamed.p99 < 1s")
	d := mustFold(t, h, sampleRun())
	if len(d.Thresholds) != 3 || d.Thresholds[0].Pass || *d.Thresholds[0].Observed != 1 || d.Thresholds[0].Default || !d.Thresholds[2].Pass || !d.Thresholds[2].Default {
		t.Errorf("thresholds %+v", d.Thresholds)
	}
	if d.Thresholds[1].Outcome != Inconclusive || !strings.Contains(d.Thresholds[1].Reason, "unknown metric fanout.renamed") {
		t.Errorf("a threshold of another version: %+v", d.Thresholds[1])
	}
	if d.Verdict.Pass || d.ExitCode() != ExitCrossed {
		t.Errorf("verdict %+v", d.Verdict)
	}
}

func TestFoldKeepsNothingOfAnInterval(t *testing.T) {
	run := sampleRun()
	want, err := json.Marshal(mustFold(t, sampleHeader(), run))
	if err != nil {
		t.Fatal(err)
	}
	f := NewFolder(sampleHeader())
	for _, i := range run {
		if err := f.Add(i); err != nil {
			t.Fatal(err)
		}
		for _, p := range i.Phases {
			p.Values.Reset() // the runner uses its shards again
		}
		if i.End != nil {
			i.End.Failure = "later"
		}
		clear(i.Gauges)
	}
	d, err := f.Document()
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(d); string(got) != string(want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// BenchmarkAdd is what a second of a run costs beside the load.
func BenchmarkAdd(b *testing.B) {
	run := sampleRun()
	f := NewFolder(sampleHeader())
	for _, i := range run[:3] {
		if err := f.Add(i); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := f.Add(run[3]); err != nil {
			b.Fatal(err)
		}
	}
}

// Streams are told apart by the address that they went to where there are several, in the whole and in each phase.
func TestFoldOfAddresses(t *testing.T) {
	for _, addresses := range [][]string{{"127.0.0.1:80"}, {"127.0.0.1:80", "127.0.0.2:80"}} {
		run := sampleRun()
		for i, a := range addresses {
			run[0].Phases[0].Values.AddBy(ConnectionsOpened, a, int64(i+1))
		}
		d := mustFold(t, sampleHeader(), run)
		if by := d.Metrics["connections.opened"].By; len(by) == 1 || len(addresses) > 1 && (by["127.0.0.1:80"] != 1 || by["127.0.0.2:80"] != 2) {
			t.Errorf("to %v: %v", addresses, by)
		}
		for _, p := range d.Phases {
			if by := p.Metrics["connections.opened"].By; len(by) == 1 {
				t.Errorf("phase %s to %v: %v", p.Name, addresses, by)
			}
		}
	}
}
