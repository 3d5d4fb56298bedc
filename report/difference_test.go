package report

import (
	"encoding/json"
	"strings"
	"testing"

	"ssebench/results"
)

func asked(name, id, variant, scenario string) *results.Document {
	return &results.Document{
		Run:      results.Run{Scenario: name, ID: id, Variant: variant},
		Scenario: json.RawMessage(scenario), Verdict: results.Verdict{Trust: results.Trusted},
	}
}

// Runs of one name are averaged only where they are repeats of one variant, and stand in the order in which they were given.
func TestWhatDiffersIsNotAveraged(t *testing.T) {
	after := asked("fanout", "zz", "", `{"seed":2,"load":{"connections":10000}}`)
	before := asked("fanout", "aa", "", `{"seed":1,"load":{"connections":5000}}`)
	for _, c := range []struct {
		documents []*results.Document
		want      string
	}{
		{[]*results.Document{after, before}, "fanout zz | fanout aa"},
		{[]*results.Document{before, after, before}, "fanout aa | fanout zz | fanout aa"},
		{[]*results.Document{asked("a", "1", "sse", `{"seed":1}`), asked("a", "2", "poll", `{"seed":1}`), asked("a", "3", "sse", `{"seed":2}`)}, "sse | poll"},
		{[]*results.Document{asked("a", "1", "sse", `{"load":{"connections":1}}`), asked("a", "2", "sse", `{"load":{"connections":2}}`)}, "sse 1 | sse 2"},
	} {
		var names []string
		for _, v := range compared(c.documents) {
			names = append(names, v.name)
		}
		if got := strings.Join(names, " | "); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	text := compareText(t, before, after)
	if want := "fanout zz does not ask for what the base fanout aa does: load.connections: 5000 and 10000"; !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{`{"seed":1,"name":"a","tags":{"x":"y"}}`, `{"seed":2,"name":"b"}`, ""},
		{`{"load":{"connections":1,"hold":"1s"}}`, `{"load":{"hold":"1s","connections":1}}`, ""},
		{`{"load":{"hold":"1s"}}`, `{"load":{"hold":"2s"}}`, `load.hold: "1s" and "2s"`},
		{`{"publish":{"rate":"1/s"}}`, `{}`, `publish: {"rate":"1/s"} and nothing`},
		{`{"load":{"phases":[{"hold":"1s"}]}}`, `{"load":{"phases":[{"hold":"1s"},{"hold":"2s"}]}}`, `load.phases: [{"hold":"1s"}] and [{"hold":"1s"},{"hold":"2s"}]`},
		{`{"load":{"phases":[{"hold":"1s"},{"hold":"2s"}]}}`, `{"load":{"phases":[{"hold":"1s"},{"hold":"3s"}]}}`, `load.phases.1.hold: "2s" and "3s"`},
		{`{"target":"a"}`, `{"target":{"url":"a"}}`, `target: "a" and {"url":"a"}`},
	} {
		if got := difference(asked("a", "1", "", c.a), asked("a", "2", "", c.b)); got != c.want {
			t.Errorf("%s and %s: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
