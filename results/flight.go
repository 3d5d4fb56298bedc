package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// FlightFormat names the format of a flight recording and its version: a FlightHeader, and then a Flight a line.
const FlightFormat = "ssebench-flight/1"

// FlightHeader is the first line of a recording.
type FlightHeader struct {
	Format   string `json:"format"` // FlightFormat
	Run      string `json:"run"`    // its ID
	Scenario string `json:"scenario"`
	Started  string `json:"started"` // RFC 3339
}

// Flight is what is kept of one of the streams that went worst: its last bytes with their times, its reconnections, and what was noticed.
// What is secret is masked already.
type Flight struct {
	Client    int           `json:"client"`
	Topic     string        `json:"topic"`
	Lost      uint64        `json:"lost"`          // events missing when they were noticed, also such as came later
	LongestNS int64         `json:"longest_ns"`    // without a stream
	Failures  int           `json:"failures"`      // endings other than an orderly one
	Forgotten int64         `json:"forgotten"`     // bytes that came before the first entry and are no longer kept
	SinceNS   int64         `json:"recorded_from"` // when the recording of this stream began, since the start of the run
	Entries   []FlightEntry `json:"entries"`       // in the order of time
}

// FlightEntry is a read, or something that happened; AtNS counts from the start of the run.
type FlightEntry struct {
	AtNS int64 `json:"at_ns"`
	// Read is the bytes of one read, of the body. In JSON it is text where it is UTF-8, else base64.
	Read []byte `json:"-"`

	Status      int                 `json:"status,omitempty"` // of an opening
	Header      map[string][]string `json:"header,omitempty"`
	LastEventID *string             `json:"last_event_id,omitempty"` // that was sent with it
	Ended       string              `json:"ended,omitempty"`         // token
	Message     string              `json:"message,omitempty"`
	Note        string              `json:"note,omitempty"`
}

// WriteFlights writes a recording.
func WriteFlights(w io.Writer, h *FlightHeader, flights []Flight) error {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	withFormat := *h
	withFormat.Format = FlightFormat
	if err := encoder.Encode(&withFormat); err != nil {
		return err
	}
	for i := range flights {
		if err := encoder.Encode(&flights[i]); err != nil {
			return err
		}
	}
	return out.Flush()
}

// What is read of a recording: its streams, and the bytes of each line, which is one stream's.
const (
	maxFlights    = 10_000
	maxFlightLine = 16 << 20
)

// lineBound ends a reading in which a line is longer than maxFlightLine.
type lineBound struct {
	io.Reader
	line int
}

func (l *lineBound) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	if end := bytes.LastIndexByte(b[:n], '\n'); end >= 0 {
		l.line = n - end - 1
	} else {
		l.line += n
	}
	if l.line > maxFlightLine {
		return 0, fmt.Errorf("a line is longer than %d bytes", maxFlightLine)
	}
	return n, err
}

// ReadFlights reads what WriteFlights wrote. It reads no more of a line, and of streams, than a recording can have.
func ReadFlights(r io.Reader) (*FlightHeader, []Flight, error) {
	decoder := json.NewDecoder(&lineBound{Reader: r})
	h := &FlightHeader{}
	if err := decoder.Decode(h); err != nil {
		return nil, nil, fmt.Errorf("the recording's first line: %w", err)
	}
	if h.Format != FlightFormat {
		return nil, nil, fmt.Errorf("the recording's format is %q; this version reads %q", excerpt(h.Format), FlightFormat)
	}
	var flights []Flight
	for {
		var f Flight
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			return h, flights, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("stream %d of the recording: %w", len(flights)+1, err)
		}
		if flights = append(flights, f); len(flights) > maxFlights {
			return nil, nil, fmt.Errorf("the recording has more than %d streams", maxFlights)
		}
	}
}

// IsFlight says whether a file that starts so is a recording, of whatever version.
func IsFlight(start []byte) bool {
	return strings.HasPrefix(string(start), `{"format":"ssebench-flight/`)
}

// flightEntry is FlightEntry without its methods.
type flightEntry FlightEntry

type flightEntryJSON struct {
	flightEntry
	Text   *string `json:"read,omitempty"`
	Base64 []byte  `json:"read_base64,omitempty"`
}

// MarshalJSON writes bytes as text where that loses nothing.
func (e FlightEntry) MarshalJSON() ([]byte, error) {
	j := flightEntryJSON{flightEntry: flightEntry(e)}
	switch {
	case len(e.Read) == 0:
	case utf8.Valid(e.Read):
		j.Text = new(string(e.Read))
	default:
		j.Base64 = e.Read
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *FlightEntry) UnmarshalJSON(data []byte) error {
	var j flightEntryJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*e = FlightEntry(j.flightEntry)
	e.Read = j.Base64
	if j.Text != nil {
		e.Read = []byte(*j.Text)
	}
	return nil
}
