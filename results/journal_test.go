package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func journalOf(t testing.TB, h *Header, run []*Interval) []byte {
	t.Helper()
	var b bytes.Buffer
	j := &JournalWriter{W: &b}
	if err := j.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	for _, i := range run {
		if err := j.WriteInterval(i); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// readBack is Read of a text.
func readBack(journal []byte) (*Document, error) { return Read(bytes.NewReader(journal)) }

func TestJournalFoldsToTheLiveDocument(t *testing.T) {
	live := mustFold(t, sampleHeader(), sampleRun())
	read, err := readBack(journalOf(t, sampleHeader(), sampleRun()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(live, read); diff != "" {
		t.Errorf("live (-) and from the journal (+) differ:\n%s", diff)
	}
}

// countingWriter fails after some writes, as a full disk does: the last one is torn.
type countingWriter struct {
	bytes.Buffer
	writes, room int
}

var errFull = errors.New("no space left on device")

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	if w.writes > w.room {
		n, _ := w.Buffer.Write(p[:len(p)/2])
		return n, errFull
	}
	return w.Buffer.Write(p)
}

func TestJournalWritesALineAtOnce(t *testing.T) {
	w := &countingWriter{room: 100}
	j := &JournalWriter{W: w}
	if err := j.WriteHeader(sampleHeader()); err != nil {
		t.Fatal(err)
	}
	for _, i := range sampleRun() {
		if err := j.WriteInterval(i); err != nil {
			t.Fatal(err)
		}
	}
	if lines := bytes.Count(w.Bytes(), []byte("\n")); w.writes != 7 || lines != 7 {
		t.Errorf("%d writes, %d lines, want 7 of each", w.writes, lines)
	}
	h := sampleHeader()
	h.Format = ""
	if err := (&JournalWriter{W: io.Discard}).WriteHeader(h); err != nil || h.Format != "" {
		t.Errorf("the caller's header was changed to %q, error %v", h.Format, err)
	}
}

func TestFullDiskUnderTheJournal(t *testing.T) {
	w := &countingWriter{room: 3}
	j := &JournalWriter{W: w}
	run := sampleRun()
	if err := j.WriteHeader(sampleHeader()); err != nil {
		t.Fatal(err)
	}
	for n, i := range run {
		err := j.WriteInterval(i)
		if failed := n >= 2; failed != errors.Is(err, errFull) {
			t.Errorf("interval %d: error %v", n, err)
		}
	}
	if w.writes != 4 {
		t.Errorf("%d writes: a line behind a torn one spoils the journal", w.writes)
	}
	d, err := readBack(w.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if d.Run.DurationNS != 2e9 || !d.Run.Partial {
		t.Errorf("run %+v, want the two seconds that were written whole", d.Run)
	}
}

func TestShortWriteIsAnError(t *testing.T) {
	if err := (&JournalWriter{W: shortWriter{}}).WriteInterval(second(0)); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v", err)
	}
}

type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestJournalCutAnywhere(t *testing.T) {
	journal := journalOf(t, sampleHeader(), sampleRun())
	header := bytes.IndexByte(journal, '\n') + 1
	for cut := header; cut < len(journal); cut += 41 {
		d, err := readBack(journal[:cut])
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, len(journal), err)
		}
		whole := bytes.Count(journal[:cut], []byte("\n")) - 1
		lineEnd := journal[cut] == '\n' // all of a line but its end is there
		torn := journal[cut-1] != '\n' && !lineEnd
		tokens := ""
		for _, w := range d.Warnings {
			tokens += w.Token + " "
		}
		if torn != strings.Contains(tokens, "journal_truncated") {
			t.Fatalf("cut at %d: torn %v, warnings %s", cut, torn, tokens)
		}
		if lineEnd {
			whole++
		}
		if len(d.Series.Rows) != whole || d.Run.Partial != (whole < 6) {
			t.Fatalf("cut at %d: %d rows, partial %v; %d lines are whole", cut, len(d.Series.Rows), d.Run.Partial, whole)
		}
	}
	for _, cut := range []int{1, 10, header / 2, header - 2} {
		if _, err := readBack(journal[:cut]); err == nil {
			t.Errorf("cut at %d, in the header: no error", cut)
		}
	}
}

func TestDamagedJournals(t *testing.T) {
	lines := strings.SplitAfter(string(journalOf(t, sampleHeader(), sampleRun())), "\n")
	join := func(l ...string) []byte { return []byte(strings.Join(l, "")) }
	for _, c := range []struct {
		name    string
		journal []byte
		want    string
	}{
		{"empty", nil, "the file is empty"},
		{"a torn line in the middle", join(lines[0], lines[1][:40]+"\n", lines[2]), "line 2 of the journal is damaged"},
		{"a torn last line with a line end", join(lines[0], lines[1], lines[2][:40]+"\n"), "line 3 of the journal is damaged"},
		{"a damaged histogram", join(lines[0], strings.Replace(lines[2], `"hdr":"`, `"hdr":"%`, 1)), "line 2 of the journal is damaged"},
		{"an unknown metric", join(lines[0], strings.Replace(lines[2], "fanout.latency", "fanout.renamed", 1)), "fanout.renamed"},
		{"an interval after the end", join(append(lines, lines[1])...), "line 8 of the journal: it follows"},
		{"another version", join(strings.Replace(lines[0], JournalFormat, "ssebench-journal/9", 1), lines[1]), `format is "ssebench-journal/9"`},
		{"no header", join(lines[1:]...), "neither a result document nor a journal"},
		{"text", []byte("hello"), "neither a result document nor a journal"},
		{"a list", []byte("[]"), "neither a result document nor a journal"},
		{"another version of the document", []byte(`{"format":"ssebench/2","metrics":7}`), `its format is "ssebench/2"`},
		{"a damaged document", []byte(`{"format":"ssebench/1","metrics":7}`), "damaged"},
		{"another object", []byte("{}"), "it has no format"},
		{"a document without metrics", []byte(`{"format":"ssebench/1"}`), "no metrics"},
		{"half a document", []byte(`{"format":"ssebench/1","run":`), "only a part of one"},
		{"two documents", []byte(`{"format":"ssebench/1","metrics":{}}{}`), "after top-level value"},
		{"a value of no kind", []byte(`{"format":"ssebench/1","metrics":{"x":{"kind":"guess"}}}`), `unknown kind "guess"`},
	} {
		if _, err := readBack(c.journal); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if d, err := readBack(join(lines[0], "\n", lines[1], "\r\n\n")); err != nil || len(d.Series.Rows) != 1 {
		t.Errorf("blank lines: %v", err)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	journal := filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(journal, journalOf(t, sampleHeader(), sampleRun()), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Load(journal)
	if err != nil || d.Run.ID != "r1" {
		t.Fatalf("%+v, %v", d, err)
	}
	document := filepath.Join(dir, "run.json")
	content, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(document, content, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Load(document)
	if err != nil {
		t.Fatal(err)
	}
	d.Scenario, again.Scenario = nil, nil // indentation is kept
	if diff := cmp.Diff(d, again); diff != "" {
		t.Errorf("the journal (-) and the document (+) differ:\n%s", diff)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "none.json"), dir, empty} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want one that names %s", err, path)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	journal := journalOf(f, sampleHeader(), sampleRun())
	f.Add(journal)
	f.Add(journal[:len(journal)/2])
	f.Add(journalOf(f, sampleHeader(), nil))
	f.Add([]byte(`{"format":"ssebench-journal/1","phases":[{}]}` + "\n" + `{"phases":[{"phase":0,"values":null}],"marks":[{"phase":0}],"end":{}}`))
	f.Add([]byte(`{"format":"ssebench/1","metrics":{"a":{"kind":"histogram"},"b":{"kind":"gauge"},"c":{"kind":"counter"}}}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		d, err := readBack(input)
		if err != nil {
			return
		}
		d.ExitCode()
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := readBack(text)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, text)
		}
		if twice, _ := json.Marshal(again); !bytes.Equal(text, twice) {
			t.Fatalf("a document changes when it is read and written:\n%s\n%s", text, twice)
		}
	})
}
