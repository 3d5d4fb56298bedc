package jsonpointer

import (
	"bytes"
	"strconv"
	"strings"
)

// Pointer is a JSON pointer (RFC 6901). The zero value points to the whole text. Safe for use by
// many goroutines.
type Pointer struct{ tokens []token }

// token is a reference token: a member of an object or an element of an array, whichever is there.
type token struct {
	name  []byte
	index int // below zero: of no element
}

// Parse returns the pointer that is written as s. What comes before the first slash is not looked at.
func Parse(s string) *Pointer {
	p := new(Pointer)
	if s == "" {
		return p
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(s, "/"), "/") {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		index, err := strconv.Atoi(name)
		if err != nil {
			index = -1
		}
		p.tokens = append(p.tokens, token{[]byte(name), index})
	}
	return p
}

// Find returns the value that p leads to, as it is written in text, without the space around it. It
// reports false where text is not JSON or nothing is there. Where members of an object share a name,
// the last of them counts. A pointer to the whole text returns it as it is, JSON or not.
func (p *Pointer) Find(text []byte) (value []byte, ok bool) {
	if len(p.tokens) == 0 {
		return text, true
	}
	s := scan{text: text, path: p.tokens}
	if end := s.value(0, 0, 0); end < 0 || skipSpace(text, end) < len(text) {
		return nil, false
	}
	return s.found, s.found != nil
}

// Text returns what the value that p leads to says: a string without its quotes and escapes, nothing
// of null, anything else as it is written. The value is part of text or, where escapes had to be
// resolved, of grown, which is scratch with what was appended to it.
func (p *Pointer) Text(text, scratch []byte) (value, grown []byte, ok bool) {
	raw, ok := p.Find(text)
	if !ok {
		return nil, scratch, false
	}
	value = bytes.Trim(raw, " \t\r\n")
	if len(value) > 0 && value[0] == '"' {
		// Only what a pointer to the whole text found may be no JSON, and end elsewhere or nowhere.
		if end, escaped := stringEnd(value, 1); end == len(value) {
			value, grown = unquote(value[1:end-1], escaped, scratch)
			return value, grown, true
		}
	}
	if string(value) == "null" {
		return nil, scratch, true
	}
	return bytes.TrimSpace(raw), scratch, true
}

// Uint returns the value that p leads to as an unsigned decimal number, also one in a string.
func (p *Pointer) Uint(text []byte) (n uint64, ok bool) {
	var scratch [32]byte
	value, _, ok := p.Text(text, scratch[:0])
	if !ok {
		return 0, false
	}
	return Uint(value)
}
