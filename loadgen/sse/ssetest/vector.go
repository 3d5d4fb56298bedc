// Package ssetest reads the vectors in loadgen/sse/testdata for tests: named event streams, each with what a browser
// understands of it. The format is described beside them.
package ssetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Vector is one event stream and all that should come of it.
type Vector struct {
	Name   string
	From   string // the paragraph or test file it comes from
	Last   string // the last event ID string before the stream
	Limit  int64  // bytes, 0 for the default
	In     string
	Out    []Outcome // in the stream's order
	Error  string    // the token the stream fails with, or empty
	LastID string    // the last event ID string after the stream
	// Discarded says that the stream's end, or its failure, cut an event short.
	Discarded bool
}

// An Outcome is an event, a comment or a new reconnection time, as Kind says: "event", "comment" or "retry".
type Outcome struct {
	Kind           string
	Type, Data, ID string // of an event; Type is never empty
	Text           string // of a comment
	Millis         int64  // of a retry
}

// Load reads all *.vectors files of a directory, in the order of their names.
func Load(dir string) ([]Vector, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.vectors"))
	if err != nil {
		return nil, err
	}
	var all []Vector
	seen := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		vectors, err := Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%w", file, err)
		}
		for _, v := range vectors {
			if other, ok := seen[v.Name]; ok {
				return nil, fmt.Errorf("%s: vector %s is in %s too", file, v.Name, other)
			}
			seen[v.Name] = file
		}
		all = append(all, vectors...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no vectors", dir)
	}
	return all, nil
}

// Parse reads the text of one file. Its errors start with a line number.
func Parse(text string) ([]Vector, error) {
	var all []Vector
	open := false
	for i, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "=== "); ok {
			if open {
				return nil, fmt.Errorf("%d: no end line before %s", i+1, name)
			}
			all, open = append(all, Vector{Name: name}), true
			continue
		}
		if !open {
			return nil, fmt.Errorf("%d: not within a vector", i+1)
		}
		key, rest, _ := strings.Cut(line, ": ")
		if err := all[len(all)-1].set(key, rest); err != nil {
			return nil, fmt.Errorf("%d: %w", i+1, err)
		}
		open = key != "end"
	}
	if open {
		return nil, fmt.Errorf("the last vector has no end line")
	}
	return all, nil
}

// set takes one line of a block.
func (v *Vector) set(key, rest string) (err error) {
	key, count, _ := strings.Cut(key, "*")
	times := 1
	if count != "" {
		if times, err = strconv.Atoi(count); err != nil {
			return err
		}
	}
	switch key {
	case "from":
		v.From = rest
		return nil
	case "error":
		v.Error = rest
		return nil
	case "limit":
		v.Limit, err = strconv.ParseInt(rest, 10, 64)
		return err
	case "retry":
		millis, err := strconv.ParseInt(rest, 10, 64)
		v.Out = append(v.Out, Outcome{Kind: key, Millis: millis})
		return err
	}
	values, rest, err := quoted(rest)
	if err != nil {
		return err
	}
	if want := map[string]int{"in": 1, "last": 1, "event": 3, "comment": 1, "end": 1}[key]; len(values) != want {
		return fmt.Errorf("%s with %d strings, not %d", key, len(values), want)
	}
	switch key {
	case "in":
		v.In += values[0]
	case "last":
		v.Last = values[0]
	case "comment":
		v.Out = append(v.Out, Outcome{Kind: key, Text: values[0]})
	case "event":
		for range times {
			v.Out = append(v.Out, Outcome{Kind: key, Type: values[0], Data: values[1], ID: values[2]})
		}
	case "end":
		if rest != "complete" && rest != "discarded" {
			return fmt.Errorf("end is complete or discarded, not %q", rest)
		}
		v.LastID, v.Discarded, rest = values[0], rest == "discarded", ""
	}
	if rest != "" {
		return fmt.Errorf("%q after the strings", rest)
	}
	return nil
}

// quoted reads strings as in Go, parted by spaces: "…"*N is one repeated, + joins two. It returns what follows them.
func quoted(s string) (values []string, rest string, err error) {
	for join := false; strings.HasPrefix(s, `"`); {
		prefix, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, s, err
		}
		value, err := strconv.Unquote(prefix)
		if err != nil {
			return nil, s, err
		}
		if s = s[len(prefix):]; strings.HasPrefix(s, "*") {
			digits := s[1:]
			if end := strings.IndexByte(digits, ' '); end >= 0 {
				digits = digits[:end]
			}
			times, err := strconv.Atoi(digits)
			if err != nil || times < 0 {
				return nil, s, fmt.Errorf("%q is no number of times", digits)
			}
			value, s = strings.Repeat(value, times), s[1+len(digits):]
		}
		if join {
			values[len(values)-1] += value
		} else {
			values = append(values, value)
		}
		if s, join = strings.CutPrefix(s, " + "); !join {
			s = strings.TrimPrefix(s, " ")
		}
	}
	return values, s, nil
}
