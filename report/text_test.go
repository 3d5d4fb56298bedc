package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ssebench/results"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t testing.TB, d *results.Document, o TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now (go test ./report -update writes it anew)\n%s", path, got)
	}
}

func TestTextIsAsItWas(t *testing.T) {
	golden(t, "quickstart.txt", render(t, fold(t, quickstart), TextOptions{}))
	golden(t, "troubled.txt", render(t, fold(t, troubled), TextOptions{}))
	golden(t, "observed.txt", render(t, fold(t, observed), TextOptions{}))
	golden(t, "outages.txt", render(t, fold(t, outages), TextOptions{}))
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestColourOnlyRepeats(t *testing.T) {
	for _, sample := range []func() (*results.Header, []*results.Interval){quickstart, troubled, observed, outages} {
		d := fold(t, sample)
		plain, coloured := render(t, d, TextOptions{}), render(t, d, TextOptions{Color: true})
		if strings.Contains(plain, "\x1b") {
			t.Error("a sequence in plain text")
		}
		if !strings.Contains(coloured, "\x1b[") {
			t.Error("no colour was used")
		}
		if got := escape.ReplaceAllString(coloured, ""); got != plain {
			t.Errorf("without its colour the text is not the plain one:\n%s", got)
		}
	}
}

func TestTextIsShort(t *testing.T) {
	for _, sample := range []func() (*results.Header, []*results.Interval){quickstart, troubled, observed, outages} {
		d := fold(t, sample)
		text := render(t, d, TextOptions{})
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) > 60+15*len(d.Outages) {
			t.Errorf("%d lines", len(lines))
		}
		for _, line := range lines {
			if len([]rune(line)) > 100 || strings.TrimRight(line, " ") != line {
				t.Errorf("too long, or blanks at its end: %q", line)
			}
		}
		if strings.Contains(text, "\n\n\n") {
			t.Error("two empty lines in a row")
		}
	}
}

func TestControlCharactersOfMessagesAreNotPrinted(t *testing.T) {
	d := fold(t, observed)
	d.Warnings = append(d.Warnings, results.Warning{Token: "x", Message: "the server sent \x1b[2Jthis\nand \x07that"})
	text := render(t, d, TextOptions{})
	if strings.ContainsAny(text, "\x1b\x07") || !strings.Contains(text, "! x: the server sent [2Jthis and that\n") {
		t.Errorf("printed %q", text)
	}
}

func TestEmptyDocumentHasAText(t *testing.T) {
	text := render(t, &results.Document{}, TextOptions{})
	if !strings.Contains(text, "no thresholds") || strings.Contains(text, "0 B") {
		t.Errorf("printed %q", text)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestErrorsOfTheWriterAreGiven(t *testing.T) {
	d := fold(t, observed)
	if err := Text(brokenWriter{}, d, TextOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("Text: %v", err)
	}
	if err := JSON(brokenWriter{}, d); !errors.Is(err, errBroken) {
		t.Errorf("JSON: %v", err)
	}
}
