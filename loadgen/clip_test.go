package loadgen

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClip(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		most int
	}{
		"short":         {"it failed", 9},
		"just not long": {strings.Repeat("x", mostMessage), mostMessage},
		"long":          {"start" + strings.Repeat("x", 64<<10) + "end", mostMessage + 40},
		"of letters":    {strings.Repeat("é漢", 10_000), mostMessage + 40},
		"of no letters": {strings.Repeat("\xff\xfe", 10_000), mostMessage + 40},
	} {
		got := Clip(c.in)
		if len(got) > c.most || len(c.in) <= mostMessage && got != c.in || len(c.in) > mostMessage && !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes: %q", name, len(got), got)
		}
		if name == "long" && (!strings.HasPrefix(got, "startx") || !strings.HasSuffix(got, "xend") || !strings.Contains(got, "… 64520 bytes …")) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A secret goes before anything is cut, so that no part of it is left.
func TestNotesAreClippedOnceSecretsAreGone(t *testing.T) {
	secret := "s" + strings.Repeat("3cret", 10)
	n := notes{redact: func(s string) string { return strings.ReplaceAll(s, secret, "***") }}
	n.add("status_500", strings.Repeat("x", mostMessage/2-20)+secret+strings.Repeat("y", 64<<10), 1)
	if w := n.warnings(); len(w) != 1 || len(w[0].Message) > mostMessage+40 || strings.Contains(w[0].Message, "3cret") {
		t.Errorf("%v", w)
	}
}
