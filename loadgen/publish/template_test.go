package publish

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	f := &fields{Payload: "a\"<b>\n\u2028é", Event: "news", ID: "3-7", Topic: "a b&c", Seq: 7}
	for source, want := range map[string]string{
		"plain":                                             "plain",
		"{{.Topic}}/{{.Seq}}/{{.ID}}":                       "a b&c/7/3-7",
		"{{urlquery .Topic}}":                               "a+b%26c",
		"{{json .Payload}} {{json .Seq}}":                   `"a\"<b>\n\u2028é" 7`,
		`{"e":{{json .Event}}}`:                             `{"e":"news"}`,
		"{{with $.Topic}}{{.}}{{end}}":                      "a b&c",
		"{{if gt .Seq 5}}late{{end}}":                       "late",
		`{{define "x"}}{{.Event}}{{end}}{{template "x" .}}`: "news",
	} {
		parsed, err := parseText("body", source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, failure := parsed.render(f); failure != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, failure, want)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	for source, want := range map[string]string{
		"{{.Foo}}":                                  "uses .Foo, and events have only .Payload .Event .ID .Topic .Seq",
		"{{if gt .Seq 5}}{{.Bar}}{{end}}":           ".Bar",
		"{{if .Seq}}{{else}}{{.Bar}}{{end}}":        ".Bar",
		"{{with .Event}}{{$.Baz}}{{end}}":           "$.Baz",
		"{{range .Quux}}{{end}}":                    ".Quux",
		"{{json .Payload.Size}}":                    ".Payload.Size",
		"{{(json .Payload).Size}}":                  ".Size",
		`{{define "x"}}{{.Nope}}{{end}}`:            ".Nope",
		`{{define "x"}}{{end}}{{template "x" .No}}`: ".No",
		"{{.Payload":                                "is no template",
		"{{nosuch .Payload}}":                       `function "nosuch" not defined`,
		"{{index .Payload 1000}}":                   "cannot be filled in",
		"{{.payload}}":                              ".payload",
	} {
		_, err := parseText("body", source)
		if err == nil {
			t.Errorf("%s: no mistake", source)
			continue
		}
		wantText(t, err.Error(), "the hook's body", want)
	}
}

// A branch that only a later event takes may fail then.
func TestTemplateFailsLater(t *testing.T) {
	parsed, err := parseText("body", "{{if gt .Seq 5}}{{index .Payload 1000}}{{end}}")
	if err != nil {
		t.Fatal(err)
	}
	_, failure := parsed.render(&fields{Seq: 6})
	if failure == nil {
		t.Fatal("no failure")
	}
	wantFailure(t, failure, "hook_template", "the hook's body cannot be filled in")
}

func TestConstantTextKeepsItsBraces(t *testing.T) {
	parsed, err := parseText("body", "{} }} %d")
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := parsed.render(&sample); out != "{} }} %d" {
		t.Error(out)
	}
}

func TestClip(t *testing.T) {
	if got := clip("a\nb\x1b[31m\xff"+strings.Repeat("é", 100), 20); len(got) > 24 || strings.ContainsAny(got, "\n\x1b") {
		t.Errorf("%q", got)
	}
}
