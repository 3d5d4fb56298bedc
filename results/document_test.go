package results

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentSurvivesItsJSON(t *testing.T) {
	d := mustFold(t, sampleHeader(), sampleRun())
	d.Metrics[ReconnectRecoveredAll.String()] = Value{Kind: KindGauge, Unit: UnitNanoseconds}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Document
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, &back); diff != "" {
		t.Errorf("written (-) and read (+) differ:\n%s", diff)
	}
	h, err := back.Metrics["fanout.latency"].Histogram.Decode()
	if err != nil {
		t.Fatal(err)
	}
	if h.Count() != 23 || h.Censored != 1 || h.Min() != 10e6 || h.Max() != 30e6 {
		t.Errorf("the histogram in the document: count %d, censored %d, %d to %d", h.Count(), h.Censored, h.Min(), h.Max())
	}
}

// The forms of values are the contract of the document: names, order, and null for what is lost.
func TestValuesInADocument(t *testing.T) {
	h := milliseconds(1)
	h.Censored = 1
	s, err := Summarise(h)
	if err != nil {
		t.Fatal(err)
	}
	s.HDR = "x"
	two, three, four := 2.0, 3.0, 4.0
	for want, v := range map[string]Value{
		`{"kind":"counter","unit":"1","value":2,"by":{"dial_refused":2}}`: {Kind: KindCounter, Unit: UnitOne, Value: &two, By: map[string]int64{"dial_refused": 2}},
		`{"kind":"counter","unit":"1","value":0}`:                         {Kind: KindCounter, Unit: UnitOne},
		`{"kind":"gauge","unit":"B","value":3,"min":2,"max":4,"last":2}`:  {Kind: KindGauge, Unit: UnitBytes, Value: &three, Min: &two, Max: &four, Last: &two},
		`{"kind":"gauge","unit":"ns","value":null,"min":null,"max":null,"last":null}`: {
			Kind: KindGauge, Unit: UnitNanoseconds,
		},
		`{"kind":"histogram","unit":"ns","count":1,"min":1000000,"mean":1000000,"p50":1000000,"p90":null,"p95":null,"p99":null,` +
			`"p99_9":null,"p99_99":null,"max":1000000,"censored":1,"hdr":"x"}`: {Kind: KindHistogram, Unit: UnitNanoseconds, Histogram: s},
		`{"kind":"histogram","unit":"ns","count":0,"min":0,"mean":0,"p50":null,"p90":null,"p95":null,"p99":null,` +
			`"p99_9":null,"p99_99":null,"max":0,"censored":0,"negatives":1,"out_of_range":2,"hdr":""}`: {
			Kind: KindHistogram, Unit: UnitNanoseconds, Histogram: &Summary{Negatives: 1, OutOfRange: 2},
		},
	} {
		got, err := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	if _, err := json.Marshal(Value{Kind: "guess"}); err == nil {
		t.Error("a value of no kind was written")
	}
}

// The first level of the document is stable, and nothing in it is null.
func TestFirstLevelOfADocument(t *testing.T) {
	empty := mustFold(t, &Header{}, nil)
	text, err := json.Marshal(empty)
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"format", "run", "scenario", "environment", "metrics", "phases", "series", "thresholds", "verdict", "warnings"}
	at := 0
	for _, key := range keys {
		next := strings.Index(string(text), `"`+key+`":`)
		if next < at {
			t.Errorf("%s is missing or out of order in %s", key, text)
		}
		at = next
	}
	if strings.Contains(string(text), "null") {
		t.Errorf("a null in %s", text)
	}
}

func TestDamagedValuesOfADocument(t *testing.T) {
	for _, text := range []string{
		`7`, `{}`, `{"kind":"guess"}`, `{"kind":"counter","value":"x"}`, `{"kind":"gauge","min":"x"}`, `{"kind":"histogram","p50":"x"}`,
	} {
		var v Value
		if err := json.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("%s was read as %+v", text, v)
		}
	}
	if _, err := (&Summary{HDR: "?"}).Decode(); err == nil {
		t.Error("damaged buckets were decoded")
	}
}

