package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ssebench/loadgen/sse"
	"ssebench/results"
	"ssebench/scenarios"
)

// decodeBuffer is how much is read at once where no chunk size was asked for, in bytes.
const decodeBuffer = 64 << 10

// mostChunk bounds --chunk, in bytes: a chunk is held in memory.
const mostChunk = 1 << 30

func newDecodeCommand() *cobra.Command {
	var (
		chunk int
		limit string
	)
	c := &cobra.Command{
		Use:   "decode [FILE]",
		Short: "Read an event stream and print what a browser would understand",
		Long: "Reads an event stream, any bytes, from standard input or a file and prints one JSON object a line as soon as its line in the stream\n" +
			"is complete, each with one key that names it: event, comment, retry, and at last end. A stream with an event beyond the\n" +
			"limit ends there with an error object and exit code 1. Bytes that are no UTF-8 show as U+FFFD.\n" +
			"\n" +
			"A file of the flight recorder of a run (.flight) is shown stream by stream, with the time of every read.",
		Example: "  printf 'id: 1\\ndata: hello\\n\\n' | ssebench decode\n" +
			"  curl -sN http://127.0.0.1:8080/events?topic=t0 | ssebench decode",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("chunk") && (chunk < 1 || chunk > mostChunk) {
				return usage(fmt.Errorf("--chunk %d: it must be 1 or more, %d at most", chunk, mostChunk))
			}
			size, err := scenarios.ParseSize(limit)
			if err == nil && size < 1 {
				err = errors.New("it must be 1 or more")
			}
			if err != nil {
				return usage(fmt.Errorf("--limit %s: %w", limit, err))
			}
			in := c.InOrStdin()
			if len(args) > 0 {
				file, err := os.Open(args[0])
				if err != nil {
					return usage(err)
				}
				defer file.Close()
				start := bufio.NewReader(file)
				if head, _ := start.Peek(64); results.IsFlight(head) { // a file that cannot be read says so to whoever reads it next
					return decodeFlights(start, c.OutOrStdout(), args[0], int64(size))
				}
				in = start
			}
			d := decoder{parser: sse.Parser{Limit: int64(size)}, source: "standard input"}
			if len(args) > 0 {
				d.source = args[0]
			}
			return d.decode(in, c.OutOrStdout(), chunk)
		},
	}
	c.Flags().IntVar(&chunk, "chunk", 0, "feed the parser exactly this many bytes at a time (default what has arrived)")
	c.Flags().StringVar(&limit, "limit", "16MiB", "longest line or event, in bytes")
	return c
}

// decoder is the sse.Handler that prints.
type decoder struct {
	parser sse.Parser
	source string    // of the bytes, for messages
	at     time.Time // of the read, where it is known
	out    jsonPrinter
	retry  *int64 // milliseconds; nil until the stream sets it
	err    error  // of the output
}

// decode parses in to its end. A chunk size of 0 takes what is there, so that a live stream is shown live; any other is filled
// before it is fed, so that the splits are where they were asked for.
func (d *decoder) decode(in io.Reader, out io.Writer, chunk int) error {
	buffered := bufio.NewWriter(out)
	d.out = newJSONPrinter(buffered, nil)
	read := in.Read
	if chunk > 0 {
		ahead := bufio.NewReaderSize(in, decodeBuffer) // a chunk may be a byte
		read = func(b []byte) (int, error) { return io.ReadFull(ahead, b) }
	} else {
		chunk = decodeBuffer
	}
	var failed error
	for b := make([]byte, chunk); d.err == nil; d.note(buffered.Flush()) {
		n, err := read(b)
		if failed = d.parser.Feed(b[:n], d); failed != nil {
			d.note(d.out.failed(sse.TooLongToken, strings.TrimPrefix(failed.Error(), sse.TooLongToken+": ")))
			break
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			failed = fmt.Errorf("%s: %w", d.source, err)
			break
		}
	}
	discarded := d.parser.End()
	d.note(d.out.put("end", decodeEnd{LastEventID: text(d.parser.LastEventID()), Retry: d.retry, Discarded: discarded}))
	d.note(buffered.Flush())
	if d.err != nil {
		return d.err
	}
	return failed
}

// decodeEnd is the inside of decode's end object.
type decodeEnd struct {
	LastEventID string `json:"last_event_id"`
	Retry       *int64 `json:"retry"`     // milliseconds; null where the stream set none
	Discarded   bool   `json:"discarded"` // an unterminated event was dropped
}

// note keeps the first error of the output; a bufio.Writer writes nothing after it.
func (d *decoder) note(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Event implements sse.Handler.
func (d *decoder) Event(ev *sse.Event) { d.note(d.out.event(ev, d.at)) }

// Comment implements sse.Handler.
func (d *decoder) Comment(b []byte) { d.note(d.out.comment(b, d.at)) }

// Retry implements sse.Handler.
func (d *decoder) Retry(millis int64) {
	d.retry = &millis
	d.note(d.out.retry(millis))
}
