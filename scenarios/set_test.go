package scenarios

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sets(t *testing.T, texts ...string) []Setting {
	t.Helper()
	var list []Setting
	for _, text := range texts {
		setting, err := ParseSetting(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, setting)
	}
	return list
}

const small = `target:
  url: http://127.0.0.1:8080/events
  headers: {A: b}
load:
  connections: 5
  phases:
    - ramp: 5/s
    - hold: 5s
      warmup: true
    - hold: 6s
  reconnect: chromium
publish:
  hook: {http: {url: "http://127.0.0.1:8080/publish"}}
  rate: 10/s
`

// TestSettings compares a scenario with settings with one that was written so.
func TestSettings(t *testing.T) {
	change := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(small) }
	for _, c := range []struct {
		name string
		text string
		sets []string
		want string
	}{
		{"a scalar", small, []string{"load.connections=10k"}, change("connections: 5", "connections: 10k")},
		{"a new field", small, []string{"drain=3s", "name=x"}, small + "drain: 3s\nname: x\n"},
		{"new mappings on the way", small, []string{"target.tls.insecure=true", "target.url=https://a/"}, change("  headers", "  tls: {insecure: true}\n  headers", "http://127.0.0.1:8080/events", "https://a/")},
		{"an item of a list", small, []string{"load.phases.2.hold=1m"}, change("6s", "1m")},
		{"one item more", small, []string{"load.phases.3.hold=1m"}, change("hold: 6s", "hold: 6s\n    - hold: 1m")},
		{"one item more, wherever that is", small, []string{"load.phases.+.hold=1m", "load.source_addresses.+=::1", "thresholds.+=deliveries.lost == 0"}, change("hold: 6s", "hold: 6s\n    - hold: 1m\n  source_addresses: [\"::1\"]") + "thresholds: [deliveries.lost == 0]\n"},
		{"nothing more", small, []string{"load.phases.+="}, small},
		{"a header with points", small, []string{"target.headers.X.Y.Z=5"}, change("A: b", `A: b, X.Y.Z: "5"`)},
		{"an item out", small, []string{"load.phases.1="}, change("    - hold: 5s\n      warmup: true\n", "")},
		{"a header", small, []string{"target.headers.X-Key=a: b"}, change("A: b", `A: b, X-Key: "a: b"`)},
		{"a header out", small, []string{"target.headers.A="}, change("  headers: {A: b}\n", "  headers: {}\n")},
		{"the word null in a header", small, []string{"target.headers.A=null"}, change("A: b", `A: "null"`)},
		{"a field out", small, []string{"publish=null"}, small[:strings.Index(small, "publish:")]},
		{"a list as YAML", small, []string{"load.source_addresses=[127.0.0.1, 127.0.0.2]"}, change("  phases:", "  source_addresses: [127.0.0.1, 127.0.0.2]\n  phases:")},
		{"a mapping as YAML", small, []string{"publish.rate={poisson: 5/s}"}, change("rate: 10/s", "rate: {poisson: 5/s}")},
		{"text that looks like YAML", small, []string{`publish.hook.http.body={"a": {{json .Payload}}}`}, change(`publish"`, `publish", body: '{"a": {{json .Payload}}}'`)},
		{"what excludes it goes", small, []string{"reference=true", "publish.hook="}, "reference: true\n" + change(small[:strings.Index(small, "load:")], "", "  hook: {http: {url: \"http://127.0.0.1:8080/publish\"}}\n", "")},
		{"a target for the reference", "reference: true\nload: {connections: 5}\n", []string{"target.url=http://a/"}, "target: {url: http://a/}\nload: {connections: 5}\n"},
		{"observe for publish", small, []string{"observe.time=data", "observe.unit=ms"}, small[:strings.Index(small, "publish:")] + "observe: {time: data, unit: ms}\n"},
		{"ramp for hold", small, []string{"load.phases.2.ramp=1/s", "load.phases.2.connections=7", "load.connections=7", "load.phases.0.connections=5", "load.phases.1.warmup=false"}, change("connections: 5", "connections: 7", "- ramp: 5/s", "- {ramp: 5/s, connections: 5}", "- hold: 6s", "- {ramp: 1/s, connections: 7}", "warmup: true", "warmup: false")},
		{"a field of a shorthand", small, []string{"load.reconnect.delay=1s"}, change("reconnect: chromium", "reconnect: {profile: chromium, delay: 1s}")},
		{"another kind of schedule", small, []string{"publish.rate.burst.events=5", "publish.rate.burst.every=1s"}, change("rate: 10/s", "rate: {burst: {events: 5, every: 1s}}")},
		{"the only hold that counts", small, []string{"load.hold=1m"}, change("6s", "1m")},
		{"the only ramp", small, []string{"load.ramp=at_once"}, change("5/s", "at_once")},
		{"the last one wins", small, []string{"drain=3s", "drain=4s"}, small + "drain: 4s\n"},
		{"flags alone", "", []string{"target.url=http://a/{{.Topic}}", "load.connections=1k", "load.hold=10s", "publish.rate=10", "publish.hook.http.url=http://a/p"}, "target: {url: \"http://a/{{.Topic}}\"}\nload: {connections: 1k, hold: 10s}\npublish: {rate: 10/s, hook: {http: {url: http://a/p}}}\n"},
		{"flags over comments", "# nothing\n", []string{"reference=true", "load.connections=1k"}, "reference: true\nload: {connections: 1k}\n"},
		{"one of two aliases", "reference: true\nload:\n  phases:\n    - {ramp: 1/s, connections: 1}\n    - &h {hold: 1s}\n    - *h\n", []string{"load.phases.2.hold=9s"}, "reference: true\nload: {phases: [{ramp: 1/s, connections: 1}, {hold: 1s}, {hold: 9s}]}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode(Source{Name: "x.yaml", Bytes: []byte(c.text), Sets: sets(t, c.sets...)})
			if err != nil {
				t.Fatal(err)
			}
			want, err := Decode(Source{Name: "x.yaml", Bytes: []byte(c.want)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Scenario{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadSettings(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"load.conections=5", `--set load.conections=5: unknown field "conections" in load; did you mean "load.connections"?`},
		{"lod.connections=5", `--set lod.connections=5: unknown field "lod"; did you mean "load"?`},
		{"xyz=5", `--set xyz=5: unknown field "xyz": there are name, description, tags, seed, reference, target, load, publish, observe, compare, late_after, drain, thresholds`},
		{"load.connections=many", `--set load.connections=many: load.connections: "many" is no count: write 500, 1_000, 10k or 1m`},
		{"load.hold=5", `--set load.hold=5: load.phases.2.hold: "5" is a duration without a unit; did you mean "5s"?`},
		{"load.phases.7.hold=5s", `--set load.phases.7.hold=5s: load.phases.7: "7" is no place in a list of 3: they count from 0, and + adds one`},
		{"load.phases.x.hold=5s", `--set load.phases.x.hold=5s: load.phases.x: "x" is no place in a list of 3: they count from 0, and + adds one`},
		{"load.phases.-1.hold=5s", `--set load.phases.-1.hold=5s: load.phases.-1: "-1" is no place in a list of 3: they count from 0, and + adds one`},
		{"load.phases.hold=5s", `--set load.phases.hold=5s: load.phases.hold: "hold" is no place in a list of 3: they count from 0, and + adds one`},
		{"load.connections.x=5", `--set load.connections.x=5: load.connections has no fields`},
		{"target.url.x.y=5", `--set target.url.x.y=5: target.url has no fields`},
		{"drain.x=5s", `--set drain.x=5s: drain has no fields`},
		{"load..x=5", `--set load..x=5: the path "load..x" has an empty step: write it as load.connections`},
		{"target.cookies=maybe", `--set target.cookies=maybe: target.cookies is true or false, not "maybe"`},
		{"target.pid=x", `--set target.pid=x: target.pid is a whole number, not "x"`},
		{"target.method=get", `--set target.method=get: an HTTP method is written in capitals; did you mean "GET"?`},
		{"target.url=localhost", `--set target.url=localhost: "localhost" has no scheme; did you mean "http://localhost"?`},
		{"publish.rate={poisson: x}", `--set publish.rate={poisson: x}: publish.rate.poisson: "x" is no rate: write 10/s, 600/m or 1/h`},
		{"publish.rate={poisson: ", `--set publish.rate={poisson: : "{poisson: " is no YAML list or mapping`},
		{"publish.payload.template={{.X}} {{.Payload}}", `--set publish.payload.template={{.X}} {{.Payload}}: unknown variable {{.X}}: there are {{.Payload}} {{.Event}} {{.ID}} {{.Topic}} {{.Seq}}`},
		{"thresholds=[x]", `--set thresholds=[x]: unknown metric x`},
	} {
		_, err := Decode(Source{Name: "x.yaml", Bytes: []byte(small), Sets: sets(t, c.set)})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.set, err, c.want)
		}
	}
	if _, err := ParseSetting("load.connections"); err == nil {
		t.Error("took a setting without =")
	}
	if _, err := ParseSetting("=5"); err == nil {
		t.Error("took a setting without a path")
	}
}

// TestSettingsAndFileMistakes shows mistakes of both, the file's first, and the flag as the user wrote it.
func TestSettingsAndFileMistakes(t *testing.T) {
	_, err := Decode(Source{
		Name: "x.yaml", Bytes: []byte(strings.Replace(small, "  headers", "  heders", 1)),
		Sets: []Setting{{Path: "load.connections", Value: "1x", Flag: "-c 1x"}, {Path: "target.url", Value: "{{.A}}"}},
	})
	want := `x.yaml:3:3: unknown field "heders" in target; did you mean "headers"?
      heders: {A: b}
      ^
--set target.url={{.A}}: unknown variable {{.A}}: there are {{.Topic}} {{.Client}} {{.User.FIELD}}
-c 1x: load.connections: "1x" is no count: write 500, 1_000, 10k or 1m`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestFlagsAloneNeedATarget(t *testing.T) {
	_, err := Decode(Source{Sets: sets(t, "load.connections=5")})
	if want := "command line: missing reference or target"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestSettingsNeverPanic tries each step of each path as a place for something else.
func TestSettingsNeverPanic(t *testing.T) {
	for _, path := range everyPath(reflect.TypeFor[Scenario](), "") {
		path = strings.ReplaceAll(path, "[]", ".0")
		for _, tail := range []string{"", ".0", ".x", ".0.x"} {
			for _, value := range []string{"", "x", "null", "[]", "{}", "[{}]", "{a: {b: c}}", "*x", "{{"} {
				for _, text := range []string{"", small} {
					_, _ = Decode(Source{Bytes: []byte(text), Sets: []Setting{{Path: path + tail, Value: value}}})
				}
			}
		}
	}
}
