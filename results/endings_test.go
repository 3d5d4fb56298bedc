package results

import (
	"strings"
	"testing"
)

// endingRun is a run with a ramp of a second and a hold of four, in whose seconds so many streams end, between two instants.
func endingRun(open float64, closed map[int64]Endings) (*Header, []*Interval) {
	h := &Header{
		Format: JournalFormat, Run: Run{ID: "r1"}, Defaults: []string{"connections.closed_by_server == 0"},
		Phases:   []PhaseInfo{{Name: "ramp", Kind: PhaseRamp}, {Name: "hold", Kind: PhaseHold}, {Name: "drain", Kind: PhaseDrain}},
		Produces: []string{"connections.closed_by_server"},
	}
	run := []*Interval{second(0).start(0, 0).with(0, func(v *Values) {
		v.Add(ConnectionsAttempted, int64(open))
		v.Add(ConnectionsOpened, int64(open))
	}).gauge(ConnectionsOpen, open).ends(0, 1e9).start(1, 1e9)}
	for n := int64(1); n < 5; n++ {
		i := second(n)
		if e := closed[n]; e.Count > 0 {
			i.Closed, open = &e, open-float64(e.Count)
			i.with(1, func(v *Values) {
				v.AddBy(ConnectionsClosedByServer, "reset", e.Count)
				for range e.Count {
					v.Record(StreamAge, e.FirstNS)
				}
			})
		}
		run = append(run, i.gauge(ConnectionsOpen, open))
	}
	run[4].ends(1, 5e9).close(End{})
	return h, run
}

func TestStreamsThatEndAtOneMomentAreTheCause(t *testing.T) {
	for name, c := range map[string]struct {
		closed map[int64]Endings
		want   string
	}{
		"all":                      {map[int64]Endings{2: {20, 2.4e9, 2.5e9}}, "all 20 streams ended at one moment, 1.40 s into phase hold (reset 20)"},
		"over the end of a second": {map[int64]Endings{2: {12, 2.9e9, 2.99e9}, 3: {8, 3.01e9, 3.1e9}}, "all 20 streams ended at one moment, 1.90 s into phase hold (reset 20)"},
		"nearly all":               {map[int64]Endings{2: {19, 2.4e9, 2.5e9}}, "19 of 20 streams ended at one moment, 1.40 s into phase hold (reset 19)"},
		"after some others":        {map[int64]Endings{1: {2, 1.1e9, 1.2e9}, 4: {18, 4.4e9, 4.5e9}}, "all 18 streams ended at one moment, 3.40 s into phase hold"},
		"half":                     {map[int64]Endings{2: {10, 2.4e9, 2.5e9}}, ""},
		"one after the other":      {map[int64]Endings{1: {5, 1e9, 2e9}, 2: {5, 2e9, 3e9}, 3: {5, 3e9, 4e9}, 4: {5, 4e9, 5e9}}, ""},
	} {
		d := foldEndings(t, c.closed)
		if d.Verdict.Cause != c.want {
			t.Errorf("%s: %q, want %q", name, d.Verdict.Cause, c.want)
		}
	}
	if d := foldEndings(t, nil); d.Verdict.Cause != "" || d.Thresholds[0].Reason != "" {
		t.Errorf("no stream ended: %+v", d.Verdict)
	}
}

func foldEndings(t *testing.T, closed map[int64]Endings) *Document {
	t.Helper()
	h, run := endingRun(20, closed)
	return mustFold(t, h, run)
}

func TestARunThatFailedBeginsWithTheCause(t *testing.T) {
	h, run := endingRun(20, map[int64]Endings{2: {20, 2.4e9, 2.5e9}})
	run[4].End.Failure = "the publish hook failed"
	if d := mustFold(t, h, run); !strings.HasPrefix(d.Run.Failure, "all 20 streams ended at one moment, ") || !strings.HasSuffix(d.Run.Failure, "; the publish hook failed") {
		t.Errorf("%q", d.Run.Failure)
	}
}

func TestTheRemarkOnEndedStreams(t *testing.T) {
	d := foldEndings(t, map[int64]Endings{1: {5, 1e9, 2e9}, 2: {5, 2e9, 3e9}})
	const want = "10 of 20 streams ended, 1.00 s to 2.00 s after they opened, in phase hold: reset 10"
	if got := d.Thresholds[0]; got.Outcome != Crossed || got.Reason != want {
		t.Errorf("%+v, want %s", got, want)
	}
}

func TestEndingsOfWorkersMerge(t *testing.T) {
	a, b, none := second(1), second(1), second(1)
	a.Closed, b.Closed = &Endings{3, 5, 9}, &Endings{4, 2, 6}
	for _, o := range []*Interval{b, none} {
		if err := a.Merge(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := none.Merge(a); err != nil || *a.Closed != (Endings{7, 2, 9}) || *none.Closed != *a.Closed {
		t.Errorf("%+v, %+v, %v", a.Closed, none.Closed, err)
	}
}
