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
	of := func(outcomes ...Outcome) (all []ThresholdResult) {
		for _, o := range outcomes {
			all = append(all, ThresholdResult{Outcome: o, Pass: o == Held})
		}
		return all
	}
	unoffered := []Warning{{Token: "load_not_offered"}}
	for _, c := range []struct {
		name string
		d    Document
		want int
	}{
		{"passed", Document{Thresholds: of(Held), Verdict: Verdict{Trust: Trusted}}, 0},
		{"degraded", Document{Verdict: Verdict{Trust: Degraded}}, 0},
		{"crossed", Document{Thresholds: of(Held, Crossed)}, 99},
		{"crossed beside one that is inconclusive", Document{Thresholds: of(Inconclusive, Crossed)}, 99},
		{"inconclusive", Document{Thresholds: of(Held, Inconclusive)}, 98},
		{"not measured", Document{Thresholds: of(NotMeasured)}, 98},
		{"the load was not offered", Document{Thresholds: of(Held), Verdict: Verdict{Inconclusive: unoffered}}, 98},
		{"crossed where the load was not offered", Document{Thresholds: of(Crossed), Verdict: Verdict{Inconclusive: unoffered}}, 98},
		{"the generator was the limit", Document{Thresholds: of(Crossed), Verdict: Verdict{Trust: GeneratorLimited}}, 98},
		{"interrupted", Document{Run: Run{Partial: true}, Thresholds: of(Crossed), Verdict: Verdict{Trust: GeneratorLimited}}, 130},
		{"failed", Document{Run: Run{Partial: true, Failure: "x"}, Thresholds: of(Crossed), Verdict: Verdict{Trust: GeneratorLimited}}, 1},
	} {
		if got := c.d.ExitCode(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Documents from before there were outcomes say only whether a threshold passed.
func TestOldResultsOfThresholds(t *testing.T) {
	for text, want := range map[string]Outcome{
		`{"pass": true}`: Held, `{"pass": false}`: Crossed, `{"pass": false, "outcome": "inconclusive"}`: Inconclusive,
	} {
		var got ThresholdResult
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Outcome != want {
			t.Errorf("%s: %s, want %s (%v)", text, got.Outcome, want, err)
		}
	}
}
