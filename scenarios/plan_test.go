package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ssebench/results"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func planOf(t *testing.T, text string, opts PlanOptions) *Plan {
	t.Helper()
	s, err := Decode(Source{Name: "x.yaml", Bytes: []byte(text), Dir: "testdata/good"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var fixed = PlanOptions{Seed: 7, Start: time.Unix(1_700_000_000, 0), Env: env()}

func TestPlanOfQuickstart(t *testing.T) {
	src, err := Find("quickstart")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(src)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(fixed)
	if err != nil {
		t.Fatal(err)
	}
	want := &Plan{
		Name: "quickstart", Description: "5,000 streams on the bundled server, 10 events a second to each", Seed: 7, RunID: p.RunID,
		Reference: true, Target: Target{Transport: "sse", Method: "GET", Protocol: "http1.1"}, Clients: 5000, Shrink: true, Topics: []string{"t0"},
		Phases: []PlanPhase{
			{Name: "ramp", Kind: KindRamp, Connections: 5000, Rate: 2000, Duration: 2500 * time.Millisecond},
			{Name: "hold", Kind: KindHold, Connections: 5000, Duration: 10 * time.Second},
		},
		OpenWithin: time.Minute, Drain: 5 * time.Second, Reconnect: ReconnectPolicy{Profile: "none"}, StreamsPerConnection: 1,
		Gap:     &Gap{Event: "gap"},
		Publish: &PublishPlan{Schedule: Schedule{Constant: 10}, From: 1, Size: 100},
	}
	if diff := cmp.Diff(want, p, cmpopts.IgnoreUnexported(Plan{}), cmpopts.IgnoreFields(Plan{}, "Scenario", "Thresholds", "Defaults")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := expressions(p.Defaults); got != "connections.failed == 0 | connections.never_open == 0 | connections.closed_by_server == 0 | deliveries.lost == 0 | deliveries.stalled == 0 | deliveries.corrupt == 0 | deliveries.unexpected[\"topic\"] == 0" {
		t.Errorf("thresholds %s", got)
	}
	if _, err := p.Request(0); err == nil {
		t.Error("a request before the address is known")
	}
	for _, bad := range []string{"", "127.0.0.1:80", "http://a b/", "http://{{.X}}/"} {
		if _, err := p.WithTarget(bad); err == nil {
			t.Errorf("took the target %q", bad)
		}
	}
	with, err := p.WithTarget("http://127.0.0.1:4000/")
	if err != nil {
		t.Fatal(err)
	}
	r, err := with.Request(4999)
	if err != nil || r.Method != "GET" || r.URL != "http://127.0.0.1:4000/events?topic=t0" {
		t.Errorf("got %+v, %v", r, err)
	}
	hook := Hook{HTTP: &HTTPHook{URL: "http://127.0.0.1:4000/publish?topic={{urlquery .Topic}}", Method: "POST", Body: "{{.Payload}}"}, Timeout: Duration(10 * time.Second)}
	if diff := cmp.Diff(hook, with.Publish.Hook); diff != "" {
		t.Errorf("hook (-want +got):\n%s", diff)
	}
	if p.Publish.Hook != (Hook{}) || p.Target.URL != "" {
		t.Error("WithTarget changed the plan that it was called on")
	}
	if _, err := planOf(t, small, fixed).WithTarget("http://127.0.0.1:4000"); err == nil {
		t.Error("WithTarget on a plan with a target of its own")
	}
}

func expressions(thresholds []results.Threshold) string {
	var list []string
	for _, threshold := range thresholds {
		list = append(list, threshold.Expression)
	}
	return strings.Join(list, " | ")
}

func TestWithTargetSaysTheEvent(t *testing.T) {
	p := planOf(t, "reference: true\nload: {connections: 1, topics: [a b]}\npublish: {rate: 1/s, event: price}\n", fixed)
	p, err := p.WithTarget("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if want := "http://127.0.0.1:1/publish?topic={{urlquery .Topic}}&event={{urlquery .Event}}"; p.Publish.Hook.HTTP.URL != want {
		t.Errorf("got %s, want %s", p.Publish.Hook.HTTP.URL, want)
	}
	if r, err := p.Request(0); err != nil || r.URL != "http://127.0.0.1:1/events?topic=a+b" {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestSeedAndRunID(t *testing.T) {
	const text = "reference: true\nload: {connections: 1}\n"
	a, b := planOf(t, text, fixed), planOf(t, text, fixed)
	if a.RunID != b.RunID || len(a.RunID) != 8 || strings.Trim(a.RunID, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		t.Errorf("run IDs %q, %q", a.RunID, b.RunID)
	}
	later := fixed
	later.Start = fixed.Start.Add(1)
	if c := planOf(t, text, later); c.RunID == a.RunID || c.Seed != 7 {
		t.Errorf("another start: run ID %s, seed %d", c.RunID, c.Seed)
	}
	if own := planOf(t, "seed: 9\n"+text, fixed); own.Seed != 9 {
		t.Errorf("seed %d, want the scenario's", own.Seed)
	}
	if drawn := planOf(t, text, PlanOptions{}); drawn.Seed == 0 {
		t.Error("no seed was drawn")
	}
}

// TestScenarioInPlanIsAScenario: what a document carries can be run again, and gives the same plan.
func TestScenarioInPlanIsAScenario(t *testing.T) {
	texts := []string{small}
	for _, name := range Names() {
		text, _ := Embedded(name)
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		first := planOf(t, text, fixed)
		again := planOf(t, string(first.Scenario), fixed)
		if diff := cmp.Diff(first, again, cmpopts.IgnoreUnexported(Plan{}, OutagePlan{}), cmpopts.IgnoreFields(Plan{}, "Thresholds", "Defaults"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	}
}

func TestScenarioMadeByHand(t *testing.T) {
	s := &Scenario{
		Name: "hand", Target: &Target{URL: "http://127.0.0.1/{{.Topic}}"},
		Load:    Load{Connections: 10, Topics: Topics{"a", "b"}, Ramp: &Ramp{AtOnce: true}, Hold: Duration(time.Second)},
		Publish: &Publish{Hook: &Hook{Exec: &ExecHook{Command: Command{"cat", "a b"}}}, Rate: Schedule{Poisson: 0.5}},
	}
	p, err := s.Plan(fixed)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "hand" || p.Clients != 10 || p.Publish.Schedule.Poisson != 0.5 || p.Publish.Hook.Exec.Command[1] != "a b" {
		t.Errorf("got %+v", p)
	}
	s.Load.Hold = -1
	s.Target.URL = "127.0.0.1/{{.Topic}}"
	var mistakes *Mistakes
	if _, err := s.Plan(fixed); !errors.As(err, &mistakes) || len(mistakes.List) != 2 {
		t.Errorf("got %v, want two mistakes", err)
	}
	if _, err := (&Scenario{}).Plan(fixed); err == nil {
		t.Error("took an empty scenario")
	}
}

func TestSecretsStayOutOfTheDocument(t *testing.T) {
	opts := fixed
	opts.Env = env("TOKEN", "s3cr3t{{.Bad}}", "HOST", "127.0.0.1", "PORT", "6379", "DB", "my db")
	p := planOf(t, `
target:
  url: http://${HOST}/events?t={{urlquery .Topic}}
  headers: {Authorization: "Bearer ${TOKEN}", X: "$${TOKEN} {{printf \"${TOKEN}\"}} $TOKEN"}
  connect_to: ${HOST}:80
  start: {command: "run '${DB}' $${X}", env: {T: "${TOKEN}"}}
load: {connections: 1}
publish:
  rate: 1/s
  hook: {redis: {address: "${HOST}:${PORT}", channel: "${TOKEN}", body: "{\"k\": \"${TOKEN}\", \"d\": {{json .Payload}}}"}}
`, opts)
	r, err := p.Request(0)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL != "http://127.0.0.1/events?t=t0" || r.Header.Get("Authorization") != "Bearer s3cr3t{{.Bad}}" || r.Header.Get("X") != "${TOKEN} ${TOKEN} $TOKEN" {
		t.Errorf("got %+v", r)
	}
	if p.Target.ConnectTo != "127.0.0.1:80" || p.Publish.Hook.Redis.Address != "127.0.0.1:6379" || p.Server.Env["T"] != "s3cr3t{{.Bad}}" {
		t.Errorf("got %+v, %+v, %+v", p.Target, p.Publish.Hook.Redis, p.Server)
	}
	if diff := cmp.Diff(Command{"run", "my db", "${X}"}, p.Server.Command); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	body, wrong := parseTemplate(p.Publish.Hook.Redis.Body, eventScope)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if text, err := body.sample(eventScope); err != nil || text != `{"k": "s3cr3t{{.Bad}}", "d": "x"}` {
		t.Errorf("body %s, %v", text, err)
	}
	if strings.Contains(string(p.Scenario), "s3cr3t") || !strings.Contains(string(p.Scenario), "Bearer ${TOKEN}") {
		t.Errorf("the document would say %s", p.Scenario)
	}
	if !json.Valid(p.Scenario) {
		t.Error("not JSON")
	}
}

func TestWithClients(t *testing.T) {
	p := planOf(t, "reference: true\nload: {connections: 1000, phases: [{ramp: 100/s, connections: 500}, {hold: 1s}, {ramp: 100/s}, {hold: 1s}]}\n", fixed)
	if p.WithClients(1000) != p {
		t.Error("nothing had to change")
	}
	fewer := p.WithClients(100)
	var got []int
	for _, phase := range fewer.Phases {
		got = append(got, phase.Connections)
	}
	if diff := cmp.Diff([]int{50, 50, 100, 100}, got); diff != "" || fewer.Clients != 100 || fewer.Phases[0].Duration != 500*time.Millisecond {
		t.Errorf("%+v %s", fewer.Phases, diff)
	}
	if p.Clients != 1000 || p.Phases[0].Connections != 500 {
		t.Error("the plan itself changed")
	}
}

// Each variant is the scenario with its settings on top, those of the command line under them; what is recorded is the variant alone.
func TestVariants(t *testing.T) {
	source, err := LoadFile("testdata/good/compare.yaml")
	if err != nil {
		t.Fatal(err)
	}
	source.Sets = []Setting{{Path: "load.connections", Value: "70"}, {Path: "compare.1.set.target.poll.interval", Value: "9s"}}
	s, err := Decode(source)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, variant := range s.Variants() {
		p, err := variant.Plan(fixed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(p.Scenario), `"compare":[`) || p.Name != "compare" || p.Publish.From != 2 {
			t.Errorf("%s is recorded as %s of %s, publishing from phase %d", p.Variant, p.Scenario, p.Name, p.Publish.From)
		}
		of := ""
		if p.Target.Poll != nil {
			of = p.Target.Poll.Interval.String()
		}
		got = append(got, fmt.Sprintf("%s: %s %s × %d", variant.Variant(), p.Target.Transport, of, p.Clients))
	}
	want := []string{"sse: sse  × 70", "poll: poll 9s × 70", "no poll: websocket  × 50"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a variant brings about elsewhere is shown there, under its name, whatever the file is called.
func TestVariantMistakeElsewhere(t *testing.T) {
	_, err := Decode(Source{Name: "compare.yaml", Bytes: []byte(`reference: true
load: {connections: 10, slow_readers: 10%}
compare:
  - name: sse
  - {name: poll, set: {target.transport: poll}}
`)})
	if want := `compare.yaml:2:25: variant "poll": slow readers are for streams`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
