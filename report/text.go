package report

// What a person reads first stands first: what was asked of the server and whether it held, then how far the figures can be
// trusted, then the figures. A line says one thing. Names are those of the catalogue, so that what is read here can be written
// into a threshold. Nothing that is zero and unremarkable takes a line of its own. Colour only repeats what a sign or a word
// says.

import (
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"ssebench/results"
)

// TextOptions choose the looks of Text. The zero value is plain text of 100 columns.
type TextOptions struct {
	Color bool // colour by ANSI sequences; the caller looks at the terminal and at NO_COLOR
	Width int  // where messages wrap, in columns; tables keep their own width
}

// Text writes the document for a person to read.
func Text(w io.Writer, d *results.Document, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	p := &page{options: o, d: d}
	for _, part := range []func() error{p.title, p.thresholds, p.verdict, p.warnings, p.sections, p.bytes, p.outages, p.failures, p.footer} {
		if err := part(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, printable(p.out.String(), o.Color))
	return err
}

// page collects the lines of a text.
type page struct {
	options TextOptions
	d       *results.Document
	out     strings.Builder
}

// style is an ANSI sequence that sets a look.
type style string

const (
	plain  style = ""
	bold   style = "\x1b[1m"
	dim    style = "\x1b[2m"
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
)

func (p *page) paint(s style, text string) string {
	if !p.options.Color || s == plain || text == "" {
		return text
	}
	return string(s) + text + "\x1b[0m"
}

func (p *page) line(s style, text string) {
	p.out.WriteString(p.paint(s, text))
	p.out.WriteByte('\n')
}

// gap separates parts by one empty line, however many of them are left out.
func (p *page) gap() {
	if text := p.out.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		p.out.WriteByte('\n')
	}
}

// marked writes a message behind a mark, and its further lines indented.
func (p *page) marked(s style, mark, message string, indent int) {
	// The mark is a word of the first line, so that this wraps where it should.
	for n, line := range wrap(strings.TrimLeft(mark, " ")+" "+message, p.options.Width-indent) {
		if n > 0 {
			p.line(plain, strings.Repeat(" ", indent)+line)
			continue
		}
		sign := strings.TrimLeft(mark, " ")
		p.out.WriteString(mark[:len(mark)-len(sign)] + p.paint(s, sign))
		p.line(plain, strings.TrimPrefix(line, sign))
	}
}

// wrap breaks a message at blanks into lines of at most so many columns. A longer word has a line of its own. Control
// characters of what a server sent become blanks.
func wrap(message string, width int) []string {
	return join(strings.FieldsFunc(message, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ", width)
}

// join puts as many parts on a line as fit into so many columns.
func join(parts []string, separator string, width int) []string {
	lines := []string{""}
	for _, part := range parts {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = part
		case twwidth.Width(*last)+twwidth.Width(separator)+twwidth.Width(part) > width:
			lines = append(lines, part)
		default:
			*last += separator + part
		}
	}
	return lines
}
