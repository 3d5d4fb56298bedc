package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"ssebench/loadgen/sse"
)

func newDecodeCommand() *cobra.Command {
	var chunk int
	c := &cobra.Command{
		Use:   "decode",
		Short: "Read an event stream from standard input and print what a browser would understand",
		Long: "Reads a captured event stream, any bytes, from standard input and prints one JSON object a line, each with one key that names\n" +
			"it: event, retry, comment, and at last end.",
		Example: "  printf 'id: 1\\ndata: hello\\n\\n' | ssebench decode",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if chunk < 1 {
				return usage(fmt.Errorf("--chunk %d: it must be 1 or more", chunk))
			}
			return decode(c.InOrStdin(), c.OutOrStdout(), chunk)
		},
	}
	c.Flags().IntVar(&chunk, "chunk", 64<<10, "feed the parser this many bytes at a time")
	return c
}

// decode parses the stream in chunks. A chunk is filled before it is fed, so that the splits are where they were asked for.
func decode(in io.Reader, out io.Writer, chunk int) error {
	buffered := bufio.NewWriter(out)
	d := decoder{lines: jsonLines{buffered}}
	b := make([]byte, chunk)
	var tooLong error
	for tooLong == nil {
		n, err := io.ReadFull(in, b)
		tooLong = d.parser.Feed(b[:n], &d)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
	if tooLong != nil {
		d.put(errorLine(sse.TooLongToken, tooLong.Error()))
	}
	discarded := d.parser.End()
	d.put(map[string]any{"end": map[string]any{"last_event_id": text(d.parser.LastEventID()), "retry": d.retry, "discarded": discarded}})
	if d.err == nil {
		d.err = buffered.Flush()
	}
	if d.err == nil && tooLong != nil {
		return &exitError{code: exitFailed}
	}
	return d.err
}

// decoder is the sse.Handler that prints.
type decoder struct {
	parser sse.Parser
	lines  jsonLines
	retry  *int64
	err    error // of the writer
}

func (d *decoder) put(v any) {
	if d.err == nil {
		d.err = d.lines.put(v)
	}
}

func (d *decoder) Event(ev *sse.Event) { d.put(map[string]any{"event": eventLine(ev)}) }

func (d *decoder) Comment(b []byte) { d.put(map[string]any{"comment": text(b)}) }

func (d *decoder) Retry(millis int64) {
	d.retry = &millis
	d.put(map[string]any{"retry": millis})
}

// line is the inside of an event object, in the order in which people read it.
type line struct {
	Type string `json:"type"`
	Data string `json:"data"`
	ID   string `json:"id"`
	At   string `json:"at,omitempty"` // RFC 3339, of a live stream
}

func eventLine(ev *sse.Event) line {
	return line{Type: text(ev.Name()), Data: text(ev.Data), ID: text(ev.ID)}
}

func errorLine(token, message string) any {
	return map[string]any{"error": map[string]any{"token": token, "message": message}}
}

// text is what a browser shows of bytes.
func text(b []byte) string { return string(sse.AppendValidUTF8(nil, b)) }

// jsonLines writes one JSON object a line, without the HTML escapes of encoding/json.
type jsonLines struct{ w io.Writer }

func (j jsonLines) put(v any) error {
	e := json.NewEncoder(j.w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
