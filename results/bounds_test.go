package results

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// endless repeats a text for ever, and counts what was taken of it.
type endless struct {
	text  string
	taken int
}

func (e *endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		n += copy(b[n:], e.text[(e.taken+n)%len(e.text):])
	}
	e.taken += n
	return n, nil
}

// What is no document, no journal and no recording is refused after a bounded reading.
func TestWhatIsReadIsBounded(t *testing.T) {
	const header = `{"format":"ssebench-journal/1","phases":[{"name":"hold","kind":"hold"}]}` + "\n"
	recording := `{"format":"ssebench-flight/1","run":"r","scenario":"s","started":"2026-01-01T00:00:00Z"}` + "\n"
	document := func(r io.Reader) error { _, err := Read(r); return err }
	flights := func(r io.Reader) error { _, _, err := ReadFlights(r); return err }
	for _, c := range []struct {
		name, start, rest string
		read              func(io.Reader) error
		most              int
		want              string
	}{
		{"zeros", "", "\x00", document, 1 << 20, "does not start as a JSON object"},
		{"blanks", "", "  \n", document, 1 << 20, "does not start as a JSON object"},
		{"a document that is one string", `{"format":"ssebench/1","x":"`, "x", document, 300 << 20, "longer than"},
		{"a journal that is one line", header, "x", document, 80 << 20, "longer than"},
		{"a journal of blank lines", header, "\n", document, 80 << 20, "the journal has more than"},
		{"a recording that is one line", recording, "x", flights, 40 << 20, "invalid character"},
		{"a recording that is one string", recording + `"`, "x", flights, 40 << 20, "a line is longer than"},
		{"a recording of streams", recording, "{}\n", flights, 1 << 20, "more than 10000 streams"},
	} {
		if testing.Short() && c.most > 100<<20 {
			continue
		}
		rest := &endless{text: strings.Repeat(c.rest, 4096)}
		err := c.read(io.MultiReader(strings.NewReader(c.start), rest))
		if err == nil || !strings.Contains(err.Error(), c.want) || rest.taken > c.most {
			t.Errorf("%s: %v after %d bytes, want %q", c.name, err, rest.taken, c.want)
		}
	}
}

// FuzzRead shows that whatever is read as a document or journal is refused in one line, or comes out as a document that can be judged and
// written again.
func FuzzRead(f *testing.F) {
	var journal, document bytes.Buffer
	w := JournalWriter{W: &journal}
	err := w.WriteHeader(sampleHeader())
	for _, i := range sampleRun() {
		if err == nil {
			err = w.WriteInterval(i)
		}
	}
	if err != nil {
		f.Fatal(err)
	}
	d, err := Read(bytes.NewReader(journal.Bytes()))
	if err == nil {
		err = json.NewEncoder(&document).Encode(d)
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(journal.Bytes())
	f.Add(document.Bytes())
	f.Add([]byte(`{"format":"ssebench/1","metrics":{"a":{"kind":"gauge"}},"thresholds":[{}],"phases":[{"metrics":{"x":{"kind":"histogram"}}}]}`))
	f.Add([]byte(`{"format":"ssebench-journal/1","phases":[{"kind":"hold"}]}` + "\n" + `{"phases":[{"phase":0,"values":null}]}`))
	f.Add([]byte(`{"format":"ssebench-journal/1","phases":null}` + "\n" + `{"gauges":{"server.cpu":1e308},"outages":[{"phase":9}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := Read(bytes.NewReader(in))
		if err != nil {
			if text := err.Error(); text == "" || strings.Contains(text, "\n") {
				t.Fatalf("the error is not one line: %q", text)
			}
			return
		}
		code := d.ExitCode()
		if code != ExitPassed && code != ExitFailed && code != ExitInconclusive && code != ExitCrossed && code != ExitInterrupted {
			t.Fatalf("exit code %d", code)
		}
		_ = CostOf(d)
		written, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Read(bytes.NewReader(written))
		if err != nil || again.ExitCode() != code {
			t.Fatalf("written and read again: %v", err)
		}
	})
}

// FuzzReadFlights shows that a recording is refused, or can be written and read again.
func FuzzReadFlights(f *testing.F) {
	var b bytes.Buffer
	text := "id"
	err := WriteFlights(&b, &FlightHeader{Run: "r", Started: time.Unix(0, 0).Format(time.RFC3339)}, []Flight{{
		Client: 1, Entries: []FlightEntry{{Status: 200, LastEventID: &text}, {Read: []byte("data: \xff\n\n")}, {Read: []byte("data: x\n")}, {Ended: "eof"}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"format":"ssebench-flight/1"}` + "\n" + `{"entries":[{"read_base64":"////"},{"read":"x"}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, flights, err := ReadFlights(bytes.NewReader(in))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := WriteFlights(&out, h, flights); err != nil {
			t.Fatal(err)
		}
		_, again, err := ReadFlights(&out)
		if err != nil || len(again) != len(flights) {
			t.Fatalf("%d streams, %v; want %d", len(again), err, len(flights))
		}
	})
}
