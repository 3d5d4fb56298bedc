package reference

import (
	"fmt"
	"net/http"
	"testing"
)

// TestFaultsOfReplay publishes "1" to "6", lets a client come back that had got
// "2", and publishes "7" to it: what a replay of four events looks like, and
// what the server says that it did.
func TestFaultsOfReplay(t *testing.T) {
	tests := []struct {
		faults string
		want   []int
		done   map[string]uint64
	}{
		{"", []int{3, 4, 5, 6, 7}, nil},
		{"forget-ring", []int{7}, map[string]uint64{"forget-ring": 4}},
		{"replay-twice", []int{3, 4, 5, 6, 3, 4, 5, 6, 7}, map[string]uint64{"replay-twice": 4}},
		{"replay-drop=2", []int{3, 5, 7}, map[string]uint64{"replay-drop": 2}},
		{"replay-drop=1", []int{7}, map[string]uint64{"replay-drop": 4}},
		{"replay-reorder=1", []int{4, 3, 6, 5, 7}, map[string]uint64{"replay-reorder": 2}},
		{"replay-reorder=3", []int{3, 4, 6, 5, 7}, map[string]uint64{"replay-reorder": 1}},
		{"replay-reorder=4", []int{3, 4, 5, 6, 7}, nil},
		{"replay-late=1", []int{3, 4, 5, 7, 6}, map[string]uint64{"replay-late": 1}},
		{"replay-late=9", []int{7, 3, 4, 5, 6}, map[string]uint64{"replay-late": 4}},
		{
			"replay-drop=2,replay-reorder=1,replay-twice,replay-late=1",
			[]int{5, 3, 5, 7, 3},
			map[string]uint64{"replay-drop": 2, "replay-reorder": 1, "replay-twice": 2, "replay-late": 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.faults, func(t *testing.T) {
			eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
				s, _ := faulty(t, d, c, tt.faults, 6)
				st := open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "2")
				publishTo(t, c, s, "topic=a", "7")
				for _, n := range tt.want {
					st.expect(numbered(n, fmt.Sprint(n)))
				}
				for name, n := range s.FaultsDone() {
					if n != tt.done[name] {
						t.Errorf("%s: done %d, want %d", name, n, tt.done[name])
					}
				}
			})
		})
	}
}

// What replay-late holds back comes by itself where no live event does, after a
// time or with the stream's end, and then nothing was late.
func TestReplayLateWithoutLive(t *testing.T) {
	box := &faultBox{}
	for _, come := range []func(d *disturber) []delivery{
		func(d *disturber) []delivery { return d.tick(&noFaults, d.opened+int64(lateAtMost)) },
		func(d *disturber) []delivery { return d.settle(&noFaults, d.opened+1) },
	} {
		d := &disturber{box: box, opened: 1000}
		d.stayBehind([]delivery{{ev: notice([]byte("data: 1\n\n"))}, {ev: notice([]byte("data: 2\n\n"))}})
		if at := d.next(); at != 1000+int64(lateAtMost) || !d.bound() {
			t.Errorf("it is due at %d", at)
		}
		if got := d.tick(&noFaults, d.opened+int64(lateAtMost)-1); len(got) != 0 {
			t.Errorf("%d came before their time", len(got))
		}
		if got := come(d); len(got) != 2 || string(got[1].stream()) != "data: 2\n\n" {
			t.Errorf("%d came", len(got))
		}
		if d.next() != 0 || d.bound() {
			t.Error("something is left")
		}
	}
	if n := box.done[faultReplayLate].Load(); n != 0 {
		t.Errorf("%d are counted", n)
	}
}

// TestGap lets clients come back after the ring was emptied: they are told of
// what is gone in an event, in a comment, or not at all.
func TestGap(t *testing.T) {
	for _, tt := range []struct {
		faults string
		gap    string // "" is hidden
		done   uint64
	}{
		{"", `event: gap|data: {"lastEventId":"1"}`, 0},
		{"gap=comment", ": gap: events after 1 are gone", 1},
		{"gap=none", "", 1},
	} {
		t.Run(tt.faults, func(t *testing.T) {
			eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
				s, before := faulty(t, d, c, tt.faults, 3)
				status, body := ask(t, c, "POST", s.URL()+"/admin/faults", "empty-ring")
				if status != 200 {
					t.Fatalf("%d %s", status, body)
				}
				publishTo(t, c, s, "topic=a", "4")
				st := open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "1")
				if tt.gap != "" {
					st.expect(tt.gap)
				}
				st.expect(numbered(4, "4"))
				before.expect(numbered(1, "1"), numbered(2, "2"), numbered(3, "3"), numbered(4, "4"))
				// Whoever missed nothing of what was forgotten is told of no gap.
				open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "3").expect(numbered(4, "4"))
				wantDone(t, s, "empty-ring", 1)
				wantDone(t, s, "gap", tt.done)
				declared := uint64(1)
				if tt.gap == "" {
					declared = 0
				}
				if n := s.counts.gone.Load(); n != 2 {
					t.Errorf("%d events were gone, want 2 and 3", n)
				}
				if n := s.counts.gaps.Load(); n != declared {
					t.Errorf("%d gaps were declared, want %d", n, declared)
				}
			})
		})
	}
}

// TestDropEarly: what is lost before it is numbered is lost for everybody, now
// and in a replay, and the ids are without a gap.
func TestDropEarly(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s, st := faulty(t, d, c, "drop-early=3", 7)
		want := []string{numbered(1, "1"), numbered(2, "2"), numbered(3, "4"), numbered(4, "5"), numbered(5, "7")}
		st.expect(want...)
		open(t, c, s.URL()+"/events?topic=a", "Last-Event-ID", "1").expect(want[1:]...)
		wantDone(t, s, "drop-early", 2)
	})
}
