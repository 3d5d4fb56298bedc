package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// lines repeats a line, with its number in it, often enough for whatever grows with the square to be felt.
func lines(line string) string {
	var b strings.Builder
	for i := 0; b.Len() < mostBytes/5; i++ {
		b.WriteString(strings.ReplaceAll(line, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// TestHopelessTexts: of a long text with a mistake on every line, no more is looked at than a person reads.
func TestHopelessTexts(t *testing.T) {
	for name, text := range map[string]string{
		"unknown fields":   lines("conection#: 1\n"),
		"twice the same":   lines("name: x\n"),
		"phases":           "reference: true\nload:\n  phases:\n" + lines("    - {ramp: 1/s, connections: #, hold: x}\n"),
		"lists in lists":   strings.Repeat("[", mostBytes),
		"items in items":   strings.Repeat("- ", mostBytes/2),
		"headers":          "target:\n  url: http://a/\n  headers:\n" + lines("    X#: \"{{.A}}\"\n"),
		"actions":          "target:\n  url: \"" + lines("{{.A}}") + "\"\n",
		"open actions":     "target:\n  url: \"" + lines("{{if 1}}") + "{{\"\n",
		"variables":        "target:\n  url: \"" + lines("${") + "\"\n",
		"parentheses":      "target:\n  url: \"{{" + lines("(") + "\"\n",
		"thresholds":       "thresholds:\n" + lines("  - deliveries.lsot == 0\n"),
		"aliases":          "load:\n  phases:\n    - &p {" + strings.Repeat("x: 1, ", 2000) + "ramp: 1/s}\n" + strings.Repeat("    - *p\n", 10_000),
		"lists of aliases": "tags: &a {x: y}\nname: &b [*a,*a,*a,*a]\nseed: &c [*b,*b,*b,*b]\ntarget: &d [*c,*c,*c,*c]\nload: [*d,*d]\n",
	} {
		_, err := Decode(Source{Name: "x", Bytes: []byte(text)})
		var mistakes *Mistakes
		if !errors.As(err, &mistakes) || len(mistakes.List) > mostMistakes || len(err.Error()) > 100_000 {
			t.Errorf("%s: %d bytes: %.200v", name, len(fmt.Sprint(err)), err)
		}
	}
}

func TestMistakesBeyondTheFirstAreCounted(t *testing.T) {
	_, err := Decode(Source{Name: "x", Bytes: []byte("reference: true\nload: {connections: 1}\n" + strings.Repeat("bad: 1\n", 5000))})
	var mistakes *Mistakes
	if !errors.As(err, &mistakes) || len(mistakes.List) != 100 || mistakes.More != 4900 {
		t.Fatalf("got %.200v", err)
	}
	if !strings.HasSuffix(err.Error(), "\nand 4900 more mistakes") {
		t.Errorf("ends in %q", err.Error()[len(err.Error())-60:])
	}
}

func BenchmarkRequest(b *testing.B) {
	s, err := Decode(Source{Name: "x", Dir: "testdata/good", Bytes: []byte(`
target:
  url: http://127.0.0.1/events?t={{urlquery .Topic}}&c={{.Client}}
  users: users.csv
  headers: {Authorization: "Bearer {{.User.token}}", X: y}
  login: {url: "http://127.0.0.1/login", body: "{{json .User.name}}"}
load: {connections: 50k, topics: 100}
`)})
	if err != nil {
		b.Fatal(err)
	}
	p, err := s.Plan(PlanOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := p.Request(i % p.Clients); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAliasesAreBounded(t *testing.T) {
	text := "reference: true\nload:\n  connections: 1\n  phases:\n    - {ramp: 1/s}\n    - &h {hold: 1s, warmup: false}\n" + strings.Repeat("    - *h\n", 50_000)
	_, err := Decode(Source{Name: "x", Bytes: []byte(text)})
	var mistakes *Mistakes
	if !errors.As(err, &mistakes) || len(mistakes.List) != 1 || !strings.Contains(err.Error(), "the aliases of this file multiply it beyond 200000 values") {
		t.Errorf("got %.300v", err)
	}
}
