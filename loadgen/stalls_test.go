package loadgen

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// freeze has the events that are published between two instants after the first one come at the second, to the clients that it concerns.
func freeze(from, to time.Duration, concerns func(client int) bool) func(m *memory) {
	return func(m *memory) {
		begun := time.Time{}
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			if begun.IsZero() {
				begun = time.Now()
			}
			since := time.Since(begun)
			if since < from || since >= to || !concerns(s.client) {
				return frame(ev), time.Millisecond
			}
			return frame(ev), to - since + time.Duration(ev.Seq)*time.Microsecond
		}
	}
}

func everybody(int) bool { return true }

func stalled(t *testing.T, d *results.Document) time.Duration {
	t.Helper()
	v := d.Metrics["deliveries.stalled"].Value
	if v == nil {
		t.Fatal("deliveries.stalled is not in the document")
	}
	return time.Duration(*v)
}

func TestAStallIsFound(t *testing.T) {
	const load = hook + "load: {connections: 40, phases: [{ramp: at_once}, {hold: 12s}]}\n"
	for name, tt := range map[string]struct {
		scenario string
		server   func(m *memory)
		want     time.Duration
		streams  string
	}{
		"all streams":                    {load, freeze(3*time.Second, 8*time.Second, everybody), 5 * time.Second, "40 of 40 streams"},
		"all but one":                    {load, freeze(3*time.Second, 8*time.Second, func(client int) bool { return client != 7 }), 5 * time.Second, "39 of 40 streams"},
		"most of a short run":            {load, freeze(time.Second, 11*time.Second, everybody), 10 * time.Second, "40 of 40 streams"},
		"from the first event on":        {load, freeze(0, 6*time.Second, everybody), 6 * time.Second, "40 of 40 streams"},
		"two hundred events a second":    {strings.Replace(load, "10/s", "200/s", 1), freeze(3*time.Second, 8*time.Second, everybody), 5 * time.Second, "40 of 40 streams"},
		"one event in two seconds":       {strings.Replace(load, "10/s", "0.5/s", 1), freeze(4*time.Second, 9*time.Second, everybody), 5 * time.Second, "40 of 40 streams"},
		"each stream a topic of its own": {strings.Replace(load, "40,", "40, topics: 40,", 1), freezeTopics, 5 * time.Second, "of 40 streams"},
		"what was held up is dropped": {load, func(m *memory) {
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
				if ev.Seq > 30 && ev.Seq <= 80 {
					return "", 0
				}
				return frame(ev), time.Millisecond
			}
		}, 5 * time.Second, "40 of 40 streams"},
		"the hook hangs in the midst of it": {load, func(m *memory) {
			m.publish = func(ev *Event) error {
				if ev.Seq != 30 {
					return nil
				}
				for _, s := range m.all()[:20] {
					s.write(frame(ev))
				}
				time.Sleep(5 * time.Second)
				return nil
			}
		}, 5 * time.Second, "40 of 40 streams"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				tt.server(m)
				d := runMemory(t, m, tt.scenario)
				if got := stalled(t, d); got < tt.want-300*time.Millisecond || got > tt.want+100*time.Millisecond {
					t.Errorf("stalled for %s, want %s", got, tt.want)
				}
				crossed := false
				for _, r := range d.Thresholds {
					if r.Expression == "deliveries.stalled == 0" {
						crossed = r.Outcome == results.Crossed && r.Default && strings.Contains(r.Reason, tt.streams+" received none")
					}
				}
				if !crossed || d.Run.Stall.ToTheEnd {
					t.Errorf("thresholds %+v, stall %+v", d.Thresholds, d.Run.Stall)
				}
			})
		})
	}
}

// freezeTopics has each subscriber get the events of its own topic, late between the third and the eighth second.
func freezeTopics(m *memory) {
	freeze(3*time.Second, 8*time.Second, everybody)(m)
	all := m.deliver
	m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
		data, delay := all(s, ev)
		if ev.Topic != fmt.Sprintf("t%d", s.client) {
			return "", 0
		}
		return data, delay
	}
}

func TestAStallToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
			if ev.Seq > 20 {
				return "", 0
			}
			return frame(ev), time.Millisecond
		}
		d := runMemory(t, m, "drain: 3s\n"+steady)
		if got := stalled(t, d); got < 5700*time.Millisecond || got > 6200*time.Millisecond || !d.Run.Stall.ToTheEnd {
			t.Errorf("stalled for %s, %+v", got, d.Run.Stall)
		}
	})
}

// A call that hangs to the end holds up all that is due after it, where calls were answered before.
func TestACallThatHangsToTheEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		hangs  uint64
		stalls bool
	}{"after others": {20, true}, "from the first on": {1, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				d := runMemory(t, m, "drain: 3s\n"+steady, func(r *Runner) { r.Publisher = &hangingHook{m, tt.hangs} })
				if got := stalled(t, d); (got > 5500*time.Millisecond) != tt.stalls || (d.Run.Stall != nil && d.Run.Stall.ToTheEnd) != tt.stalls {
					t.Errorf("stalled for %s, %+v", got, d.Run.Stall)
				}
				tokens := ""
				for _, w := range d.Verdict.Inconclusive {
					tokens += w.Token + " "
				}
				want := map[bool]string{true: "", false: "load_not_offered nothing_measured "}[tt.stalls]
				if tokens != want || !strings.Contains(warning(d, "publish_cut_off"), "under way and unanswered when the run ended: 1, the oldest for ") {
					t.Errorf("inconclusive: %s; warnings %v", tokens, d.Warnings)
				}
			})
		})
	}
}

