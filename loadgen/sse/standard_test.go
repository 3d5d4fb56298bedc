package sse_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"ssebench/loadgen/sse"
	"ssebench/loadgen/sse/ssetest"
)

// A result is all that comes of a stream, in a form that can be compared.
type result struct {
	out       []ssetest.Outcome
	err       string // token
	lastID    string
	discarded bool
}

func (r result) String() string {
	var s strings.Builder
	for _, o := range r.out {
		switch o.Kind {
		case "event":
			fmt.Fprintf(&s, "event %.200q %.200q %.200q\n", o.Type, o.Data, o.ID)
		case "comment":
			fmt.Fprintf(&s, "comment %.200q\n", o.Text)
		case "retry":
			fmt.Fprintf(&s, "retry %d\n", o.Millis)
		}
	}
	fmt.Fprintf(&s, "error %q, end %.200q, discarded %t\n", r.err, r.lastID, r.discarded)
	return s.String()
}

// A standard is the second implementation that the parser is compared with: a whole stream at once, as plainly as the
// standard says it, with a limit added. It shares nothing with the parser.
type standard struct {
	limit                  int
	lastEventID            string // the string, the EventSource's
	dataBuffer, typeBuffer string
	idBuffer               string
	idSet                  bool // since the last blank line
	result
}

// interpret reads a stream that ends where in does.
func interpret(in, last string, limit int64) result {
	if limit == 0 {
		limit = sse.DefaultLimit
	}
	s := standard{limit: int(limit), lastEventID: last, idBuffer: last}
	if strings.HasPrefix("\uFEFF", in) {
		in = "" // a mark, or what may still become one, is no line
	}
	in = strings.TrimPrefix(in, "\uFEFF") // "UTF-8 decode", of which the rest is left to whoever shows the data

	// 9.2.5: stream = [ bom ] *event; every end-of-line becomes a LF, so that the last piece is what has none.
	in = strings.ReplaceAll(in, "\r\n", "\n")
	in = strings.ReplaceAll(in, "\r", "\n")
	lines := strings.Split(in, "\n")
	unfinished := lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if s.tooLong(line); s.err != "" {
			break
		}
		s.processLine(line)
	}
	if s.err == "" {
		s.tooLong(unfinished)
	}
	s.lastID = s.lastEventID
	s.discarded = s.err != "" || s.dataBuffer != "" || s.typeBuffer != "" || s.idSet || mattered(unfinished)
	return s.result
}

// tooLong holds a line against the limit, together with what the unfinished event has so far.
func (s *standard) tooLong(line string) {
	size := len(strings.TrimSuffix(s.dataBuffer, "\n")) + len(s.typeBuffer) + len(line)
	if s.idSet {
		size += len(s.idBuffer)
	}
	if size > s.limit {
		s.err = "event_too_long"
	}
}

// processLine is the list of steps for a line in 9.2.6.
func (s *standard) processLine(line string) {
	if line == "" {
		s.dispatch()
		return
	}
	if comment, ok := strings.CutPrefix(line, ":"); ok {
		s.out = append(s.out, ssetest.Outcome{Kind: "comment", Text: comment})
		return
	}
	if name, value, ok := strings.Cut(line, ":"); ok {
		s.processField(name, strings.TrimPrefix(value, " "))
		return
	}
	s.processField(line, "")
}

// processField is the list of steps for a field in 9.2.6.
func (s *standard) processField(name, value string) {
	switch name {
	case "event":
		s.typeBuffer = value
	case "data":
		s.dataBuffer += value + "\n"
	case "id":
		if !strings.Contains(value, "\x00") {
			s.idBuffer, s.idSet = value, true
		}
	case "retry":
		if value != "" && strings.Trim(value, "0123456789") == "" {
			number, _ := new(big.Int).SetString(value, 10)
			millis := int64(math.MaxInt64)
			if number.IsInt64() {
				millis = number.Int64()
			}
			s.out = append(s.out, ssetest.Outcome{Kind: "retry", Millis: millis})
		}
	}
}

// dispatch is "dispatch the event" in 9.2.6.
func (s *standard) dispatch() {
	s.lastEventID, s.idSet = s.idBuffer, false
	if s.dataBuffer == "" {
		s.typeBuffer = ""
		return
	}
	o := ssetest.Outcome{Kind: "event", Type: "message", Data: strings.TrimSuffix(s.dataBuffer, "\n"), ID: s.lastEventID}
	if s.typeBuffer != "" {
		o.Type = s.typeBuffer
	}
	s.out = append(s.out, o)
	s.dataBuffer, s.typeBuffer = "", ""
}

// mattered reports whether a line without end could have become a field that the standard knows.
func mattered(line string) bool {
	name, _, colon := strings.Cut(line, ":")
	for _, known := range []string{"data", "event", "id", "retry"} {
		if name == known || !colon && line != "" && strings.HasPrefix(known, line) {
			return true
		}
	}
	return false
}
