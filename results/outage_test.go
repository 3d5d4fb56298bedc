package results

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outageParts are what two seconds of an outage add.
func outageParts() (first, second OutagePart) {
	recovery := NewHistogram()
	for n := range int64(8) {
		recovery.Record(1e9 + n*1e8)
	}
	caught := NewHistogram()
	caught.Record(5e6)
	return OutagePart{Phase: 1, Bins: []OutageBin{{N: 0, Dropped: 10}, {N: 3, Attempts: 2, LatencyNS: 7}}, Failed: map[string]int64{"dial_refused": 2}},
		OutagePart{
			Phase: 1, Bins: []OutageBin{{N: 3, Attempts: 1, LatencyNS: 9}, {N: 12, Attempts: 8, Opened: 8}}, Replays: map[string]int64{"exact": 8}, CaughtUp: caught,
			Failed: map[string]int64{"dial_refused": 1, "status_503": 1}, Stranded: map[string]int64{"status_503": 1},
			Stock: &OutageStock{Open: 20, Dropped: 10, Recovered: 8, Stranded: 1, Away: 1, BackNS: 5e8, Recovery: recovery},
		}
}

func outageRun() (*Header, []*Interval) {
	first, second := outageParts()
	h := &Header{Phases: []PhaseInfo{{Name: "ramp", Kind: PhaseRamp}, {Name: "cut", Kind: PhaseOutage, What: "half of the streams cut"}, {Name: "drain", Kind: PhaseDrain}}}
	return h, []*Interval{
		{EndNS: 1e9, Marks: []PhaseMark{{Phase: 0}, {Phase: 0, AtNS: 5e8, Ended: true}, {Phase: 1, AtNS: 5e8}}, Outages: []OutagePart{first}},
		{StartNS: 1e9, EndNS: 2e9, Marks: []PhaseMark{{Phase: 1, AtNS: 19e8, Ended: true}}, Outages: []OutagePart{second}, End: &End{}},
	}
}

func TestAnOutageIsFolded(t *testing.T) {
	h, intervals := outageRun()
	d, err := Fold(h, intervals)
	if err != nil || len(d.Outages) != 1 {
		t.Fatalf("%v, %d outages", err, len(d.Outages))
	}
	o := d.Outages[0]
	if o.Phase != "cut" || o.What != "half of the streams cut" || o.StartNS != 5e8 || o.EndNS != 19e8 || *o.BackNS != 5e8 ||
		o.Dropped != 10 || o.Recovered != 8 || o.Stranded != 1 || o.Away != 1 || o.Attempts != 11 || o.MostAttempts != 8 {
		t.Errorf("%+v", o)
	}
	// The fifth of ten comes back after 1.4 s; the tenth never does.
	if o.RecoveredP50NS == nil || *o.RecoveredP50NS < 1.399e9 || *o.RecoveredP50NS > 1.401e9 || o.RecoveredP95NS != nil || o.RecoveredAllNS != nil {
		t.Errorf("recovered %v, %v, %v", o.RecoveredP50NS, o.RecoveredP95NS, o.RecoveredAllNS)
	}
	if diff := cmp.Diff(map[string]int64{"dial_refused": 3, "status_503": 1}, o.Failed); diff != "" {
		t.Error(diff)
	}
	rows := o.Series.Rows
	if len(rows) != 13 || *rows[0][1] != 10 || *rows[3][2] != 3 || *rows[3][5] != 9 || rows[4][5] != nil || *rows[12][1] != 18 || *rows[12][0] != 12e8 {
		t.Errorf("series %+v", o.Series)
	}
	if v := d.Metrics["reconnect.recovered_p50"]; v.Value == nil || *v.Value != *o.RecoveredP50NS {
		t.Errorf("recovered_p50 %+v", v)
	}
	if v, ok := d.Metrics["reconnect.recovered_all"]; !ok || v.Value != nil {
		t.Errorf("recovered_all %+v", v)
	}
}

func TestAnOutageGoesThroughTheJournal(t *testing.T) {
	h, intervals := outageRun()
	live, err := Fold(h, intervals)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := JournalWriter{W: &b}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	for _, i := range intervals {
		if err := w.WriteInterval(i); err != nil {
			t.Fatal(err)
		}
	}
	read, err := FoldJournal(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(live.Outages, read.Outages); diff != "" {
		t.Errorf("(-live +journal):\n%s", diff)
	}
}

func TestWorkersSeeOneOutage(t *testing.T) {
	first, second := outageParts()
	a, b := &Interval{Outages: []OutagePart{first}}, &Interval{Outages: []OutagePart{second}}
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if err := a.Merge(&Interval{Outages: []OutagePart{{Phase: 3}}}); err != nil {
		t.Fatal(err)
	}
	o := a.Outages[0]
	if len(a.Outages) != 2 || len(o.Bins) != 3 || o.Bins[1] != (OutageBin{N: 3, Attempts: 3, LatencyNS: 9}) || o.Stock.Dropped != 10 || o.Stock.Recovery.Count() != 8 {
		t.Errorf("%+v", a.Outages)
	}
	if second.Failed["dial_refused"] != 1 {
		t.Error("the merge changed what it took")
	}
}

func TestAnOutageOfAnotherPhaseIsRefused(t *testing.T) {
	h, intervals := outageRun()
	intervals[0].Outages[0].Phase = 2
	if _, err := Fold(h, intervals); err == nil || !strings.Contains(err.Error(), "phase 2") {
		t.Errorf("got %v", err)
	}
}

func TestTheWorstOutageCounts(t *testing.T) {
	h, intervals := outageRun()
	h.Phases = append(h.Phases[:2:2], PhaseInfo{Name: "again", Kind: PhaseOutage}, PhaseInfo{Name: "nothing", Kind: PhaseOutage}, h.Phases[2])
	recovery := NewHistogram()
	recovery.Record(3e9)
	intervals[1].Outages = append(intervals[1].Outages,
		OutagePart{Phase: 2, Stock: &OutageStock{Dropped: 1, Recovered: 1, Recovery: recovery}}, OutagePart{Phase: 3, Stock: &OutageStock{Recovery: NewHistogram()}})
	d, err := Fold(h, intervals)
	if err != nil {
		t.Fatal(err)
	}
	if v := d.Metrics["reconnect.recovered_p50"].Value; v == nil || *v != 3e9 {
		t.Errorf("recovered_p50 %v", v)
	}
	if v := d.Metrics["reconnect.recovered_p95"].Value; v != nil {
		t.Errorf("recovered_p95 %v, though one outage never got there", *v)
	}
}