// hangingHook never answers the call of one event.
type hangingHook struct {
	memory *memory
	seq    uint64
}

func (h *hangingHook) Publish(ctx context.Context, ev *Event) error {
	if ev.Seq == h.seq {
		<-ctx.Done()
		return &Failure{"hook_canceled", "cut off"}
	}
	return h.memory.Publish(ctx, ev)
}

func TestAHealthyServerNeverStalls(t *testing.T) {
	for name, tt := range map[string]struct {
		scenario string
		server   func(m *memory)
	}{
		"an event in ten seconds": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 0.1/s}\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 60s}]}\n", func(*memory) {}},
		"one that everybody loses, in ten seconds": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 0.1/s}\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 120s}]}\n", func(m *memory) {
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
				if ev.Seq%2 == 0 {
					return "", 0
				}
				return frame(ev), time.Millisecond
			}
		}},
		"a hundred topics of one subscriber": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 2/s}\nload: {connections: 100, topics: 100, phases: [{ramp: at_once}, {hold: 60s}]}\n", func(m *memory) {
			m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
				if ev.Topic != fmt.Sprintf("t%d", s.client) {
					return "", 0
				}
				return frame(ev), time.Millisecond
			}
		}},
		"all of it three seconds late": {hook + "load: {connections: 10, phases: [{ramp: at_once}, {hold: 20s}]}\n", func(m *memory) {
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 3 * time.Second }
		}},
		"rare, and three seconds late": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 0.2/s}\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 60s}]}\n", func(m *memory) {
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 3 * time.Second }
		}},
		"one after the other, for ten seconds": {"drain: 20s\npublish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 0.1/s}\nload: {connections: 100, phases: [{ramp: at_once}, {hold: 60s}]}\n", func(m *memory) {
			m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
				return frame(ev), time.Duration(s.client) * 100 * time.Millisecond
			}
		}},
		"a hook of three seconds": {"drain: 60s\npublish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 1/s}\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 20s}]}\n", func(m *memory) {
			m.publish = func(*Event) error { time.Sleep(3 * time.Second); return nil }
		}},
		"a second's events at once": {hook + "load: {connections: 10, phases: [{ramp: at_once}, {hold: 20s}]}\n", func(m *memory) { m.deliver = inBlocks(10) }},
		"half of the streams are frozen": {
			hook + "load: {connections: 10, phases: [{ramp: at_once}, {hold: 12s}]}\n",
			freeze(3*time.Second, 8*time.Second, func(client int) bool { return client < 5 }),
		},
		"only in the warm-up": {
			hook + "load: {connections: 10, phases: [{ramp: at_once}, {hold: 9s, warmup: true}, {hold: 3s}]}\n",
			freeze(3*time.Second, 8*time.Second, everybody),
		},
		"it conflates, every four seconds": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 10/s, conflates: true}\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 40s}]}\n", func(m *memory) {
			m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
				if ev.Seq%40 != 0 {
					return "", 0
				}
				return frame(ev), time.Millisecond
			}
		}},
		"steps of a staircase":     {hook + "load: {phases: [{ramp: 20/s, connections: 20}, {hold: 4s}, {ramp: 20/s, connections: 200}, {hold: 4s}]}\n", func(*memory) {}},
		"everybody comes and goes": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 1/s}\nload: {connections: 20, phases: [{ramp: at_once}, {churn: {rate: 20/s, for: 20s}}]}\n", func(*memory) {}},
		"a restart that nobody planned": {hook + "load: {connections: 10, reconnect: {profile: chromium, delay: 4s}, phases: [{ramp: at_once}, {hold: 20s}]}\n", func(m *memory) {
			m.publish = func(ev *Event) error {
				if ev.Seq == 50 {
					go m.outage()
				}
				return nil
			}
		}},
		"all ended by the server": {hook + "load: {connections: 10, phases: [{ramp: at_once}, {hold: 12s}]}\n", func(m *memory) {
			m.publish = func(ev *Event) error {
				if ev.Seq == 50 {
					go m.outage()
				}
				return nil
			}
		}},
		"an outage by plan": {"publish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 1/s}\nload: {connections: 10, reconnect: {profile: chromium, delay: 4s}, phases: [{ramp: at_once}, {hold: 4s}, {outage: {cut: 100%, by: rst}}, {hold: 4s}]}\n", func(*memory) {}},
		"headers that never come for most": {"load: {connections: 40, open_within: 20ms, phases: [{ramp: at_once}, {hold: 10s}]}\n" + hook, func(m *memory) {
			m.answer = func(client, _ int) int {
				if client > 2 {
					return 0
				}
				return 200
			}
		}},
		"a hook that fails after ten seconds": {"drain: 20s\npublish: {hook: {http: {url: http://127.0.0.1:9/p}}, rate: 0.5/s, concurrent: true}\nload: {connections: 10, phases: [{ramp: at_once}, {hold: 20s}]}\n", func(m *memory) {
			m.publish = func(ev *Event) error {
				if ev.Seq%2 == 0 {
					time.Sleep(3 * time.Second)
					return &Failure{"hook_timeout", "no answer within 3s"}
				}
				return nil
			}
		}},
		"slow readers among them": {hook + "load: {connections: 40, slow_readers: 95%, phases: [{ramp: at_once}, {hold: 10s}]}\n", func(*memory) {}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				tt.server(m)
				d := runMemory(t, m, tt.scenario)
				if got := stalled(t, d); got != 0 {
					t.Errorf("stalled for %s: %s", got, d.Run.Stall)
				}
			})
		})
	}
}
