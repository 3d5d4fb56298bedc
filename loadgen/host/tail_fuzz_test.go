package host

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzReadyLine shows that what a command prints never grows what is kept of it, that splits do not matter, and that what is quoted is
// one line without control characters.
func FuzzReadyLine(f *testing.F) {
	f.Add([]byte("starting\nlistening on http://127.0.0.1:1\n"), uint16(12))
	f.Add([]byte(strings.Repeat("x", 200)+"\r\n\x1b[31mred\x07\n\xff\xfe"), uint16(3))
	f.Add([]byte("listening on http://\x00\n\n\n\n\n\n\n"), uint16(0))
	line := regexp.MustCompile(`listening on (?P<url>\S+)`)
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		read := func(parts ...[]byte) *tail {
			l := &tail{match: line, found: make(chan struct{})}
			for _, part := range parts {
				l.write(part)
			}
			return l
		}
		i := int(at) % (len(in) + 1)
		whole, split := read(in), read(in[:i], in[i:])
		if whole.quote() != split.quote() || whole.captured() != split.captured() {
			t.Fatalf("whole: %q, split at %d: %q", whole.quote(), i, split.quote())
		}
		if len(whole.last) > tailLines || len(whole.partial) > longestLine {
			t.Fatalf("%d lines and %d bytes are kept", len(whole.last), len(whole.partial))
		}
		if text := whole.quote(); len(text) > (tailLines+1)*(tailWidth+8)+40 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q", text)
		}
	})
}
