package report

import (
	"io"
	"slices"
	"strings"
)

// looks are the sequences that this package writes itself.
var looks = []style{bold, dim, red, green, yellow, "\x1b[0m"}

// printable replaces control characters, which a document may have from a server or from a stranger, by blanks: a terminal would obey
// them. Line ends stay, and with color the sequences that this package writes.
func printable(text string, color bool) string {
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i, r := range text {
		own := r == 0x1b && color && slices.ContainsFunc(looks, func(s style) bool { return strings.HasPrefix(text[i:], string(s)) })
		if isControl(r) && !own {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isControl(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 }

// plainWriter writes what is printable without colour.
type plainWriter struct{ io.Writer }

func (w plainWriter) Write(b []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, printable(string(b), false)); err != nil {
		return 0, err
	}
	return len(b), nil
}
