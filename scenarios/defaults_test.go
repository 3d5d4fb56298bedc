package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDefaults(t *testing.T) {
	p := planOf(t, `
target:
  url: https://push.example/events
  login: {url: "https://push.example/login"}
  start: {command: ./server}
load: {connections: 1500}
`, fixed)
	want := []PlanPhase{
		{Name: "ramp", Kind: KindRamp, Connections: 1500, Rate: 1000, Duration: 1500 * time.Millisecond},
		{Name: "hold", Kind: KindHold, Connections: 1500, Duration: 30 * time.Second},
	}
	if diff := cmp.Diff(want, p.Phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	if p.Name != "x" || !p.Target.Cookies || p.Target.Method != "GET" || p.Target.Login.Method != "POST" || p.Target.Protocol != "http1.1" {
		t.Errorf("got %s, %+v", p.Name, p.Target)
	}
	start := Start{
		Command: Command{"./server"}, Dir: "testdata/good", Env: map[string]string{},
		Ready: &Ready{TCP: "push.example:443", Timeout: Duration(30 * time.Second)}, Stop: Duration(5 * time.Second),
	}
	if diff := cmp.Diff(start, p.Server); diff != "" {
		t.Errorf("start (-want +got):\n%s", diff)
	}
	if p.Publish != nil || p.Observe == nil || expressions(p.Defaults) == "" {
		t.Errorf("publish %v, observe %v, thresholds %s", p.Publish, p.Observe, expressions(p.Defaults))
	}
}

func TestReadyAddress(t *testing.T) {
	for url, want := range map[string]string{
		"http://a/": "a:80", "http://a:81/": "a:81", "http://[::1]/": "[::1]:80", "http://a:81/\n  connect_to: 127.0.0.1:82": "127.0.0.1:82",
		"http://a/\n  tls: {insecure: true}": "",
	} {
		s, err := Decode(Source{Bytes: []byte("target:\n  start: {command: x}\n  url: " + url + "\nload: {connections: 1}\n")})
		if err != nil {
			if want != "" {
				t.Error(err)
			}
			continue
		}
		p, err := s.Plan(fixed)
		if err != nil || p.Server.Ready.TCP != want {
			t.Errorf("%s: got %v, %v, want %s", url, p, err, want)
		}
	}
}

func TestPhaseNames(t *testing.T) {
	p := planOf(t, `
reference: true
load:
  connections: 3
  phases:
    - {ramp: 1/s, connections: 1}
    - {hold: 1s}
    - {ramp: at_once, connections: 2, warmup: true}
    - {hold: 1s, name: hold 2}
    - {ramp: 1/m}
    - {hold: 1s}
    - {hold: 1s}
`, fixed)
	var got []string
	for _, phase := range p.Phases {
		got = append(got, fmt.Sprintf("%s/%s/%d/%v", phase.Name, phase.Kind, phase.Connections, phase.Duration))
	}
	want := "ramp/ramp/1/1s hold/hold/1/1s ramp 2/ramp/2/0s hold 2/hold/2/1s ramp 3/ramp/3/1m0s hold 3/hold/3/1s hold 4/hold/3/1s"
	if strings.Join(got, " ") != want || p.Clients != 3 {
		t.Errorf("got %s, %d clients, want %s", got, p.Clients, want)
	}
}

func TestPolicies(t *testing.T) {
	for text, want := range map[string]ReconnectPolicy{
		"none":                          {Profile: "none"},
		"chromium":                      {Profile: "chromium", Delay: 3 * time.Second, Min: 10 * time.Millisecond, GiveUp: true},
		"firefox":                       {Profile: "firefox", Delay: 5 * time.Second, Min: 500 * time.Millisecond, GiveUp: true},
		"safari":                        {Profile: "safari", Delay: 3 * time.Second, Min: 10 * time.Millisecond, GiveUp: true},
		"library":                       {Profile: "library", Delay: time.Second, Min: 10 * time.Millisecond, Max: 30 * time.Second, Backoff: true},
		"{profile: library, delay: 1m}": {Profile: "library", Delay: time.Minute, Min: 10 * time.Millisecond, Max: time.Minute, Backoff: true},
		"{profile: library, delay: 2s, min: 1s, max: 10s}": {Profile: "library", Delay: 2 * time.Second, Min: time.Second, Max: 10 * time.Second, Backoff: true},
		"{profile: safari, min: 100ms, post: true}":        {Profile: "safari", Delay: 3 * time.Second, Min: 100 * time.Millisecond, GiveUp: true, POST: true},
		"{profile: firefox, delay: 20ms, min: 20ms}":       {Profile: "firefox", Delay: 20 * time.Millisecond, Min: 20 * time.Millisecond, GiveUp: true},
	} {
		p := planOf(t, "reference: true\nload: {connections: 1, reconnect: "+text+"}\n", fixed)
		if diff := cmp.Diff(want, p.Reconnect); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if _, err := (Reconnect{Profile: "chrome"}).Policy(); err == nil {
		t.Error("took the profile chrome")
	}
}

func TestRampOfRatesCoversThePublishing(t *testing.T) {
	const text = "reference: true\nload: {connections: 20, phases: [{ramp: 1/s, connections: 10}, {hold: 5s}, {ramp: 1/s}, {hold: 7s}]}\npublish: {rate: {ramp: {from: 1, to: 9}}}\n"
	p := planOf(t, text, fixed)
	if got := p.Publish.Schedule.Ramp.Over; got != Duration(22*time.Second) {
		t.Errorf("got %v, want 22s", got)
	}
	if !strings.Contains(string(p.Scenario), `"rate":{"ramp":{"from":"1/s","to":"9/s"}}`) {
		t.Errorf("the scenario changed: %s", p.Scenario)
	}
}
