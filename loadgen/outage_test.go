package loadgen

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
	"ssebench/scenarios"
)

// outages is a run with a phase in the middle.
func outages(load string, phases ...string) string {
	return hook + "load:\n  connections: 40\n  " + load + "\n  phases:\n    - ramp: at_once\n    - hold: 2s\n    - " +
		strings.Join(phases, "\n    - ") + "\n    - hold: 2s\n"
}

// theOutage gives the only outage of a document.
func theOutage(t *testing.T, d *results.Document) *results.Outage {
	t.Helper()
	if d.Run.Failure != "" {
		t.Fatal(d.Run.Failure)
	}
	if len(d.Outages) != 1 {
		t.Fatalf("%d outages", len(d.Outages))
	}
	return &d.Outages[0]
}

// balance checks what must hold of every outage and of the run.
func balance(t *testing.T, d *results.Document) {
	t.Helper()
	for _, o := range d.Outages {
		if o.Dropped != o.Recovered+o.Stranded+o.Away {
			t.Errorf("%s: dropped %d is not recovered %d + stranded %d + away %d", o.Phase, o.Dropped, o.Recovered, o.Stranded, o.Away)
		}
		if n := total64(o.StrandedBy); n != o.Stranded {
			t.Errorf("%s: stranded %d, by token %v", o.Phase, o.Stranded, o.StrandedBy)
		}
		rows := o.Series.Rows
		if n := len(rows); n > 0 && *rows[n-1][1] != float64(o.Open-o.Dropped+o.Recovered) && o.Away == 0 {
			t.Errorf("%s: %v streams open at its end, want %d - %d + %d", o.Phase, *rows[n-1][1], o.Open, o.Dropped, o.Recovered)
		}
	}
	if n := total64(d.Metrics["reconnect.replays"].By); float64(n) != *d.Metrics["reconnect.count"].Value {
		t.Errorf("%d reconnections have a class, of %v", n, *d.Metrics["reconnect.count"].Value)
	}
}

func total64(by map[string]int64) (n int64) {
	for count := range maps.Values(by) {
		n += count
	}
	return n
}

// about says whether a duration in nanoseconds is want, give or take the milliseconds of a dial and the histogram's resolution.
func about(nanos *float64, want time.Duration) bool {
	return nanos != nil && *nanos >= float64(want) && *nanos < float64(want+50*time.Millisecond)
}

func TestAShareIsCutAndComesBack(t *testing.T) {
	for by, token := range map[string]string{"fin": "cut_fin", "rst": "cut_rst", "silence": "cut_silence"} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			new(archive).serve(m)
			d := runMemory(t, m, outages("reconnect: chromium", "outage: {cut: 30%, by: "+by+"}"))
			balance(t, d)
			o := theOutage(t, d)
			if o.Phase != "outage" || o.What != "30% of the streams cut by "+by || o.Open != 40 || o.Dropped != 12 || o.Recovered != 12 || o.BackNS != nil {
				t.Errorf("%+v", o)
			}
			if !about(o.RecoveredP50NS, 3*time.Second) || !about(o.RecoveredAllNS, 3*time.Second) || o.Attempts != 12 || o.MostAttempts != 12 {
				t.Errorf("p50 %v, all %v, %d attempts, most %d", *o.RecoveredP50NS, *o.RecoveredAllNS, o.Attempts, o.MostAttempts)
			}
			if !maps.Equal(o.Replays, map[string]int64{replayExact: 12}) || o.CaughtUp == nil || o.CaughtUp.Histogram.Count != 12 {
				t.Errorf("replays %v, caught up %+v", o.Replays, o.CaughtUp)
			}
			n := *d.Metrics["publish.count"].Value
			wantCounters(t, d, map[string]float64{
				"deliveries.expected": 40 * n, "deliveries.received": 40 * n, "deliveries.lost": 0, "deliveries.duplicate": 0, "deliveries.reordered": 0,
				"reconnect.count": 12, "reconnect.stranded": 0, "connections.closed_by_server": 0, "connections.cut": 12, "connections.opened": 52, "connections.failed": 0,
			})
			if by := d.Metrics["connections.cut"].By; !maps.Equal(by, map[string]int64{token: 12}) {
				t.Errorf("cut %v", by)
			}
			if got := d.Metrics["fanout.survivors"].Histogram.Count; float64(got) != 28*n {
				t.Errorf("%d receipts of survivors, of %v events", got, n)
			}
			for i, v := range []*results.Value{o.SurvivorsBefore, o.SurvivorsDuring, o.SurvivorsAfter, o.ConnectBefore, o.ConnectDuring} {
				if v == nil || v.Histogram.Count == 0 {
					t.Errorf("figure %d of the survivors and the connects is missing", i)
				}
			}
			if age := d.Metrics["stream.age"].Histogram; age != nil && age.Count > 0 {
				t.Error("the age of streams that were cut by us says something of the server")
			}
			if n := d.Metrics["reconnect.recovered_all"].Value; !about(n, 3*time.Second) {
				t.Errorf("reconnect.recovered_all %v", n)
			}
		})
	}
}

func TestAServerWithoutReplayLosesTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, newMemory(), outages("reconnect: chromium", "outage: {cut: 50%}"))
		balance(t, d)
		o := theOutage(t, d)
		lost := *d.Metrics["deliveries.lost"].Value
		if !maps.Equal(o.Replays, map[string]int64{replayNone: 20}) || lost < 20*29 || lost > 20*32 {
			t.Errorf("replays %v, lost %v", o.Replays, lost)
		}
		wantCounters(t, d, map[string]float64{"deliveries.lost_gap": lost, "deliveries.replayed": 0})
		if o.LostGap < 20*29 || float64(o.LostGap) > lost {
			t.Errorf("%d of %v lost in the outage", o.LostGap, lost)
		}
		if d.ExitCode() != 0 {
			t.Errorf("exit %d: %+v", d.ExitCode(), d.Thresholds)
		}
	})
}

// fakeServer is a server's process: while it is down, connections are refused and publishing fails.
type fakeServer struct {
	m     *memory
	down  atomic.Bool
	kills atomic.Int32
	upErr error
}

func (f *fakeServer) Sample() (results.ProcessSample, error) {
	if f.down.Load() {
		return results.ProcessSample{}, errors.New("is not running")
	}
	return results.ProcessSample{RSSBytes: 1}, nil
}

func (f *fakeServer) Exited() string { return "" }

func (f *fakeServer) Down(_ context.Context, kill bool) error {
	if kill {
		f.kills.Add(1)
	}
	f.down.Store(true)
	f.m.outage()
	return nil
}

func (f *fakeServer) Up(context.Context) error {
	f.down.Store(false)
	return f.upErr
}

func TestAKilledServerComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		server := &fakeServer{m: m}
		m.answer = func(int, int) int {
			if server.down.Load() {
				return memoryRefused
			}
			return http.StatusOK
		}
		m.publish = func(*Event) error {
			if server.down.Load() {
				return &Failure{"hook_refused", "connection refused"}
			}
			return nil
		}
		d := runMemory(t, m, outages("reconnect: chromium", "outage: {server: kill, shut: 4s}"), func(r *Runner) { r.Server = server })
		balance(t, d)
		o := theOutage(t, d)
		if server.kills.Load() != 1 || o.Dropped != 40 || o.Recovered != 40 || o.BackNS == nil || *o.BackNS < int64(4*time.Second) {
			t.Errorf("%d kills, %+v", server.kills.Load(), o)
		}
		if o.SurvivorsBefore == nil || o.SurvivorsAfter != nil {
			t.Errorf("survivors before %v, after %v, and none survived", o.SurvivorsBefore, o.SurvivorsAfter)
		}
		// After 3 s the first attempt is refused; the second comes after 6 s.
		if !about(o.RecoveredP50NS, 6*time.Second) || !maps.Equal(o.Failed, map[string]int64{"dial_refused": 40}) || o.Attempts != 80 {
			t.Errorf("p50 %v, failed %v, %d attempts", *o.RecoveredP50NS, o.Failed, o.Attempts)
		}
		if failed := *d.Metrics["publish.failed"].Value; failed < 38 || failed > 42 {
			t.Errorf("%v calls failed in 4 s", failed)
		}
		if d.ExitCode() != 0 || slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == "server_gone" }) {
			t.Errorf("exit %d, %v", d.ExitCode(), d.Warnings)
		}
	})
}

func TestAServerThatDoesNotComeBackFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		server := &fakeServer{m: m, upErr: errors.New("ended with exit status 1")}
		d := runMemory(t, m, outages("reconnect: chromium", "outage: {server: stop}"), func(r *Runner) { r.Server = server })
		if d.ExitCode() != 1 || d.Run.Failure != "phase outage: ended with exit status 1" {
			t.Errorf("exit %d, %q", d.ExitCode(), d.Run.Failure)
		}
	})
}

// fakeBreaker is the bundled server's door, and commands.
type fakeBreaker struct {
	m        *memory
	until    atomic.Pointer[time.Time]
	commands chan string
}

func (b *fakeBreaker) ShutDoor(_ context.Context, o *scenarios.OutagePlan) error {
	b.until.Store(new(time.Now().Add(o.Shut)))
	if o.Cut == 0 {
		b.m.outage()
	}
	return nil
}

func (b *fakeBreaker) Restart(_ context.Context, command []string, _ string) error {
	b.commands <- strings.Join(command, " ")
	time.Sleep(500 * time.Millisecond)
	return nil
}

