package loadgen

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// inBlocks has each stream get its events n at a time.
func inBlocks(n uint64) func(s *memoryStream, ev *Event) (string, time.Duration) {
	held := make(map[*memoryStream]string)
	return func(s *memoryStream, ev *Event) (string, time.Duration) {
		if held[s] += frame(ev); ev.Seq%n != 0 {
			return "", 0
		}
		block := held[s]
		held[s] = ""
		return block, time.Millisecond
	}
}

func TestWhatHoldsEventsBackIsNamed(t *testing.T) {
	const load = hook + "load: {connections: 4, open_within: 20ms, phases: [{ramp: at_once}, {hold: 6s}]}\n"
	for name, tt := range map[string]struct {
		server func(m *memory)
		say    string
		begins string
	}{
		"a proxy that buffers": {
			func(m *memory) { m.deliver = inBlocks(30) }, "buffered",
			"4 streams were buffered: events that were published over a second or more came at once, in blocks, up to 2.9s after the first of them",
		},
		"a proxy that buffers the headers too": {func(m *memory) {
			first := make(chan struct{})
			open := sync.OnceFunc(func() { close(first) })
			m.answer = func(int, int) int { <-first; return 200 }
			held := ""
			m.publish = func(ev *Event) error {
				held += frame(ev)
				if ev.Seq%30 != 0 {
					return nil
				}
				open()
				time.Sleep(5 * time.Millisecond)
				for _, s := range m.all() {
					s.write(held)
				}
				held = ""
				return nil
			}
			m.deliver = func(*memoryStream, *Event) (string, time.Duration) { return "", 0 }
		}, "buffered", "4 streams were buffered"},
		"headers with the first event": {func(m *memory) {
			first := make(chan struct{})
			open := sync.OnceFunc(func() { close(first) })
			m.answer = func(int, int) int { <-first; return 200 }
			m.publish = func(*Event) error { open(); time.Sleep(5 * time.Millisecond); return nil }
		}, "headers_delayed", "4 streams got no response headers until after"},
		"no worker free": {func(m *memory) {
			m.answer = func(client, _ int) int {
				if client > 1 {
					time.Sleep(2 * time.Second)
				}
				return 200
			}
		}, "opened_late", "2 streams got their response headers only after publishing had started"},
		"no worker free to the end": {func(m *memory) {
			m.answer = func(client, _ int) int {
				if client > 0 {
					time.Sleep(6300 * time.Millisecond)
				}
				return 200
			}
		}, "opened_late", "3 streams got their response headers only after publishing had started"},
		"a healthy server":                   {func(*memory) {}, "", ""},
		"one that gathers for half a second": {func(m *memory) { m.deliver = inBlocks(5) }, "", ""},
		"one that stood still once": {func(m *memory) {
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
				if ev.Seq > 20 && ev.Seq <= 45 {
					return frame(ev), time.Duration(45-ev.Seq) * 100 * time.Millisecond
				}
				return frame(ev), time.Millisecond
			}
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				tt.server(m)
				d := runMemory(t, m, load)
				for _, token := range []string{"buffered", "headers_delayed", "opened_late"} {
					if got := warning(d, token); (got != "") != (token == tt.say) || token == tt.say && !strings.HasPrefix(got, tt.begins) {
						t.Errorf("%s: %q", token, got)
					}
				}
			})
		})
	}
}

// What is lost while the headers of a first stream are awaited is not lost in the midst of a stream.
func TestLossBeforeAnAwaitedStreamIsInTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.answer = func(client, _ int) int {
			if client > 1 {
				time.Sleep(2 * time.Second)
			}
			return 200
		}
		d := runMemory(t, m, hook+"load: {connections: 4, open_within: 20ms, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		lost := *d.Metrics["deliveries.lost"].Value
		wantCounters(t, d, map[string]float64{
			"deliveries.expected": 200, "deliveries.lost_gap": lost, "deliveries.lost_midstream": 0, "deliveries.lost_tail": 0,
		})
		if lost < 36 || lost > 42 || d.Run.Failure != "" || d.Verdict.Trust != results.Trusted {
			t.Errorf("%v lost, %+v", lost, d.Run)
		}
	})
}
