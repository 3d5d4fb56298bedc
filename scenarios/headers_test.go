package scenarios

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// mustPlan plans a text with settings.
func mustPlan(t *testing.T, text string, sets ...Setting) *Plan {
	t.Helper()
	s, err := Decode(Source{Name: "s.yaml", Bytes: []byte(text), Sets: sets})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(PlanOptions{Env: func(string) (string, bool) { return "from the environment", true }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// mistakesOf is what is wrong with a text; empty: nothing.
func mistakesOf(text string) string {
	if _, err := Decode(Source{Name: "s.yaml", Bytes: []byte(text)}); err != nil {
		return err.Error()
	}
	return ""
}

const loadOfOne = "\nload: {connections: 1}\n"

func TestRepeatedHeadersAreAllSent(t *testing.T) {
	file := "target:\n  url: http://127.0.0.1/\n  headers:\n    X-One: a\n    X-Two: [b, '{{.Client}}', '${E}', 4]\n" +
		"  login: {url: http://127.0.0.1/l, headers: {X-Three: [d, c]}}" + loadOfOne
	for name, c := range map[string]struct {
		sets []Setting
		want http.Header
	}{
		"of a file":      {nil, http.Header{"X-One": {"a"}, "X-Two": {"b", "0", "from the environment", "4"}}},
		"of a flag":      {[]Setting{{Path: "target.headers.X-One", Values: []string{"z", "[y]"}}}, http.Header{"X-One": {"z", "[y]"}, "X-Two": {"b", "0", "from the environment", "4"}}},
		"one of a flag":  {[]Setting{{Path: "target.headers.X-Two", Value: `{"a": 1}`}}, http.Header{"X-One": {"a"}, "X-Two": {`{"a": 1}`}}},
		"none of a flag": {[]Setting{{Path: "target.headers.X-Two", Value: ""}}, http.Header{"X-One": {"a"}}},
	} {
		p := mustPlan(t, file, c.sets...)
		r, err := p.Request(0)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.Header, c.want) || !reflect.DeepEqual(r.Login.Header, http.Header{"X-Three": {"d", "c"}}) {
			t.Errorf("%s: %v, the login's %v", name, r.Header, r.Login.Header)
		}
		var shown struct {
			Target struct{ Headers map[string]any }
		}
		if err := json.Unmarshal(p.Scenario, &shown); err != nil || name == "of a file" && shown.Target.Headers["X-One"] != "a" {
			t.Errorf("%s: the document has %s (%v)", name, p.Scenario, err)
		}
	}
}

func TestHeadersThatCannotBeSent(t *testing.T) {
	for headers, want := range map[string]string{
		"{X: []}":                 "target.headers.X is a string, not a list",
		"{X: [a, [b]]}":           "target.headers.X.1 is a string, not a list",
		"{X: [a, null]}":          "target.headers.X.1 is a string, not empty",
		"{X: {a: b}}":             "target.headers.X is a string, not a mapping",
		"{X: a, x: b}":            "give one a list of values",
		`{X: [a, "b\r\nY: c"]}`:   "a header's value has no line ends",
		"{X: [a, '{{.Nobody}}']}": "unknown variable {{.Nobody}}",
		"{X: a, X: b}":            `"X" is given twice`,
	} {
		if got := mistakesOf("target: {url: http://127.0.0.1/, headers: " + headers + "}" + loadOfOne); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", headers, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	for target, want := range map[string]string{
		"method: REPORT":                       "",
		"method: QUERY, body: q":               "",
		"method: POST":                         "",
		`method: "x-own.!#$%&'*+^_|~"`:         "",
		"method: 'GET /'":                      `"GET /" is no HTTP method`,
		"method: PÖST":                         `"PÖST" is no HTTP method`,
		"method: ''":                           "target.method is empty",
		`method: "GET\r\nX: y"`:                "is no HTTP method",
		"method: post":                         `did you mean "POST"`,
		"method: HEAD":                         "an answer to HEAD has no body",
		"method: CONNECT":                      "an answer to CONNECT has no body",
		"method: GET, body: q":                 "a body needs a method that has one",
		"body: q":                              "a body needs a method that has one",
		"method: REPORT, transport: websocket": "a WebSocket is opened by a GET",
		"login: {url: http://127.0.0.1/, method: 'a b'}": `"a b" is no HTTP method`,
	} {
		got := mistakesOf("target: {url: http://127.0.0.1/, " + target + "}" + loadOfOne)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// What no YAML file holds has a place too.
func TestCharactersThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\x00b":           "s.yaml:1:8: a YAML file holds no character U+0000",
		"\x00":                   "s.yaml:1:1: a YAML file holds no character U+0000",
		"# é\r\nname: \"a\x07\"": "s.yaml:2:9: a YAML file holds no character U+0007",
		"a: b\n\nc: \x7f":        "s.yaml:3:4: a YAML file holds no character U+007F",
		"a: \ufffe":              "s.yaml:1:4: a YAML file holds no character U+FFFE",
		"a: b\nc: \xff":          "s.yaml:2:4: the text is not UTF-8",
	} {
		if got := mistakesOf(text); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := mistakesOf("target: {url: http://127.0.0.1/, body: \"a\\0\", method: POST}" + loadOfOne); got != "" {
		t.Errorf("escaped: %s", got)
	}
}
