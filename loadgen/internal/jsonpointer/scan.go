package jsonpointer

import (
	"encoding/binary"
	"math/bits"
)

// mostNested is how deep objects and arrays may be nested, as in encoding/json.
const mostNested = 10_000

// beside is the level of values that are not on the pointer's path.
const beside = -1

// scan is one pass over a text: it checks the grammar (RFC 8259) of all of it, and follows the path
// where that leads.
type scan struct {
	text  []byte
	path  []token
	found []byte // nil: nothing yet
}

// Valid reports whether text is JSON: exactly one value, with space around it or not.
func Valid(text []byte) bool {
	s := scan{text: text}
	end := s.value(0, beside, 0)
	return end >= 0 && skipSpace(text, end) == len(text)
}

// value reads the value that begins at i or, behind space, later. It returns the index behind the
// value, or -1 where there is none. level is the number of the path's tokens that led here; depth is
// the number of objects and arrays around the value.
func (s *scan) value(i, level, depth int) int {
	i = skipSpace(s.text, i)
	if i >= len(s.text) {
		return -1
	}
	end := -1
	switch c := s.text[i]; c {
	case '"':
		end, _ = stringEnd(s.text, i+1)
	case '{':
		end = s.object(i+1, level, depth+1)
	case '[':
		end = s.array(i+1, level, depth+1)
	case 't':
		end = literalEnd(s.text, i, "true")
	case 'f':
		end = literalEnd(s.text, i, "false")
	case 'n':
		end = literalEnd(s.text, i, "null")
	default:
		end = numberEnd(s.text, i)
	}
	if level == len(s.path) && end >= 0 {
		s.found = s.text[i:end]
	}
	return end
}

// object reads what follows the opening brace. Of members with the name that is looked for the last
// counts, so each of them discards what was found before.
func (s *scan) object(i, level, depth int) int {
	if depth > mostNested {
		return -1
	}
	onPath := level >= 0 && level < len(s.path)
	if i = skipSpace(s.text, i); i < len(s.text) && s.text[i] == '}' {
		return i + 1
	}
	for i < len(s.text) && s.text[i] == '"' {
		end, escaped := stringEnd(s.text, i+1)
		if end < 0 {
			return -1
		}
		inner := beside
		if onPath && isName(s.text[i+1:end-1], escaped, s.path[level].name) {
			inner, s.found = level+1, nil
		}
		if i = skipSpace(s.text, end); i >= len(s.text) || s.text[i] != ':' {
			return -1
		}
		if i = s.value(i+1, inner, depth); i < 0 {
			return -1
		}
		if i = skipSpace(s.text, i); i >= len(s.text) {
			return -1
		}
		switch s.text[i] {
		case '}':
			return i + 1
		case ',':
			i = skipSpace(s.text, i+1)
		default:
			return -1
		}
	}
	return -1
}

// array reads what follows the opening bracket.
func (s *scan) array(i, level, depth int) int {
	if depth > mostNested {
		return -1
	}
	index := -1
	if level >= 0 && level < len(s.path) {
		index = s.path[level].index
	}
	if i = skipSpace(s.text, i); i < len(s.text) && s.text[i] == ']' {
		return i + 1
	}
	for n := 0; ; n++ {
		inner := beside
		if n == index {
			inner = level + 1
		}
		if i = s.value(i, inner, depth); i < 0 {
			return -1
		}
		if i = skipSpace(s.text, i); i >= len(s.text) {
			return -1
		}
		switch s.text[i] {
		case ']':
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

// skipSpace returns the index of the first byte from i on that is no space, or the text's length.
func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

func literalEnd(text []byte, i int, literal string) int {
	if end := i + len(literal); end <= len(text) && string(text[i:end]) == literal {
		return end
	}
	return -1
}

// numberEnd reads a number (RFC 8259, section 6).
func numberEnd(text []byte, i int) int {
	if i < len(text) && text[i] == '-' {
		i++
	}
	first := i
	if i = digitsEnd(text, i); i < 0 || text[first] == '0' && i > first+1 {
		return -1
	}
	if i < len(text) && text[i] == '.' {
		if i = digitsEnd(text, i+1); i < 0 {
			return -1
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		return digitsEnd(text, i)
	}
	return i
}

// digitsEnd returns the index behind the digits from i on, or -1 where there are none.
func digitsEnd(text []byte, i int) int {
	first := i
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	if i == first {
		return -1
	}
	return i
}

// Of each byte of a word, the lowest and the highest bit.
const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// stringEnd reads what follows an opening quote. It returns the index behind the closing one, or -1,
// and reports whether there are escapes. Bytes that are no UTF-8 pass, as in encoding/json.
func stringEnd(text []byte, i int) (end int, escaped bool) {
	for i < len(text) {
		if i+8 <= len(text) { // eight bytes at a time: does any of them have a meaning of its own?
			word := binary.LittleEndian.Uint64(text[i:])
			quote, backslash := word^low*'"', word^low*'\\'
			special := (quote-low)&^quote | (backslash-low)&^backslash | (word-low*' ')&^word
			if special &= high; special == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(special) / 8 // of the lowest one that is marked, this is exact
		}
		switch c := text[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			if i = escapeEnd(text, i+1); i < 0 {
				return -1, false
			}
			escaped = true
		case c < ' ':
			return -1, false
		default:
			i++
		}
	}
	return -1, false
}

// escapeEnd reads what follows a backslash.
func escapeEnd(text []byte, i int) int {
	if i >= len(text) {
		return -1
	}
	switch text[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if _, ok := hex4(text[i+1:]); ok {
			return i + 5
		}
	}
	return -1
}
