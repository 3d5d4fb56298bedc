package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The rules for messages: lower case, no full stop, what is wrong before what to do; one line. The user's own words stand in
// quotes. A name that is near goes into Suggestion, nowhere else.

// Mistake is one thing that is wrong with a scenario, and where.
type Mistake struct {
	File       string // as the user named it; or the flag that said it, such as "--set load.connections=x"
	Line       int    // from 1; 0: the place is no line of a file
	Column     int    // from 1, in characters
	Message    string
	Suggestion string // the nearest valid text; empty: none
	Source     string // the line, without what is secret in it

	caret int // where the column is in Source, in characters from 1; 0: at Column
}

// Mistakes is everything that is wrong with a scenario, in the order of the file.
type Mistakes struct {
	List []Mistake
	// More counts the mistakes beyond the first 100, which the list leaves out.
	More int

	known *Redactor // what is secret
}

// Only so many mistakes are shown, and of a hopeless text only so many are looked at closely.
const (
	mostMistakes = 100
	mostLookedAt = 1000
)

// Error shows each mistake as file:line:column, the line and a caret.
func (m *Mistakes) Error() string {
	var b strings.Builder
	for i, mistake := range m.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(mistake.String())
	}
	if m.More > 0 {
		fmt.Fprintf(&b, "\nand %d more mistakes", m.More)
	}
	return b.String()
}

// String shows the mistake as file:line:column, the line and a caret, without a line end.
func (m Mistake) String() string {
	var b strings.Builder
	b.WriteString(printable(m.File))
	if m.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", m.Line, m.Column)
	}
	b.WriteString(": " + printable(m.Message))
	if m.Suggestion != "" {
		b.WriteString(didYouMean(m.Suggestion))
	}
	if line, caret, ok := m.excerpt(); ok {
		b.WriteString("\n    " + line + "\n    " + caret)
	}
	return b.String()
}

func didYouMean(suggestion string) string {
	if strings.Contains(suggestion, `"`) {
		return "; did you mean " + printable(suggestion) + "?"
	}
	return `; did you mean "` + printable(suggestion) + `"?`
}

// excerpt is the part of the line around the column, and a line with a caret under it.
func (m Mistake) excerpt() (line, caret string, ok bool) {
	if m.Line <= 0 || m.Column <= 0 || strings.TrimSpace(m.Source) == "" {
		return "", "", false
	}
	const before, most = 60, 100
	runes := []rune(m.Source)
	at := min(cmp.Or(m.caret, m.Column)-1, len(runes))
	from := 0
	if len(runes) > most && at > before {
		from = at - before
	}
	to := min(len(runes), from+most)
	line = string(runes[from:to])
	pad := []rune(line)[:at-from]
	for i, r := range pad {
		if r != '\t' {
			pad[i] = ' '
		}
	}
	caret = string(pad) + "^"
	if from > 0 {
		line, caret = "…"+line, " "+caret
	}
	if to < len(runes) {
		line += "…"
	}
	return printable(line), caret, true
}

// printable replaces what could move a terminal's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// add notes a mistake.
func (m *Mistakes) add(mistake Mistake) {
	if m.hopeless() {
		m.More++
		return
	}
	m.List = append(m.List, mistake)
}

// hopeless says that a mistake will only be counted.
func (m *Mistakes) hopeless() bool { return len(m.List) >= mostLookedAt }

// err sorts the list and gives it back as an error; nil without any.
func (m *Mistakes) err() error {
	if len(m.List) == 0 {
		return nil
	}
	slices.SortStableFunc(m.List, func(a, b Mistake) int {
		return cmp.Or(
			cmp.Compare(min(b.Line, 1), min(a.Line, 1)), // places in a file before flags
			strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	m.List = slices.CompactFunc(m.List, func(a, b Mistake) bool { return a == b })
	if len(m.List) > mostMistakes {
		m.More += len(m.List) - mostMistakes
		m.List = m.List[:mostMistakes]
	}
	for i := range m.List {
		m.List[i].redact(m.known)
	}
	return m
}

// redact masks what is secret, and keeps the caret where it points.
func (m *Mistake) redact(known *Redactor) {
	m.File, m.Message, m.Suggestion = known.Redact(m.File), known.Redact(m.Message), known.Redact(m.Suggestion)
	at := 0
	for i := range m.Source {
		if at++; at == cmp.Or(m.caret, m.Column) {
			m.Source, i = known.redactAt(m.Source, i)
			m.caret = utf8.RuneCountInString(m.Source[:i]) + 1
			return
		}
	}
	m.Source = known.Redact(m.Source)
	if m.Column > at {
		m.caret = utf8.RuneCountInString(m.Source) + 1
	}
}
