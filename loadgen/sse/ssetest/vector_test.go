package ssetest

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	got, err := Parse(`# a remark
=== a-name
from: somewhere
last: "\x00"
limit: 8
in: "a\n"*2 + "b"
in: "c"
event*2: "t" "d"*3 "1"
comment: " x"
retry: 5
error: token
end: "7" discarded

=== another
in: ""
end: "" complete
`)
	event := Outcome{Kind: "event", Type: "t", Data: "ddd", ID: "1"}
	want := []Vector{{
		Name: "a-name", From: "somewhere", Last: "\x00", Limit: 8, In: "a\na\nbc",
		Out:   []Outcome{event, event, {Kind: "comment", Text: " x"}, {Kind: "retry", Millis: 5}},
		Error: "token", LastID: "7", Discarded: true,
	}, {Name: "another"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"in: \"\"\n":                         "1: not within",
		"=== a\n=== b\n":                     "2: no end line before b",
		"=== a\n":                            "the last vector has no end line",
		"=== a\nin: x\n":                     "2: in with 0 strings",
		"=== a\nin: \"x\" y\n":               "2: \"y\" after the strings",
		"=== a\nin: \"x\"*z\n":               "2: \"z\" is no number",
		"=== a\nevent: \"x\"\n":              "2: event with 1 strings",
		"=== a\nend: \"\" perhaps\n":         "2: end is complete or discarded",
		"=== a\nlimit: many\n":               "2: strconv",
		"=== a\nretry: soon\n":               "2: strconv",
		"=== a\nevent*x: \"\" \"\" \"\"\n":   "2: strconv",
		"=== a\nwhatever: \"x\"\n":           "2: whatever with 1 strings, not 0",
		"=== a\nin: \"unfinished\nend: \"\"": "2: invalid syntax",
	} {
		if _, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestLoadNothing(t *testing.T) {
	if _, err := Load(t.TempDir()); err == nil || !strings.HasSuffix(err.Error(), "no vectors") {
		t.Errorf("an empty directory: %v", err)
	}
}
