package scenarios

import (
	"errors"
	"strings"
	"testing"
)

// TestColumnsInQuotedText: a caret stands under the name, however the text around it is written.
func TestColumnsInQuotedText(t *testing.T) {
	for _, c := range []struct {
		body string
		line int
		mark string // where the caret must stand; empty: at the value's start
	}{
		{`plain é {{.Bad}}`, 5, ".Bad"},
		{`'it''s é {{.Bad}}'`, 5, ".Bad"},
		{`"a \" \\ \x41 \u00e9 \U0001F600 \t {{.Bad}}"`, 5, ".Bad"},
		{`&anchor {{.Bad}}`, 5, ""},
		{"|\n    first\n\n      {\"é\": {{.Bad}}}\n", 8, ".Bad"},
		{"|2\n      two more {{.Bad}}\n", 6, ".Bad"},
		{">\n    folded {{.Bad}}\n", 5, ""},
		{"\"over\n    two lines {{.Bad}}\"", 5, ""},
	} {
		text := "target:\n  url: http://127.0.0.1/\n  method: POST\n\n  body: " + c.body + "\nload: {connections: 1}\n"
		_, err := Decode(Source{Name: "x", Bytes: []byte(text)})
		var mistakes *Mistakes
		if !errors.As(err, &mistakes) || len(mistakes.List) != 1 {
			t.Errorf("%s: got %v", c.body, err)
			continue
		}
		m := mistakes.List[0]
		want := len([]rune("  body: ")) + 1
		if c.mark != "" {
			before, _, _ := strings.Cut(strings.Split(text, "\n")[c.line-1], c.mark)
			want = len([]rune(before)) + 1
		}
		if m.Line != c.line || m.Column != want {
			t.Errorf("%s: at %d:%d, want %d:%d", c.body, m.Line, m.Column, c.line, want)
		}
	}
}

// TestMistakesCannotMoveTheCursor: what a file or a flag holds reaches a terminal as text alone.
func TestMistakesCannotMoveTheCursor(t *testing.T) {
	m := Mistake{File: "a\x1b[2J\n.yaml", Line: 1, Column: 5, Message: "b\r\u202e\u2028", Suggestion: "c\x00", Source: "\tx\x1b[31m\u009b é\xff"}
	want := "a\ufffd[2J\ufffd.yaml:1:5: b\ufffd\ufffd\ufffd; did you mean \"c\ufffd\"?\n    \tx\ufffd[31m\ufffd é\ufffd\n    \t   ^"
	if got := m.String(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
