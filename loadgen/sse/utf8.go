package sse

import "unicode/utf8"

// AppendValidUTF8 appends b to dst as the Encoding standard's UTF-8 decoder reads it: each maximal subpart of an
// ill-formed sequence becomes one U+FFFD. Go's own conversions, one for each byte, show more of them than a browser. Call
// it where bytes of a stream are shown or exported; valid input is copied as it is.
func AppendValidUTF8(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for len(b) > 0 {
		if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
			dst = append(dst, b[:n]...)
			b = b[n:]
			continue
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		b = b[subpart(b):]
	}
	return dst
}

// subpart returns the length of the maximal subpart at the start of b, which begins with an ill-formed sequence: the
// longest start of a well-formed one (Unicode, table 3-7), at least a byte.
func subpart(b []byte) int {
	lower, upper, continuations := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		continuations = 1
	case c >= 0xE0 && c <= 0xEF:
		continuations = 2
		if c == 0xE0 {
			lower = 0xA0
		}
		if c == 0xED { // surrogates
			upper = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		continuations = 3
		if c == 0xF0 {
			lower = 0x90
		}
		if c == 0xF4 { // beyond U+10FFFF
			upper = 0x8F
		}
	}
	n := 1
	for n <= continuations && n < len(b) && b[n] >= lower && b[n] <= upper {
		lower, upper = 0x80, 0xBF
		n++
	}
	return n
}
