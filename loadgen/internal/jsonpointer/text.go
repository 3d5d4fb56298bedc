package jsonpointer

import (
	"bytes"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote returns what is between the quotes of a string without its escapes, as encoding/json does:
// bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD. A value that differs from
// quoted is appended to scratch, which is returned as grown.
func unquote(quoted []byte, escaped bool, scratch []byte) (value, grown []byte) {
	if !escaped && utf8.Valid(quoted) {
		return quoted, scratch
	}
	first := len(scratch)
	for len(quoted) > 0 {
		if n := plainStart(quoted); n > 0 {
			scratch, quoted = append(scratch, quoted[:n]...), quoted[n:]
			continue
		}
		r, size := nextRune(quoted)
		scratch, quoted = utf8.AppendRune(scratch, r), quoted[size:]
	}
	return scratch[first:], scratch
}

// isName reports whether a member's name, as it is between its quotes, is the one that is looked for.
func isName(quoted []byte, escaped bool, name []byte) bool {
	if !escaped && utf8.Valid(quoted) {
		return bytes.Equal(quoted, name)
	}
	var buf [utf8.UTFMax]byte
	for len(quoted) > 0 {
		r, size := nextRune(quoted)
		rest, same := bytes.CutPrefix(name, utf8.AppendRune(buf[:0], r))
		if !same {
			return false
		}
		quoted, name = quoted[size:], rest
	}
	return len(name) == 0
}

// plainStart returns how many bytes at the start of a string are ASCII and no escape.
func plainStart(quoted []byte) int {
	for i, c := range quoted {
		if c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(quoted)
}

// nextRune returns the first rune of a string whose escapes are known to be good, and its size there.
func nextRune(quoted []byte) (r rune, size int) {
	if quoted[0] != '\\' {
		return utf8.DecodeRune(quoted)
	}
	switch c := quoted[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, _ = hex4(quoted[2:])
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(quoted) >= 12 && quoted[6] == '\\' && quoted[7] == 'u' {
			second, _ := hex4(quoted[8:])
			if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	default:
		return rune(c), 2
	}
}

// hex4 returns the number that the first four bytes are in hexadecimal.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case (c|0x20)-'a' <= 5:
			c = (c | 0x20) - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// Uint returns the number that text is, written in decimal digits and nothing else.
func Uint(text []byte) (n uint64, ok bool) {
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 || n > math.MaxUint64/10 || n*10 > math.MaxUint64-d {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(text) > 0
}
