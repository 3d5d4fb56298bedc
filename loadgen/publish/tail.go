package publish

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

const (
	tailLines   = 3        // that messages show
	tailWidth   = 200      // bytes of each
	longestLine = 16 << 10 // what is over it is not kept
)

// tail keeps the last lines that a command wrote to its standard error.
type tail struct {
	mu      sync.Mutex
	last    []string
	partial []byte
}

func (t *tail) copy(r io.Reader) {
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		t.write(buf[:n])
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
		t.partial = append(t.partial, line[:min(len(line), longestLine-len(t.partial))]...)
		if !ended {
			continue
		}
		if s := clip(showText(string(t.partial)), tailWidth); s != "" {
			if len(t.last) == tailLines {
				t.last = append(t.last[:0], t.last[1:]...)
			}
			t.last = append(t.last, s)
		}
		t.partial = t.partial[:0]
	}
}

// quote is the part of a message that tells them; empty if there are none.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.last
	if s := clip(showText(string(t.partial)), tailWidth); s != "" {
		lines = append(lines[:len(lines):len(lines)], s)
	}
	if len(lines) == 0 {
		return ""
	}
	return ` (it said: "` + strings.Join(lines, " | ") + `")`
}
