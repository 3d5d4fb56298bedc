package report

import (
	"bytes"
	"encoding/json"
	"io"

	"ssebench/results"
)

// jsonLine is the length up to which an object or a list stands on one line.
const jsonLine = 120

// JSON writes the document as JSON. Lists of numbers, which are the rows of the series, and whatever else fits stand on one
// line, so that a document of an hour is pages long and not thousands of them.
func JSON(w io.Writer, d *results.Document) error {
	compact, err := json.Marshal(d)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	layOut(&out, compact, "")
	out.WriteByte('\n')
	_, err = w.Write(out.Bytes())
	return err
}

// layOut writes a compact JSON value with its parts on lines of their own.
func layOut(out *bytes.Buffer, value []byte, indent string) {
	if value[0] != '{' && value[0] != '[' || len(value) <= jsonLine || flatList(value) {
		writeLine(out, value)
		return
	}
	deeper := indent + "  "
	out.WriteByte(value[0])
	for n, part := range parts(value) {
		if n > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n" + deeper)
		if value[0] == '{' {
			colon := stringEnd(part) + 1
			out.Write(part[:colon])
			out.WriteByte(' ')
			part = part[colon:]
		}
		layOut(out, part, deeper)
	}
	out.WriteString("\n" + indent)
	out.WriteByte(value[len(value)-1])
}

// writeLine writes a compact value on one line, with a blank behind each comma and colon.
func writeLine(out *bytes.Buffer, value []byte) {
	for i := 0; i < len(value); i++ {
		if value[i] == '"' {
			n := stringEnd(value[i:])
			out.Write(value[i : i+n])
			i += n - 1
			continue
		}
		out.WriteByte(value[i])
		if value[i] == ',' || value[i] == ':' {
			out.WriteByte(' ')
		}
	}
}

// flatList says that a compact value is a list of numbers, nulls and booleans.
func flatList(value []byte) bool {
	return value[0] == '[' && !bytes.ContainsAny(value[1:], `[{"`)
}

// parts splits a compact object or list at its own commas.
func parts(value []byte) [][]byte {
	var all [][]byte
	depth, start := 0, 1
	for i := 1; i < len(value)-1; i++ {
		switch value[i] {
		case '"':
			i += stringEnd(value[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				all = append(all, value[start:i])
				start = i + 1
			}
		}
	}
	return append(all, value[start:len(value)-1])
}

// stringEnd gives the length of the JSON string that b starts with, quotes included.
func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}