// Formats are what other versions look for.
func TestFormatsHaveNames(t *testing.T) {
	if DocumentFormat != "ssebench/1" || JournalFormat != "ssebench-journal/1" {
		t.Errorf("%s and %s", DocumentFormat, JournalFormat)
	}
}

func TestExitCodes(t *testing.T) {
	crossed := []ThresholdResult{{Pass: true}, {Pass: false}}
	for _, c := range []struct {
		name string
		d    Document
		want int
	}{
		{"passed", Document{Thresholds: crossed[:1], Verdict: Verdict{Trust: Trusted}}, 0},
		{"degraded", Document{Verdict: Verdict{Trust: Degraded}}, 0},
		{"crossed", Document{Thresholds: crossed}, 99},
		{"the generator was the limit", Document{Thresholds: crossed, Verdict: Verdict{Trust: GeneratorLimited}}, 98},
		{"interrupted", Document{Run: Run{Partial: true}, Thresholds: crossed, Verdict: Verdict{Trust: GeneratorLimited}}, 130},
		{"failed", Document{Run: Run{Partial: true, Failure: "x"}, Thresholds: crossed, Verdict: Verdict{Trust: GeneratorLimited}}, 1},
	} {
		if got := c.d.ExitCode(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestTrust(t *testing.T) {
	for _, c := range []struct {
		name    string
		fill    func(v *Values)
		cpu     float64
		cores   int
		want    string
		reasons []string
	}{
		{"at rest", func(v *Values) { v.Record(GeneratorScheduleLag, 9e6) }, 1.5, 2, Trusted, nil},
		{"late", func(v *Values) { v.Record(GeneratorScheduleLag, 12e6) }, 1.5, 2, Degraded, []string{"generator.schedule_lag p99 in phase hold is 12.0 ms, over 10.0 ms"}},
		{"far too late", func(v *Values) { v.Record(GeneratorScheduleLag, 300e6) }, 0, 2, GeneratorLimited, []string{"generator.schedule_lag p99 in phase hold is 300 ms, over 250 ms"}},
		{"a late ramp", func(v *Values) { v.Record(ConnectLag, 200e6) }, 0, 2, Degraded, []string{"connect.lag p99 is 200 ms, over 100 ms"}},
		{"no ramp", func(v *Values) { v.Record(ConnectLag, 2e9) }, 0, 2, GeneratorLimited, []string{"connect.lag p99 is 2.00 s, over 1.00 s"}},
		{"busy", func(*Values) {}, 1.7, 2, Degraded, []string{"generator.cpu over the 2 cores is 85.0 %, over 80.0 %"}},
		{"out of cores", func(*Values) {}, 1.95, 2, GeneratorLimited, []string{"generator.cpu over the 2 cores is 97.5 %, over 95.0 %"}},
		{"unknown cores", func(*Values) {}, 1.95, 0, Trusted, nil},
		{"a pause", func(v *Values) { v.Record(GeneratorGCPause, 60e6) }, 0, 2, Degraded, []string{"generator.gc_pause max is 60.0 ms, over 50.0 ms"}},
		{
			"limited, then degraded", func(v *Values) { v.Record(GeneratorScheduleLag, 300e6); v.Record(GeneratorGCPause, 60e6) }, 0, 2,
			GeneratorLimited,
			[]string{"generator.schedule_lag", "generator.gc_pause"},
		},
	} {
		h := sampleHeader()
		h.Environment.Cores = c.cores
		d := mustFold(t, h, []*Interval{second(0).start(2, 0).with(2, c.fill).gauge(GeneratorCPU, c.cpu).close(End{})})
		if d.Verdict.Trust != c.want || len(d.Verdict.Reasons) != len(c.reasons) {
			t.Errorf("%s: %+v, want %s", c.name, d.Verdict, c.want)
			continue
		}
		for n, want := range c.reasons {
			if !strings.HasPrefix(d.Verdict.Reasons[n], want) {
				t.Errorf("%s: %q, want %q", c.name, d.Verdict.Reasons[n], want)
			}
		}
	}
}