func (b *fakeBreaker) status(int, int) int {
	if until := b.until.Load(); until != nil && time.Now().Before(*until) {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func TestADoorThatAnswersStrandsBrowsers(t *testing.T) {
	for profile, stranded := range map[string]int64{"chromium": 40, "library": 0} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			breaker := &fakeBreaker{m: m}
			m.answer = breaker.status
			d := runMemory(t, m, outages("reconnect: "+profile, "outage: {door: status_503, shut: 4s}"),
				func(r *Runner) { r.Breaker = breaker })
			balance(t, d)
			o := theOutage(t, d)
			if o.Stranded != stranded || o.Recovered != 40-stranded || o.StrandedBy["status_503"] != stranded || o.Failed["status_503"] < 40 {
				t.Errorf("%s: %+v", profile, o)
			}
			wantCounters(t, d, map[string]float64{"reconnect.stranded": float64(stranded)})
			recovered := d.Metrics["reconnect.recovered_p50"].Value
			if wantExit := map[bool]int{true: results.ExitCrossed, false: 0}[stranded > 0]; d.ExitCode() != wantExit || (recovered == nil) != (stranded > 0) {
				t.Errorf("%s: exit %d, recovered %v", profile, d.ExitCode(), recovered)
			}
		})
	}
}

func TestRollingCutTakesOneNodeAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		new(archive).serve(m)
		d := runMemory(t, m, outages("reconnect: chromium", "outage: {cut: 100%, rolling: {nodes: 4, at_a_time: 2, pause: 5s}}"))
		balance(t, d)
		o := theOutage(t, d)
		if o.Dropped != 40 || o.Recovered != 40 || o.MostAttempts != 20 || !about(o.RecoveredP50NS, 3*time.Second) || !about(o.RecoveredAllNS, 8*time.Second) {
			t.Errorf("%+v", o)
		}
	})
}

func TestRollingRestartRunsTheCommandOfEachNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := &fakeBreaker{commands: make(chan string, 9)}
		d := runMemory(t, newMemory(), outages("reconnect: chromium", "outage: {restart: './again n{{.Node}}', rolling: {nodes: 3}}"),
			func(r *Runner) { r.Breaker = breaker })
		o := theOutage(t, d)
		close(breaker.commands)
		if got := slices.Collect(chanValues(breaker.commands)); !slices.Equal(got, []string{"./again n1", "./again n2", "./again n3"}) {
			t.Errorf("ran %q", got)
		}
		if o.Dropped != 0 || o.RecoveredAllNS != nil || o.BackNS == nil || d.Metrics["reconnect.recovered_all"].Kind != "" {
			t.Errorf("%+v", o)
		}
	})
}

func chanValues(c <-chan string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for s := range c {
			if !yield(s) {
				return
			}
		}
	}
}

func TestAnOutageRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		new(archive).serve(m)
		d := runMemory(t, m, outages("reconnect: chromium", "outage: {cut: 10%, repeat: 3, pause: 1s}"))
		balance(t, d)
		var got []string
		for _, o := range d.Outages {
			got = append(got, o.Phase)
			if o.Dropped != 4 || o.Recovered != 4 {
				t.Errorf("%+v", o)
			}
		}
		if !slices.Equal(got, []string{"outage", "outage 2", "outage 3"}) {
			t.Errorf("outages %q", got)
		}
		wantCounters(t, d, map[string]float64{"reconnect.count": 12, "deliveries.lost": 0})
	})
}

func TestAnOutageEndsAtItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, newMemory(), outages("reconnect: {profile: chromium, delay: 1m}", "outage: {cut: 25%, until: 3s}"))
		balance(t, d)
		o := theOutage(t, d)
		if o.Away != 10 || o.Recovered != 0 || o.RecoveredP50NS != nil || o.EndNS-o.StartNS < int64(3*time.Second) {
			t.Errorf("%+v", o)
		}
		if v := d.Metrics["reconnect.recovered_p50"]; v.Value != nil {
			t.Errorf("recovered after %v", *v.Value)
		}
		wantCounters(t, d, map[string]float64{"deliveries.lost_tail": *d.Metrics["deliveries.lost"].Value, "reconnect.count": 0})
	})
}

func TestStopEndsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		time.AfterFunc(4*time.Second, func() { close(stop) })
		d := runMemory(t, newMemory(), outages("reconnect: {profile: chromium, delay: 1m}", "outage: {cut: 25%}"), func(r *Runner) { r.Stop = stop })
		if !d.Run.Partial || d.ExitCode() != results.ExitInterrupted || d.Outages[0].Away != 10 {
			t.Errorf("partial %v, exit %d, %+v", d.Run.Partial, d.ExitCode(), d.Outages)
		}
	})
}
