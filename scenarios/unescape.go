package scenarios

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is a way to write characters as others. undo gives what a text stands for that begins with start, and how many bytes it takes; 0: it
// is no escape.
type escape struct {
	start byte
	undo  func(text string) (plain string, length int)
}

// escapes are those of URLs, of forms, of JSON and Go, and of HTML.
var escapes = []escape{
	{'%', unescapePercent},
	{'+', func(text string) (string, int) {
		if text[0] == '+' {
			return " ", 1
		}
		return unescapePercent(text)
	}},
	{'\\', unescapeBackslash},
	{'&', unescapeEntity},
}

// unescape undoes one layer of escapes. places says for each byte of the result, and for its end, where it comes from.
func unescape(text string, e escape) (plain string, places []int) {
	var b strings.Builder
	places = make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		made, length := "", 0
		if text[i] == e.start || e.start == '+' && text[i] == '%' {
			made, length = e.undo(text[i:])
		}
		if length == 0 {
			made, length = text[i:i+1], 1
		}
		for range len(made) {
			places = append(places, i)
		}
		b.WriteString(made)
		i += length
	}
	return b.String(), append(places, len(text))
}

func unescapePercent(text string) (string, int) {
	if len(text) < 3 {
		return "", 0
	}
	n, err := strconv.ParseUint(text[1:3], 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(n)}), 3
}

func unescapeBackslash(text string) (string, int) {
	if len(text) < 2 {
		return "", 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[1]]
	switch {
	case digits == 0:
		if i := strings.IndexByte("nrtbfav", text[1]); i >= 0 {
			return "\n\r\t\b\f\a\v"[i : i+1], 2
		}
		return text[1:2], 2 // itself
	case len(text) < 2+digits:
		return "", 0
	}
	n, err := strconv.ParseUint(text[2:2+digits], 16, 32)
	switch {
	case err != nil:
		return "", 0
	case digits == 2:
		return string([]byte{byte(n)}), 4
	case utf16.IsSurrogate(rune(n)) && strings.HasPrefix(text[6:], `\u`) && len(text) >= 12:
		if low, err := strconv.ParseUint(text[8:12], 16, 32); err == nil {
			if r := utf16.DecodeRune(rune(n), rune(low)); r != utf8.RuneError {
				return string(r), 12
			}
		}
	}
	return string(rune(n)), 2 + digits
}

// longestEntity is the length of the longest name of an HTML entity that stands for one of ASCII's characters, "&NewLine;" and longer numbers.
const longestEntity = 12

func unescapeEntity(text string) (string, int) {
	end := strings.IndexByte(text[:min(len(text), longestEntity)], ';')
	if end < 0 {
		return "", 0
	}
	entity := text[:end+1]
	if plain := html.UnescapeString(entity); plain != entity {
		return plain, end + 1
	}
	return "", 0
}
