package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPlanOfOutages(t *testing.T) {
	p := planOf(t, `
reference: true
load:
  connections: 1k
  phases:
    - ramp: at_once
    - {churn: {share: 20%, for: 10s, by: rst}}
    - {churn: {rate: 600/m, for: 4s}}
    - outage: {cut: 30%, door: status_503, retry_after: 2s}
    - {name: roll, outage: {restart: "./again n{{.Node}}", rolling: {nodes: 4, at_a_time: 2}, repeat: 3}}
    - {hold: 1s, name: pause}
    - outage: {server: kill}
`, fixed)
	ignore := cmpopts.IgnoreUnexported(OutagePlan{})
	const dir = "testdata/good"
	want := []PlanPhase{
		{Name: "ramp", Kind: KindRamp, Connections: 1000},
		{Name: "churn", Kind: KindChurn, Connections: 1000, Duration: 10 * time.Second, Churn: &ChurnPlan{Rate: 20, By: "rst"}},
		{Name: "churn 2", Kind: KindChurn, Connections: 1000, Duration: 4 * time.Second, Churn: &ChurnPlan{Rate: 10, By: "fin"}},
		{Name: "outage", Kind: KindOutage, Connections: 1000, Outage: &OutagePlan{
			Cut: 0.3, By: "fin", Door: "status_503", Shut: 2 * time.Second, RetryAfter: 2 * time.Second, Until: time.Minute, Nodes: 1, AtATime: 1, Dir: dir,
		}},
	}
	rolling := &OutagePlan{Until: time.Minute, Nodes: 4, AtATime: 2, Dir: dir}
	for i, name := range []string{"roll", "pause 2", "roll 2", "pause 3", "roll 3"} {
		next := PlanPhase{Name: name, Kind: KindOutage, Connections: 1000, Outage: rolling}
		if i%2 == 1 {
			next = PlanPhase{Name: name, Kind: KindHold, Connections: 1000, Duration: 5 * time.Second}
		}
		want = append(want, next)
	}
	want = append(want, PlanPhase{Name: "pause", Kind: KindHold, Connections: 1000, Duration: time.Second},
		PlanPhase{Name: "outage 2", Kind: KindOutage, Connections: 1000, Outage: &OutagePlan{Server: "kill", Until: time.Minute, Nodes: 1, AtATime: 1, Dir: dir}})
	if diff := cmp.Diff(want, p.Phases, ignore); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	var said []string
	for _, phase := range p.Phases {
		if phase.Outage != nil {
			said = append(said, phase.Outage.String())
		}
	}
	const words = "30% of the streams cut by fin; door status_503 for 2s, Retry-After 2s | the server restarted by a command; 2 of 4 nodes at a time | "
	if got := strings.Join(said, " | "); !strings.HasPrefix(got, words) || !strings.HasSuffix(got, " | the server killed (SIGKILL)") {
		t.Errorf("said %s", got)
	}
	if o := p.Phases[3].Outage; o.Restarts() {
		t.Error("an outage without a command restarts")
	}
	if words, err := p.Phases[4].Outage.RestartCommand(3); err != nil || strings.Join(words, "|") != "./again|n3" {
		t.Errorf("got %q, %v", words, err)
	}
	recorder := &FlightRecorder{Streams: 20, Size: 16 << 10}
	if p.Reconnect.Profile != "chromium" || !cmp.Equal(p.FlightRecorder, recorder) || p.SlowReaders != (SlowReaders{}) || *p.Gap != (Gap{Event: "gap"}) {
		t.Errorf("got %+v, %+v, %+v, %+v", p.Reconnect, p.FlightRecorder, p.SlowReaders, p.Gap)
	}
}

func TestSettingsReplaceWhatIsBroken(t *testing.T) {
	const text = "target: {url: 'http://127.0.0.1/', start: {command: x}}\nload: {connections: 1, phases: [{ramp: 1/s}, {outage: {cut: 5%}}]}\n"
	for set, want := range map[string]string{
		"load.phases.1.outage.server=kill":       "0% kill []",
		"load.phases.1.outage.cut=50%":           "50%  []",
		"load.phases.1.outage.restart=./again 1": "0%  [./again 1]",
	} {
		path, value, _ := strings.Cut(set, "=")
		s, err := Decode(Source{Bytes: []byte(text), Sets: []Setting{{Path: path, Value: value}}})
		if err != nil {
			t.Error(err)
			continue
		}
		o := s.Load.Phases[1].Outage
		if got := fmt.Sprintf("%v %s %v", o.Cut, o.Server, o.Restart); got != want {
			t.Errorf("--set %s: got %s, want %s", set, got, want)
		}
	}
}

func TestSilentStreamsKeepTheirSockets(t *testing.T) {
	p := planOf(t, `
reference: true
load:
  connections: 1k
  phases:
    - ramp: at_once
    - churn: {rate: 20/s, for: 10s, by: silence}
    - churn: {rate: 20/s, for: 10s}
    - outage: {cut: 30%, by: silence, repeat: 2}
    - outage: {cut: 30%, by: rst}
`, fixed)
	if n := p.Sockets(); n != 1000+200+2*300 {
		t.Errorf("%d sockets", n)
	}
	if n := planOf(t, small, fixed).Sockets(); n != planOf(t, small, fixed).Clients {
		t.Errorf("%d sockets where nothing falls silent", n)
	}
}
