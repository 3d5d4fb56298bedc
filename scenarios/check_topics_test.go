package scenarios

import (
	"strings"
	"testing"
)

// Several topics need subscribers that differ, in whatever they send.
func TestSeveralTopicsNeedSubscribersThatDiffer(t *testing.T) {
	const publish = "publish: {hook: {http: {url: 'http://a/p?topic={{.Topic}}'}}, rate: 1/s}\n"
	for name, tt := range map[string]struct {
		text string
		bad  bool
	}{
		"nothing differs":          {"target: {url: http://a/events}\n" + publish, true},
		"not even the login":       {"target: {url: http://a/events, headers: {A: b}, login: {url: http://a/login, body: x}}\n" + publish, true},
		"an environment without":   {"target: {url: 'http://${HOST}/events'}\n" + publish, true},
		"the URL":                  {"target: {url: 'http://a/events/{{.Topic}}'}\n" + publish, false},
		"a header":                 {"target: {url: http://a/events, headers: {X-Topic: '{{.Topic}}'}}\n" + publish, false},
		"a body":                   {"target: {url: http://a/events, method: POST, body: '{{json .Topic}}'}\n" + publish, false},
		"the client's number":      {"target: {url: 'http://a/events?room={{.Client}}'}\n" + publish, false},
		"the login":                {"target: {url: http://a/events, login: {url: 'http://a/login?as={{.Topic}}'}}\n" + publish, false},
		"a message on a WebSocket": {"target: {url: http://a/ws, transport: websocket, websocket: {subscribe: '{{.Topic}}'}}\n" + publish, false},
		"a WebSocket's silence":    {"target: {url: http://a/ws, transport: websocket}\n" + publish, true},
		"the bundled server's own": {"reference: true\npublish: {rate: 1/s}\n", false},
		"nobody publishes":         {"target: {url: http://a/events}\n", false},
	} {
		s, err := Decode(Source{Name: "x.yaml", Bytes: []byte(tt.text + "load: {connections: 8, topics: 4, hold: 1s}\n")})
		if err == nil {
			_, err = s.Plan(PlanOptions{Env: env("HOST", "a")})
		}
		if bad := err != nil && strings.Contains(err.Error(), "no subscriber says which is its own"); bad != tt.bad || err != nil && !bad {
			t.Errorf("%s: %v", name, err)
		}
	}
}
