package host

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
)

const (
	tailLines   = 5        // that messages show
	tailWidth   = 200      // bytes of each
	longestLine = 64 << 10 // what is over it is cut off before it is matched
)

// tail keeps the last lines of a command's output and looks for the line that says that it is ready.
type tail struct {
	match *regexp.Regexp // nil: nothing is looked for
	found chan struct{}  // closed when a line matched

	mu      sync.Mutex
	last    []string
	partial []byte
	groups  []string // of the first match
}

// copy reads until the output ends or is closed. A writer that fails gets nothing more, and the command goes on.
func (t *tail) copy(r io.Reader, output io.Writer) {
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			t.write(buf[:n])
			if output != nil {
				if _, werr := output.Write(buf[:n]); werr != nil {
					output = nil
				}
			}
		}
		if err != nil {
			return
		}
	}
}

func (t *tail) write(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		b = rest
		if room := longestLine - len(t.partial); len(line) > room {
			line = line[:room]
		}
		t.partial = append(t.partial, line...)
		if ended {
			t.line(strings.TrimSuffix(string(t.partial), "\r"))
			t.partial = t.partial[:0]
		}
	}
}

// line takes a complete line; mu is held.
func (t *tail) line(s string) {
	if t.match != nil && t.groups == nil {
		if m := t.match.FindStringSubmatch(s); m != nil {
			t.groups = m
			close(t.found)
		}
	}
	if strings.TrimSpace(s) == "" {
		return
	}
	if len(t.last) == tailLines {
		t.last = append(t.last[:0], t.last[1:]...)
	}
	t.last = append(t.last, clip(s, tailWidth))
}

// captured is the named group "url" of the match, else its first group; empty if the expression has no groups.
func (t *tail) captured() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.groups) < 2 {
		return ""
	}
	if i := t.match.SubexpIndex("url"); i > 0 {
		return t.groups[i]
	}
	return t.groups[1]
}

// quote is the end of a one-line message: the last lines that the command printed.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.last
	if s := string(t.partial); strings.TrimSpace(s) != "" {
		lines = append(lines[:len(lines):len(lines)], clip(s, tailWidth))
	}
	switch len(lines) {
	case 0:
		return "; it printed nothing"
	case 1:
		return "; it printed: " + lines[0]
	}
	return "; it printed last: " + strings.Join(lines, " | ")
}

// clip makes one printable line of s, of at most about width bytes.
func clip(s string, width int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) <= width {
		return s
	}
	return strings.ToValidUTF8(s[:width], "") + "…"
}
