package results

import (
	"encoding/json"
	"strings"
	"testing"
)

func sampleValues() *Values {
	v := &Values{}
	v.Add(EventsReceived, 7)
	v.AddBy(ConnectionsFailed, "dial_refused", 2)
	v.AddBy(ConnectionsFailed, "status_503", 1)
	v.Record(FanoutLatency, 5e6)
	v.Censor(FanoutLatency, 3)
	return v
}

func TestValuesMergeAddsAndLeavesTheOther(t *testing.T) {
	a, b := sampleValues(), sampleValues()
	b.AddBy(ConnectionsFailed, "tls_handshake", 4)
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if a.Counter(EventsReceived) != 14 || a.Counter(ConnectionsFailed) != 10 {
		t.Errorf("events %d, failed %d", a.Counter(EventsReceived), a.Counter(ConnectionsFailed))
	}
	if by := a.By(ConnectionsFailed); by["dial_refused"] != 4 || by["tls_handshake"] != 4 || by["status_503"] != 2 {
		t.Errorf("by token %v", by)
	}
	if h := a.Histogram(FanoutLatency); h.Count() != 2 || h.Censored != 6 {
		t.Errorf("histogram %d, censored %d", h.Count(), h.Censored)
	}
	a.AddBy(ConnectionsFailed, "dial_refused", 100)
	if b.By(ConnectionsFailed)["dial_refused"] != 2 {
		t.Error("the merged values share their tokens with the target")
	}
}

func TestValuesResetKeepsNothing(t *testing.T) {
	v := sampleValues()
	if v.Empty() {
		t.Fatal("filled values say that they are empty")
	}
	v.Reset()
	if !v.Empty() || v.Histogram(FanoutLatency) != nil || v.Counter(EventsReceived) != 0 || v.By(ConnectionsFailed)["dial_refused"] != 0 {
		t.Error("Reset left something")
	}
	line, err := json.Marshal(v)
	if err != nil || string(line) != "{}" {
		t.Errorf("empty values are %s, %v, want {}", line, err)
	}
	for name, fill := range map[string]func(v *Values){
		"a counter":        func(v *Values) { v.Add(EventsReceived, 1) },
		"a token":          func(v *Values) { v.AddBy(ConnectionsFailed, "dial_refused", 0) },
		"a duration":       func(v *Values) { v.Record(FanoutLatency, 1) },
		"a censored value": func(v *Values) { v.Censor(FanoutLatency, 1) },
	} {
		one := &Values{}
		if fill(one); one.Empty() {
			t.Errorf("values with %s are not empty", name)
		}
	}
}

func TestValuesTravelByName(t *testing.T) {
	line, err := json.Marshal(sampleValues())
	if err != nil {
		t.Fatal(err)
	}
	const start = `{"counters":{"connections.failed":3,"events.received":7},"by":{"connections.failed":{"dial_refused":2,"status_503":1}},"histograms":{"fanout.latency":{"hdr":"`
	if !strings.HasPrefix(string(line), start) {
		t.Errorf("%s\nwant it to start with\n%s", line, start)
	}
	var back Values
	if err := json.Unmarshal(line, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&back)
	if err != nil || string(again) != string(line) {
		t.Errorf("read back and written again: %s", again)
	}
}

func TestUnknownMetricsInValuesAreNamed(t *testing.T) {
	const line = `{"counters":{"fanout.latency":1,"events.gone":2},"by":{"events.gone":{"x":1}},"histograms":{"old.latency":{"hdr":""}}}`
	var v Values
	err := json.Unmarshal([]byte(line), &v)
	if err == nil || !strings.HasSuffix(err.Error(), ": events.gone, fanout.latency, old.latency") {
		t.Errorf("error %v, want one that names the three", err)
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	v := sampleValues()
	if n := testing.AllocsPerRun(1000, func() {
		v.Record(FanoutLatency, 1234567)
		v.Add(EventsReceived, 1)
		v.AddBy(ConnectionsFailed, "dial_refused", 1)
	}); n != 0 {
		t.Errorf("%g allocations for each event", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	v := sampleValues()
	b.ReportAllocs()
	nanos := int64(1000)
	for b.Loop() {
		v.Record(FanoutLatency, nanos)
		nanos = nanos*5%10_000_000_007 + 1
	}
}
