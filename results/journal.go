package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxJournalLine bounds a line of a journal. A second of every metric in five phases is about 1 MB.
const maxJournalLine = 64 << 20

// maxIntervals bounds the seconds of a journal: eleven days.
const maxIntervals = 1_000_000

// JournalWriter appends a run to its journal: the header, then an interval a line, one call of Write for each, so that a kill
// loses at most the line that was being written. After an error every further write gives it again: a line behind a torn one
// would make the journal unreadable. Not safe for concurrent use.
type JournalWriter struct {
	W   io.Writer
	err error
}

// WriteHeader writes the first line.
func (j *JournalWriter) WriteHeader(h *Header) error {
	withFormat := *h
	withFormat.Format = JournalFormat
	return j.write(&withFormat)
}

// WriteInterval writes the next line.
func (j *JournalWriter) WriteInterval(i *Interval) error { return j.write(i) }

func (j *JournalWriter) write(v any) error {
	if j.err != nil {
		return j.err
	}
	line, err := json.Marshal(v)
	if err != nil { // nothing was written, so the journal is still whole
		return fmt.Errorf("encoding a line of the journal: %w", err)
	}
	line = append(line, '\n')
	n, err := j.W.Write(line)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	if err != nil {
		j.err = fmt.Errorf("writing the journal: %w", err)
	}
	return j.err
}

// JournalReader reads what a JournalWriter wrote, also after the writer was killed.
type JournalReader struct {
	Header *Header

	lines     *bufio.Reader
	line      int
	truncated bool
}

// NewJournalReader reads the header.
func NewJournalReader(r io.Reader) (*JournalReader, error) {
	j := &JournalReader{lines: bufio.NewReaderSize(r, 64<<10)}
	line, ended, err := j.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the journal is empty: the run ended before it wrote anything")
	case err != nil:
		return nil, err
	}
	header := &Header{}
	if err := json.Unmarshal(line, header); err != nil {
		if !ended {
			return nil, errors.New("the journal ends within its first line: the run was killed before its first second")
		}
		return nil, fmt.Errorf("line 1 of the journal is damaged: %w", err)
	}
	if header.Format != JournalFormat {
		return nil, fmt.Errorf("the journal's format is %q; this version reads %q", excerpt(header.Format), JournalFormat)
	}
	j.Header = header
	return j, nil
}

// Next gives the next interval, and io.EOF after the last one. A last line that was cut off is left out, see Truncated; a
// damaged line elsewhere is an error that names it.
func (j *JournalReader) Next() (*Interval, error) {
	line, ended, err := j.next()
	if err != nil {
		return nil, err
	}
	interval := &Interval{}
	if err := json.Unmarshal(line, interval); err != nil {
		var syntax *json.SyntaxError
		if !ended && errors.As(err, &syntax) {
			j.truncated = true
			return nil, io.EOF
		}
		return nil, fmt.Errorf("line %d of the journal is damaged: %w", j.line, err)
	}
	return interval, nil
}

// Truncated says that the last line was cut off.
func (j *JournalReader) Truncated() bool { return j.truncated }

// Line is the number of the line that was read last, from 1.
func (j *JournalReader) Line() int { return j.line }

// next gives the next line that is not blank, and whether a line end closed it.
func (j *JournalReader) next() (line []byte, ended bool, err error) {
	for {
		if j.line++; j.line > maxIntervals {
			return nil, false, fmt.Errorf("the journal has more than %d lines, which no run has", maxIntervals)
		}
		line, err = j.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, fmt.Errorf("reading line %d of the journal: %w", j.line, err)
		}
		ended = err == nil
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, ended, nil
		}
		if !ended {
			return nil, false, io.EOF
		}
	}
}

func (j *JournalReader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := j.lines.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxJournalLine {
			return nil, fmt.Errorf("it is longer than %d bytes", maxJournalLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// FoldJournal reads a journal to its end and gives the document of its completed seconds.
func FoldJournal(r io.Reader) (*Document, error) {
	j, err := NewJournalReader(r)
	if err != nil {
		return nil, err
	}
	f := NewFolder(j.Header)
	for {
		interval, err := j.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := f.Add(interval); err != nil {
			return nil, fmt.Errorf("line %d of the journal: %w", j.Line(), err)
		}
	}
	if j.Truncated() {
		f.warnings = addWarnings(f.warnings, Warning{
			Token:   "journal_truncated",
			Message: fmt.Sprintf("line %d, the last one of the journal, was cut off while it was written and is left out", j.Line()),
		})
	}
	return f.Document()
}
