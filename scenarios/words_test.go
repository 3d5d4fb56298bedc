package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitWords(t *testing.T) {
	for _, c := range []struct {
		text  string
		words []string
		at    int
		wrong bool
	}{
		{text: "cat", words: []string{"cat"}},
		{text: "  a\tb\nc  ", words: []string{"a", "b", "c"}},
		{text: `a 'b c' "d e"f`, words: []string{"a", "b c", "d ef"}},
		{text: `a '' ""`, words: []string{"a", "", ""}},
		{text: `a\ b \'c \\`, words: []string{"a b", "'c", `\`}},
		{text: `a "\"b\" \n \\" '\n'`, words: []string{"a", `"b" \n \`, `\n`}},
		{text: "a $HOME | b > c; *", words: []string{"a", "$HOME", "|", "b", ">", "c;", "*"}},
		{text: "é 'ü'", words: []string{"é", "ü"}},
		{text: "a 'b", at: 2, wrong: true},
		{text: `a "b\"`, at: 2, wrong: true},
		{text: `ab\`, at: 2, wrong: true},
		{text: "", wrong: true},
		{text: " \t", wrong: true},
		{text: "'' a", wrong: true},
	} {
		words, at, message := splitWords(c.text)
		if diff := cmp.Diff(c.words, words); diff != "" || at != c.at || (message != "") != c.wrong {
			t.Errorf("%q: %q at %d %s", c.text, message, at, diff)
		}
	}
}
