package scenarios

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// source remembers where each field of a decoded scenario stands, for mistakes that show only later.
type source struct {
	file   string
	dir    string
	lines  []string
	root   *yaml.Node
	keys   map[string]*yaml.Node // by dotted path
	values map[string]*yaml.Node
	flags  map[*yaml.Node]string // nodes that came from a setting
	meant  map[string]bool       // fields that were misspelled: one mistake is enough
	known  *Redactor             // what is secret in the scenario
}

func newSource(src Source) *source {
	s := &source{
		file: src.Name, dir: src.Dir, lines: splitLines(string(src.Bytes)),
		keys: map[string]*yaml.Node{}, values: map[string]*yaml.Node{}, flags: map[*yaml.Node]string{}, meant: map[string]bool{},
		known: src.Secrets,
	}
	if s.known == nil {
		s.known = new(Redactor)
	}
	if s.file == "" {
		s.file = "command line"
	}
	return s
}

// splitLines breaks where YAML does.
func splitLines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	return strings.Split(text, "\n")
}

// at is a mistake in the value at a path, offset bytes into its text. Where the path was never written, its nearest ancestor is
// the place.
func (s *source) at(path string, offset int, message, suggestion string) Mistake {
	if s == nil {
		return Mistake{File: "scenario", Message: path + ": " + message, Suggestion: suggestion}
	}
	if node := s.values[path]; node != nil {
		return s.atNode(node, offset, message, suggestion)
	}
	return s.atKey(path, message, suggestion)
}

// atKey is a mistake in the field at a path as a whole, or in its nearest ancestor that was written.
func (s *source) atKey(path string, message, suggestion string) Mistake {
	if s == nil {
		return s.at(path, 0, message, suggestion)
	}
	for {
		if node := s.keys[path]; node != nil {
			return s.atNode(node, 0, message, suggestion)
		}
		if node := s.values[path]; node != nil {
			return s.atNode(node, 0, message, suggestion)
		}
		dot := strings.LastIndexByte(path, '.')
		if dot < 0 {
			return s.atRoot(message, suggestion)
		}
		path = path[:dot]
	}
}

// atRoot is a mistake in the scenario as a whole.
func (s *source) atRoot(message, suggestion string) Mistake {
	if s.root == nil || s.root.Line == 0 {
		return Mistake{File: s.file, Message: message, Suggestion: suggestion}
	}
	return s.atLine(s.root.Line, s.root.Column, message, suggestion)
}

// atNode is a mistake offset bytes into the text of a node.
func (s *source) atNode(node *yaml.Node, offset int, message, suggestion string) Mistake {
	if flag, ok := s.flags[node]; ok {
		return Mistake{File: flag, Message: message, Suggestion: suggestion}
	}
	if node.Line == 0 {
		return s.atRoot(message, suggestion)
	}
	line, column := s.locate(node, offset)
	return s.atLine(line, column, message, suggestion)
}

func (s *source) atLine(line, column int, message, suggestion string) Mistake {
	return Mistake{File: s.file, Line: line, Column: column, Message: message, Suggestion: suggestion, Source: s.line(line)}
}

func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

func (s *source) blank(n int) bool { return strings.TrimSpace(s.line(n)) == "" }

// locate finds line and column of an offset in a scalar's value. What quotes, escapes and folding make hard to follow is
// answered with the scalar's start.
func (s *source) locate(node *yaml.Node, offset int) (line, column int) {
	line, column = node.Line, node.Column
	if node.Kind != yaml.ScalarNode || offset <= 0 || offset > len(node.Value) || !utf8.ValidString(node.Value[:offset]) {
		return line, column
	}
	if node.Style&yaml.LiteralStyle != 0 {
		return s.locateLiteral(node, offset)
	}
	text := []rune(s.line(node.Line))
	at := node.Column - 1
	if node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		at++
	}
	for _, want := range node.Value[:offset] {
		width := 1
		switch {
		case at >= len(text):
			return line, column
		case node.Style&yaml.DoubleQuotedStyle != 0 && text[at] == '\\' && at+1 < len(text):
			width, want = escapeWidth(text[at+1]), text[at]
		case node.Style&yaml.SingleQuotedStyle != 0 && text[at] == '\'':
			width = 2
		}
		if text[at] != want {
			return line, column
		}
		at += width
	}
	if at > len(text) {
		return line, column
	}
	return line, at + 1
}

// escapeWidth is the length of a double-quoted escape that begins with a backslash and c (YAML 1.2, 5.7).
func escapeWidth(c rune) int {
	switch c {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}

func (s *source) locateLiteral(node *yaml.Node, offset int) (line, column int) {
	lines := strings.Split(node.Value, "\n")
	before := node.Value[:offset]
	n := strings.Count(before, "\n")
	text := s.line(node.Line + 1 + n)
	if n >= len(lines) || !strings.HasSuffix(text, lines[n]) {
		return node.Line, node.Column
	}
	indent := utf8.RuneCountInString(text) - utf8.RuneCountInString(lines[n])
	return node.Line + 1 + n, indent + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// offsetOf moves an offset in an expanded text to where a name stands in the text as it was written.
func (s *source) offsetOf(path, name string, offset int) int {
	if s == nil || s.values[path] == nil {
		return offset
	}
	if at := strings.Index(s.values[path].Value, name); at >= 0 {
		return at
	}
	return 0
}
