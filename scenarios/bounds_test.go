package scenarios

import (
	"strings"
	"testing"
	"text/template"
)

// A template cannot make more than any client reads, whatever it is made of; nor does it try.
func TestResultsOfTemplatesAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	large := strings.Repeat("x", int(mostPayload))
	times := func(n int, s string) string { return strings.Repeat(s, n) }
	for name, c := range map[string]struct {
		text, payload string
		size          int // -1: it is too long
	}{
		"the longest payload":       {`{{.}}`, large, len(large)},
		"as JSON":                   {`{{json .}}`, large, len(large) + 2},
		"as JSON, all escaped":      {`{{json .}}`, strings.ReplaceAll(large, "x", "\x01"), -1},
		"in a URL, all escaped":     {`{{urlquery .}}`, strings.ReplaceAll(large, "x", " <"), -1},
		"twice":                     {`{{.}}{{.}}`, large, 2 * len(large)},
		"three times":               {`{{.}}{{.}}{{.}}`, large, -1},
		"printed three times":       {`{{print . . .}}`, large, -1},
		"formatted":                 {`{{printf "%s-%d" . 7}}`, "a", 3},
		"formatted three times":     {`{{printf "%[1]s%[1]s%[1]s" .}}`, large, -1},
		"wide":                      {`{{printf "%1000000d" 1}}`, "", 1_000_000},
		"very wide":                 {`{{printf "` + times(50, "%1000000d") + `" 1}}`, "", -1},
		"as wide as an argument":    {`{{printf "` + times(50, "%*d") + `" 1000000 1}}`, "", -1},
		"doubled and doubled again": {`{{$a := print .}}` + times(40, `{{$a = print $a $a}}`), "xx", -1},
		"squared":                   {`{{$a := printf "%1000000d" 1}}{{$a = printf "` + times(100, "%[1]s") + `" $a}}`, "", -1},
	} {
		made, err := template.New("").Funcs(TemplateFuncs).Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		text, err := Fill(made, c.payload)
		switch {
		case c.size < 0 && (err == nil || !strings.Contains(err.Error(), "its result is longer than 32MiB")):
			t.Errorf("%s: %d bytes: %v", name, len(text), err)
		case c.size >= 0 && (err != nil || len(text) != c.size):
			t.Errorf("%s: %d bytes, want %d: %v", name, len(text), c.size, err)
		}
	}
	if got := mistakesOf("target: {url: http://127.0.0.1/, method: POST, body: '" + `{{printf "` + times(50, "%1000000d") + `" 1}}` + "'}" + loadOfOne); !strings.Contains(got, "its result is longer than 32MiB") {
		t.Errorf("validate says %q", got)
	}
}
