package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"ssebench/loadgen/sse"
	"ssebench/results"
)

// flightStream is the inside of the object that a recorded stream begins with.
type flightStream struct {
	Client    int     `json:"client"`
	Topic     string  `json:"topic"`
	Lost      uint64  `json:"lost"`
	Longest   float64 `json:"longest_without_stream_s"`
	Failures  int     `json:"failures"`
	Forgotten int64   `json:"bytes_forgotten"`
}

// flightOpening is the inside of the object of an opening.
type flightOpening struct {
	At          string              `json:"at"`
	Status      int                 `json:"status"`
	Headers     map[string][]string `json:"headers"`
	LastEventID *string             `json:"last_event_id"` // that was sent
}

// flightNote is the inside of a note and of an ending.
type flightNote struct {
	At      string `json:"at"`
	Token   string `json:"token,omitempty"`
	Message string `json:"message,omitempty"`
}

// decodeFlights shows the recording of a run: each stream by itself, as its client understood it.
func decodeFlights(in io.Reader, out io.Writer, name string, limit int64) error {
	header, flights, err := results.ReadFlights(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	started, err := time.Parse(time.RFC3339Nano, header.Started)
	if err != nil {
		return fmt.Errorf("%s: the run's start: %w", name, err)
	}
	buffered := bufio.NewWriter(out)
	for i := range flights {
		f := &flights[i]
		d := decoder{parser: sse.Parser{Limit: limit}, source: name, out: newJSONPrinter(buffered, nil)}
		d.note(d.out.put("stream", flightStream{f.Client, f.Topic, f.Lost, float64(f.LongestNS) / 1e9, f.Failures, f.Forgotten}))
		for e := range f.Entries {
			d.entry(&f.Entries[e], started)
		}
		if d.note(buffered.Flush()); d.err != nil {
			return d.err
		}
	}
	return nil
}

// entry shows one entry of a recording.
func (d *decoder) entry(e *results.FlightEntry, started time.Time) {
	d.at = started.Add(time.Duration(e.AtNS))
	at := d.at.Format(time.RFC3339Nano)
	switch {
	case e.Status > 0:
		d.parser.End() // of the stream before
		d.note(d.out.put("open", flightOpening{at, e.Status, e.Header, e.LastEventID}))
	case e.Ended != "":
		d.note(d.out.put("ended", flightNote{at, e.Ended, e.Message}))
	case e.Note != "":
		d.note(d.out.put("note", flightNote{At: at, Message: e.Note}))
	default:
		if err := d.parser.Feed(e.Read, d); err != nil {
			d.note(d.out.failed(sse.TooLongToken, strings.TrimPrefix(err.Error(), sse.TooLongToken+": ")))
			d.parser.End()
		}
	}
}
