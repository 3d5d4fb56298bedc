package results

import (
	"slices"
	"strings"
	"testing"
)

func TestIntervalsOfWorkersMerge(t *testing.T) {
	a := second(3).with(1, func(v *Values) { v.Add(EventsReceived, 5) }).start(1, 3.2e9).ends(0, 3.2e9).
		gauge(ConnectionsOpen, 100).gauge(GeneratorCPU, 0.5).gauge(ServerCPU, 1.1).gauge(MachineCPUPressure, 0.2)
	b := second(3).with(1, func(v *Values) { v.Add(EventsReceived, 7) }).with(2, func(v *Values) { v.Add(EventsReceived, 1) }).
		start(1, 3.1e9).ends(0, 3.4e9).ends(1, 3.9e9).
		gauge(ConnectionsOpen, 50).gauge(GeneratorCPU, 0.25).gauge(ServerCPU, 1.2).gauge(ServerRSS, 7)
	b.StartNS, b.EndNS = 2.9e9, 4.1e9
	a.Warnings, b.Warnings = []Warning{{"x", "1"}}, []Warning{{"x", "1"}, {"x", "2"}}
	b.End = &End{Partial: true, Failure: "gone"}
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if a.StartNS != 2.9e9 || a.EndNS != 4.1e9 {
		t.Errorf("from %d to %d", a.StartNS, a.EndNS)
	}
	if len(a.Phases) != 2 || a.Phases[0].Values.Counter(EventsReceived) != 12 || a.Phases[1].Phase != 2 {
		t.Errorf("phases %+v", a.Phases)
	}
	for id, want := range map[ID]float64{ConnectionsOpen: 150, GeneratorCPU: 0.75, ServerCPU: 1.2, MachineCPUPressure: 0.2, ServerRSS: 7} {
		if got := a.Gauges[id.String()]; got != want {
			t.Errorf("%s = %g, want %g", id, got, want)
		}
	}
	if want := []PhaseMark{{1, 3.1e9, false}, {0, 3.4e9, true}, {1, 3.9e9, true}}; !slices.Equal(a.Marks, want) {
		t.Errorf("marks %v, want %v", a.Marks, want)
	}
	if len(a.Warnings) != 2 || a.End == nil || !a.End.Partial || a.End.Failure != "gone" {
		t.Errorf("warnings %v, end %+v", a.Warnings, a.End)
	}
	a.Phases[1].Values.Add(EventsReceived, 1)
	if b.Phases[1].Values.Counter(EventsReceived) != 1 {
		t.Error("the merged interval shares values with the target")
	}
	for _, name := range []string{"gone.gauge", "publish.count"} {
		if err := a.Merge(&Interval{Gauges: map[string]float64{name: 1}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the gauge %s: error %v", name, err)
		}
	}
}

func TestTotalOfAnInterval(t *testing.T) {
	i := second(0).with(0, func(v *Values) { v.Add(EventsReceived, 5) }).with(1, func(v *Values) { v.Add(EventsReceived, 7) })
	i.Phases = append(i.Phases, PhaseValues{Phase: 2})
	total, err := i.Total()
	if err != nil || total.Counter(EventsReceived) != 12 || i.Phases[0].Values.Counter(EventsReceived) != 5 {
		t.Errorf("total %d, %v", total.Counter(EventsReceived), err)
	}
	if total, err := second(0).Total(); err != nil || !total.Empty() {
		t.Errorf("an interval without values: %v", err)
	}
}
