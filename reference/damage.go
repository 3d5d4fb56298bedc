package reference

import (
	"bytes"
	"strconv"
)

// corruptLast returns a copy of an event in which the last letter or digit of
// the data is another one. Generators fill the end of the data, and letters
// and digits keep JSON around them whole. It says false where there is none.
func corruptLast(b []byte, data int) ([]byte, bool) {
	for end := len(b) - 1; end > data; {
		start := data + bytes.LastIndexByte(b[data:end-1], '\n') + 1
		for i := end - 1; i >= start+len("data: "); i-- {
			if c, ok := otherDigit(b[i]); ok {
				return replaced(b, i, c), true
			}
		}
		end = start
	}
	return nil, false
}

// corruptFirst is corruptLast at the front, where a mark is likely to start.
func corruptFirst(b []byte, data int) ([]byte, bool) {
	for start := data; start < len(b)-1; {
		n := bytes.IndexByte(b[start:], '\n')
		for i := start + len("data: "); i < start+n; i++ {
			if c, ok := otherDigit(b[i]); ok {
				return replaced(b, i, c), true
			}
		}
		start += n + 1
	}
	return nil, false
}

// invalidLast is corruptLast with a byte that no UTF-8 has.
func invalidLast(b []byte, data int) ([]byte, bool) {
	b, ok := corruptLast(b, data)
	if !ok {
		return nil, false
	}
	for i := len(b) - 1; ; i-- {
		if _, ok := otherDigit(b[i]); ok {
			b[i] = 0xff
			return b, true
		}
	}
}

func replaced(b []byte, i int, c byte) []byte {
	b = bytes.Clone(b)
	b[i] = c
	return b
}

// otherDigit returns the letter or digit after c in c's own alphabet.
func otherDigit(c byte) (byte, bool) {
	switch {
	case c == '9':
		return '0', true
	case c == 'z':
		return 'a', true
	case c == 'Z':
		return 'A', true
	case c >= '0' && c < '9', c >= 'a' && c < 'z', c >= 'A' && c < 'Z':
		return c + 1, true
	}
	return 0, false
}

// renumbered returns an event with the number as its id, and whether that is
// another one than it had.
func renumbered(b []byte, idEnd int, number uint64) ([]byte, bool) {
	line := append([]byte("id: "), strconv.FormatUint(number, 10)...)
	line = append(line, '\n')
	if bytes.Equal(line, b[:idEnd]) {
		return nil, false
	}
	return append(line, b[idEnd:]...), true
}
