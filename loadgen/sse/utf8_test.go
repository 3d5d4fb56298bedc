package sse_test

import (
	"testing"

	"ssebench/loadgen/sse"
)

// decode is the Encoding standard's UTF-8 decoder with the replacement error mode: a state machine over bytes.
func decode(in []byte) string {
	var out []rune
	var codePoint rune
	needed, seen, lower, upper := 0, 0, byte(0x80), byte(0xBF)
	for i := 0; i < len(in); i++ {
		b := in[i]
		if needed == 0 {
			switch {
			case b <= 0x7F:
				out = append(out, rune(b))
			case b >= 0xC2 && b <= 0xDF:
				needed, codePoint = 1, rune(b&0x1F)
			case b >= 0xE0 && b <= 0xEF:
				if b == 0xE0 {
					lower = 0xA0
				}
				if b == 0xED {
					upper = 0x9F
				}
				needed, codePoint = 2, rune(b&0xF)
			case b >= 0xF0 && b <= 0xF4:
				if b == 0xF0 {
					lower = 0x90
				}
				if b == 0xF4 {
					upper = 0x8F
				}
				needed, codePoint = 3, rune(b&0x7)
			default:
				out = append(out, 0xFFFD)
			}
			continue
		}
		if b < lower || b > upper {
			needed, seen, lower, upper = 0, 0, 0x80, 0xBF
			out = append(out, 0xFFFD)
			i-- // the byte is read again
			continue
		}
		lower, upper = 0x80, 0xBF
		codePoint = codePoint<<6 | rune(b&0x3F)
		if seen++; seen == needed {
			out = append(out, codePoint)
			needed, seen = 0, 0
		}
	}
	if needed != 0 {
		out = append(out, 0xFFFD)
	}
	return string(out)
}

// decodings are ill-formed sequences and how many U+FFFD they make. Those of one subpart each are where Go's own
// conversion, one U+FFFD for each byte, differs.
var decodings = []struct{ name, in, want string }{
	{"valid", "a\u00E9\u20AC\U0001F600", "a\u00E9\u20AC\U0001F600"},
	{"replacement character", "\uFFFD", "\uFFFD"},
	{"lone continuation", "\x80", "\uFFFD"},
	{"two continuations", "\x80\xBF", "\uFFFD\uFFFD"},
	{"two of three bytes", "\xE2\x82", "\uFFFD"},
	{"two of three bytes, then a letter", "\xE2\x82a", "\uFFFDa"},
	{"three of four bytes", "\xF0\x9F\x98", "\uFFFD"},
	{"three of four bytes, then a character", "\xF0\x9F\x98\u00E9", "\uFFFD\u00E9"},
	{"two of four bytes twice", "\xF0\x9F\xF0\x9F", "\uFFFD\uFFFD"},
	{"first bytes only", "\xC3\xE2\xF0", "\uFFFD\uFFFD\uFFFD"},
	{"overlong of two", "\xC0\xAF", "\uFFFD\uFFFD"},
	{"overlong of three", "\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD"},
	{"overlong of four", "\xF0\x8F\xBF\xBF", "\uFFFD\uFFFD\uFFFD\uFFFD"},
	{"surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
	{"last before the surrogates, cut", "\xED\x9F", "\uFFFD"},
	{"beyond U+10FFFF", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
	{"U+10FFFF, cut", "\xF4\x8F\xBF", "\uFFFD"},
	{"bytes that never occur", "\xF5\xFE\xFF", "\uFFFD\uFFFD\uFFFD"},
	{"between valid text", "a\xFFb\xE2\x82c", "a\uFFFDb\uFFFDc"},
}

func TestAppendValidUTF8(t *testing.T) {
	for _, c := range decodings {
		if got := string(sse.AppendValidUTF8(nil, []byte(c.in))); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.in, got, c.want)
		}
		if got := decode([]byte(c.in)); got != c.want {
			t.Errorf("%s: by the standard's steps %q becomes %q, want %q", c.name, c.in, got, c.want)
		}
	}
}
