package loadgen

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"
)

// A server that replays nothing says so in one way or another, or hides it.
func TestAGapIsDeclaredOrHidden(t *testing.T) {
	for _, c := range []struct{ gap, said, want string }{
		{"gap: {event: gap}", "event: gap\ndata: {}\n\n", replayDeclared},
		{"gap: {event: gap}", "event: other\ndata: {}\n\n", replayNone},
		{"gap: {event: gap}", ": gap\n\n", replayNone},
		{"gap: {comment: '^ ?gap'}", ": gap of 30\n\n", replayDeclared},
		{"gap: {comment: '^ ?gap'}", ": no gap\n\n", replayNone},
		{"gap: {comment: '^ ?gap'}", "event: gap\ndata: {}\n\n", replayNone},
		{"", "event: gap\ndata: {}\n\n", replayNone},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.replay = func(s *memoryStream, lastEventID string) []string {
				if lastEventID == "" {
					return nil
				}
				return []string{c.said}
			}
			load := "reconnect: chromium"
			if c.gap != "" {
				load += "\n  " + c.gap
			}
			d := runMemory(t, m, outages(load, "outage: {cut: 25%}"))
			balance(t, d)
			if by := d.Metrics["reconnect.replays"].By; !maps.Equal(by, map[string]int64{c.want: 10}) {
				t.Errorf("%s, %q: got %v", c.gap, c.said, by)
			}
		})
	}
}

// A server that numbers what it sends, after it dropped some, is found by the sequence in the payload; one whose IDs skip too is honest.
func TestIDsThatHideALoss(t *testing.T) {
	for name, c := range map[string]struct {
		id   func(seq, sent uint64) string
		want float64
	}{
		"its own count":           {func(_, sent uint64) string { return fmt.Sprint(sent) }, 4 * 5},
		"its own count, prefixed": {func(_, sent uint64) string { return fmt.Sprintf("v1-2-%d", sent+1000) }, 4 * 5},
		"the sequence":            {func(seq, _ uint64) string { return fmt.Sprint(seq) }, 0},
		"another start":           {func(seq, _ uint64) string { return fmt.Sprint(seq + 77) }, 0},
		"no number":               {func(uint64, uint64) string { return "abc" }, 0},
		"always the same":         {func(uint64, uint64) string { return "5" }, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			sent := map[int]uint64{}
			m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
				if ev.Seq%10 == 4 { // five of fifty
					return "", 0
				}
				sent[s.client]++
				return fmt.Sprintf("id: %s\ndata: %s\n\n", c.id(ev.Seq, sent[s.client]), ev.Payload), time.Millisecond
			}
			d := runMemory(t, m, hook+"load: {connections: 4, phases: [{ramp: at_once}, {hold: 5s}]}\n")
			wantCounters(t, d, map[string]float64{"deliveries.ids_hide_loss": c.want, "deliveries.lost_midstream": 20})
			warned := false
			for _, w := range d.Warnings {
				warned = warned || w.Token == "ids_hide_loss"
			}
			if warned != (c.want > 0) {
				t.Errorf("%s: warned %v", name, warned)
			}
		})
	}
}

// A loss in the gap of a reconnection is hidden too where the IDs go on as if nothing had been.
func TestIDsThatHideALossInAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		sent := map[int]uint64{}
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			sent[s.client]++
			return fmt.Sprintf("id: %d\ndata: %s\n\n", sent[s.client], ev.Payload), time.Millisecond
		}
		// Nothing is on its way at 2.05 s, when the streams are cut: an event that was would take a number along, and the IDs would skip.
		d := runMemory(t, m, hook+"load: {connections: 40, reconnect: chromium, phases: [{ramp: at_once}, {hold: 2050ms}, {outage: {cut: 25%}}, {hold: 2s}]}\n")
		lost := *d.Metrics["deliveries.lost_gap"].Value
		if lost < 10*28 {
			t.Errorf("%v lost", lost)
		}
		wantCounters(t, d, map[string]float64{"deliveries.ids_hide_loss": lost})
	})
}

func TestNumberOfAnID(t *testing.T) {
	for id, want := range map[string]uint64{"7": 7, "a-12": 12, "2026-11-25T03:04:05.6": 6, "12345678901234567890": 2345678901234567890} {
		if n, ok := number([]byte(id)); !ok || n != want {
			t.Errorf("%s: got %d, %v", id, n, ok)
		}
	}
	for _, id := range []string{"", "abc", "7a"} {
		if _, ok := number([]byte(id)); ok {
			t.Errorf("%q has a number", id)
		}
	}
}
