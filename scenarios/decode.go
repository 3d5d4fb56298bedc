package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Decode reads a scenario and the settings on top of it. Whatever is wrong with either comes back as one *Mistakes; only a text
// longer than 1 MiB is refused without being read. ${ENV} and the users file are left to Plan.
func Decode(src Source) (*Scenario, error) {
	if len(src.Bytes) > mostBytes {
		return nil, &fileError{path: src.Name, err: fmt.Errorf("is longer than %s: is it the right file?", Size(mostBytes))}
	}
	src.Bytes = bytes.TrimPrefix(src.Bytes, []byte("\xef\xbb\xbf"))
	s := newSource(src)
	src.Secrets = s.known
	mistakes := &Mistakes{known: s.known}
	if !s.parse(src.Bytes, mistakes) {
		s.known.learnText(s.lines)
		return nil, mistakes.err()
	}
	s.apply(src.Sets, mistakes)
	s.learn(src.Sets)
	if len(s.root.Content) == 0 && len(src.Sets) == 0 {
		mistakes.add(s.atRoot("the scenario is empty: it needs a target and a load at the least", ""))
		return nil, mistakes.err()
	}
	scenario := &Scenario{source: s}
	d := decoder{source: s, mistakes: mistakes}
	d.structure("", s.root, reflect.ValueOf(scenario).Elem())
	if scenario.Name == "" && s.keys["name"] == nil {
		scenario.Name = defaultName(src.Name)
	}
	check(scenario, mistakes)
	if len(mistakes.List) == 0 {
		scenario.decodeVariants(src, mistakes)
	}
	if err := mistakes.err(); err != nil {
		return nil, err
	}
	return scenario, nil
}

// parse reads the YAML into the root mapping. After a mistake in the syntax nothing else can be judged.
func (s *source) parse(text []byte, mistakes *Mistakes) bool {
	s.root = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if at, message := unreadable(text); message != "" {
		before := splitLines(string(text[:at]))
		mistakes.add(s.atLine(len(before), utf8.RuneCountInString(before[len(before)-1])+1, message, ""))
		return false
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		mistakes.add(Mistake{File: s.file, Message: err.Error()})
		return false
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return true // nothing but comments
		}
		mistakes.add(s.syntax(err))
		return false
	}
	switch err := loader.Load(&second); {
	case err == nil:
		mistakes.add(s.atLine(second.Line, second.Column, "a second document begins here: a scenario file holds one", ""))
	case !errors.Is(err, io.EOF):
		mistakes.add(s.syntax(err))
		return false
	}
	if len(first.Content) == 0 || isNull(first.Content[0]) {
		return true
	}
	root := first.Content[0]
	if root.Kind != yaml.MappingNode {
		mistakes.add(s.atNode(root, 0, "a scenario is a mapping of fields, not "+kindOf(root), ""))
		return false
	}
	s.root = root
	return true
}

// unreadable finds the first place at which a text holds what no YAML file does (YAML 1.2, section 5.1).
func unreadable(text []byte) (at int, message string) {
	for at < len(text) {
		r, width := utf8.DecodeRune(text[at:])
		switch {
		case r == utf8.RuneError && width == 1:
			return at, "the text is not UTF-8"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85, r == '\ufeff', r == '\ufffe', r == '\uffff':
			return at, fmt.Sprintf(`a YAML file holds no character %U: in a string in double quotes it is written "\u%04x"`, r, r)
		}
		at += width
	}
	return at, ""
}

// syntax turns an error of the YAML parser into a mistake.
func (s *source) syntax(err error) Mistake {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return Mistake{File: s.file, Message: "the YAML cannot be read: " + err.Error()}
	}
	mark, message := load.Mark, load.Message
	if load.ContextMsg != "" {
		message = load.ContextMsg + ": " + message
	}
	if s.blank(mark.Line) && load.ContextMsg != "" && !s.blank(load.ContextMark.Line) {
		mark = load.ContextMark // what was never closed shows only at the end of the file
	}
	for mark.Line > 1 && s.blank(mark.Line) {
		mark.Line--
		mark.Column = utf8.RuneCountInString(s.line(mark.Line)) + 1
	}
	if strings.Contains(load.Message, "cannot start any token") && strings.HasPrefix(s.line(mark.Line), "\t") {
		message = "a line is indented with a tab: YAML takes spaces only"
	}
	return s.atLine(mark.Line, mark.Column, message, "")
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "empty"
	case n.Tag == "!!str":
		return "a string"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "a number"
	case n.Tag == "!!bool":
		return "true or false"
	}
	return "a " + strings.TrimPrefix(n.Tag, "!!")
}
