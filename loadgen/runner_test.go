package loadgen

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

const hook = "publish: {hook: {http: {url: http://127.0.0.1:9/publish}}, rate: 10/s}\n"

const steady = hook + `
load:
  connections: 40
  phases: [{ramp: 100/s}, {hold: 5s}]
`

func TestSteadyRunAccountsForEveryPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 7 * time.Millisecond }
		d := runMemory(t, m, steady)
		wantCounters(t, d, map[string]float64{
			"connections.attempted": 40, "connections.opened": 40, "connections.failed": 0, "connections.abandoned": 0,
			"publish.count": 50, "publish.failed": 0,
			"deliveries.expected": 2000, "deliveries.received": 2000, "deliveries.lost": 0, "deliveries.duplicate": 0,
			"deliveries.reordered": 0, "deliveries.unexpected": 0, "deliveries.corrupt": 0, "events.received": 2000,
		})
		for name, n := range map[string]int64{
			"fanout.latency": 2000, "fanout.from_send": 2000, "fanout.first": 50, "fanout.last": 50, "fanout.spread": 50, "publish.lag": 50,
			"connect.total": 40, "connect.first_event": 40, "events.interval": 1960,
		} {
			h := d.Metrics[name].Histogram
			if h == nil || h.Count != n {
				t.Errorf("%s: %+v, want a count of %d", name, h, n)
			}
		}
		if p50 := *d.Metrics["fanout.latency"].Histogram.P50; p50 < 6.99e6 || p50 > 7.01e6 {
			t.Errorf("fanout.latency.p50 = %v, want 7 ms", p50)
		}
		if !d.Verdict.Pass || d.ExitCode() != 0 || d.Run.Partial || d.Run.Failure != "" {
			t.Errorf("verdict %+v, run %+v", d.Verdict, d.Run)
		}
	})
}

func TestFaultsAreCountedExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			one := frame(ev)
			switch {
			case s.client == 0 && ev.Seq == 3, s.client == 0 && ev.Seq == 50: // midstream, and in the tail
				return "", 0
			case s.client == 1 && ev.Seq == 4:
				return one + one, time.Millisecond
			case s.client == 2 && ev.Seq == 5: // overtaken by 6
				return one, 150 * time.Millisecond
			case s.client == 3 && ev.Seq == 6:
				return strings.Replace(one, string(ev.Payload), string(ev.Payload[:len(ev.Payload)-1])+"!", 1), time.Millisecond
			case s.client == 4 && ev.Seq == 7: // the mark itself
				return strings.Replace(one, "ssb1.", "ssb1.zz", 1), time.Millisecond
			case s.client == 5 && ev.Seq == 8:
				return one, 60 * time.Millisecond
			}
			return one, time.Millisecond
		}
		d := runMemory(t, m, "late_after: 50ms\n"+steady)
		wantCounters(t, d, map[string]float64{
			"deliveries.expected": 2000, "deliveries.received": 1997, "deliveries.lost": 3, "deliveries.lost_midstream": 2,
			"deliveries.lost_tail": 1, "deliveries.lost_gap": 0, "deliveries.duplicate": 1, "deliveries.reordered": 1,
			"deliveries.corrupt": 1, "deliveries.late": 2, "deliveries.unexpected": 0,
		})
		if c := d.Metrics["fanout.latency"].Histogram.Censored; c != 3 {
			t.Errorf("%d censored", c)
		}
		if n := d.Metrics["fanout.last"].Histogram.Count; n != 47 {
			t.Errorf("fanout.last of %d events, want 47: three were lost by somebody", n)
		}
		if d.Metrics["fanout.first"].Histogram.Count != 50 {
			t.Error("fanout.first must count every event")
		}
		if d.ExitCode() != 99 {
			t.Errorf("exit code %d: a loss crosses the default threshold", d.ExitCode())
		}
	})
}

func TestOutageIsAttributedToTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 21 {
				go m.outage()
			}
			return nil
		}
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 0 }
		d := runMemory(t, m, hook+"load: {connections: 10, reconnect: {profile: chromium, delay: 1s}, phases: [{ramp: at_once}, {hold: 5s}]}\n")
		value := func(name string) float64 { return *d.Metrics[name].Value }
		wantCounters(t, d, map[string]float64{
			"connections.attempted": 20, "connections.opened": 20, "connections.closed_by_server": 10, "reconnect.count": 10,
			"deliveries.expected": 500, "deliveries.lost_midstream": 0, "deliveries.lost_tail": 0,
		})
		if value("deliveries.lost_gap") != value("deliveries.lost") || value("deliveries.lost") < 90 || value("deliveries.lost") > 120 {
			t.Errorf("lost %v, of them in the gap %v: an outage of 1 s at 10 events/s", value("deliveries.lost"), value("deliveries.lost_gap"))
		}
		if h := d.Metrics["reconnect.delay_error"].Histogram; h == nil || h.Count != 10 || h.Max > 1e6 {
			t.Errorf("reconnect.delay_error %+v", h)
		}
		if by := d.Metrics["connections.closed_by_server"].By; by["reset"] != 10 {
			t.Errorf("closed by %v", by)
		}
	})
}

func TestHeadersThatComeWithTheFirstEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		first := make(chan struct{})
		m.answer = func(int, int) int { <-first; return 200 }
		m.publish = func(ev *Event) error {
			if ev.Seq == 1 {
				close(first)
				time.Sleep(5 * time.Millisecond) // the answer is under way before the event
			}
			return nil
		}
		d := runMemory(t, m, "load: {connections: 4, open_within: 2s, phases: [{ramp: at_once}, {hold: 2s}]}\n"+hook)
		wantCounters(t, d, map[string]float64{"deliveries.expected": 80, "deliveries.received": 80, "deliveries.lost": 0})
		if !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool {
			return w.Token == "headers_delayed" && strings.Contains(w.Message, "4 streams")
		}) {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}

func TestStreamsThatNeverOpen(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  func(client, opening int) int
		failure string
		code    int
		want    map[string]float64
	}{
		{
			"all refused", func(int, int) int { return 503 }, "no stream opened: 40 attempts ended with status_503", 1,
			map[string]float64{"connections.failed": 40, "connections.opened": 0, "publish.count": 0},
		},
		{
			"all pending", func(int, int) int { return 0 }, "no stream opened: 40 connections were accepted and their requests sent, and no response header came", 1,
			map[string]float64{"connections.abandoned": 40, "connections.opened": 0, "deliveries.lost": 2000},
		},
		{
			"one refused", func(c, _ int) int {
				if c == 7 {
					return 404
				}
				return 200
			}, "", 99,
			map[string]float64{"connections.failed": 1, "connections.opened": 39, "deliveries.expected": 1950, "deliveries.lost": 0},
		},
		{
			"one pending for good is a subscriber that got nothing", func(c, _ int) int {
				if c == 7 {
					return 0
				}
				return 200
			}, "", 99,
			map[string]float64{
				"connections.abandoned": 1, "connections.opened": 39, "deliveries.expected": 2000, "deliveries.lost": 50, "deliveries.lost_tail": 50,
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.answer = tt.status
				d := runMemory(t, m, steady)
				wantCounters(t, d, tt.want)
				if !strings.HasPrefix(d.Run.Failure, tt.failure) || (tt.failure == "") != (d.Run.Failure == "") || d.ExitCode() != tt.code {
					t.Errorf("failure %q, exit code %d; want %q and %d", d.Run.Failure, d.ExitCode(), tt.failure, tt.code)
				}
			})
		})
	}
}

func TestWarmupIsLeftOutAndPhasesFollowTheDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) { return frame(ev), 250 * time.Millisecond }
		d := runMemory(t, m, hook+"load: {connections: 2, phases: [{ramp: at_once}, {hold: 1s, name: warm, warmup: true}, {hold: 2s, name: measure}]}\n")
		wantCounters(t, d, map[string]float64{"publish.count": 20, "deliveries.expected": 40, "deliveries.received": 40})
		for _, p := range d.Phases {
			want := map[string]float64{"warm": 20, "measure": 40}[p.Name]
			if got := p.Metrics["deliveries.received"].Value; want > 0 && (got == nil || *got != want) {
				t.Errorf("phase %s: received %v, want %v", p.Name, got, want)
			}
		}
	})
}

func TestObservedServerThatHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		go func() {
			time.Sleep(time.Second)
			var held strings.Builder
			for range 5 {
				held.WriteString("data: " + time.Now().Format(time.RFC3339Nano) + "\n\n")
				time.Sleep(time.Second)
			}
			for _, s := range m.all() {
				s.write(held.String())
			}
		}()
		d := runMemory(t, m, "observe: {time: data, unit: rfc3339}\nload: {connections: 3, phases: [{ramp: at_once}, {hold: 10s}]}\n")
		if h := d.Metrics["observed.latency"].Histogram; h == nil || h.Count != 15 || h.Max < 4.9e9 {
			t.Errorf("observed.latency %+v", h)
		}
		if _, ok := d.Metrics["deliveries.expected"]; ok {
			t.Error("an observed run without a sequence has no deliveries")
		}
		if !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == "buffered" }) {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}
