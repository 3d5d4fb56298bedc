package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Load reads a result document, or the journal of a run and folds it. Its error names the file.
func Load(path string) (*Document, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	d, err := Read(file)
	if err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Read is Load of a stream. What it is tells its first line: a journal's is a whole JSON object that names the journal's
// format.
func Read(r io.Reader) (*Document, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	start, err := buffered.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(start) == 0 {
		return nil, errors.New("the file is empty")
	}
	if startsAsJournal(start) {
		return FoldJournal(buffered)
	}
	return readDocument(buffered)
}

// startsAsJournal looks for the format, which a journal's writer puts first.
func startsAsJournal(start []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(start))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	if key, err := decoder.Token(); err != nil || key != "format" {
		return false
	}
	format, err := decoder.Token()
	return err == nil && format == JournalFormat
}

func readDocument(r io.Reader) (*Document, error) {
	decoder := json.NewDecoder(r)
	d := &Document{}
	if err := decoder.Decode(d); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("it is neither a result document nor a journal: byte %d: %w", syntax.Offset, err)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the document ends in the middle; the run's journal may still have it")
		}
		return nil, fmt.Errorf("it is no result document: %w", err)
	}
	switch d.Format {
	case DocumentFormat:
	case "":
		return nil, errors.New("it is neither a result document nor a journal: it has no format")
	default:
		return nil, fmt.Errorf("its format is %q; this version reads %q and %q", excerpt(d.Format), DocumentFormat, JournalFormat)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the result document")
	}
	if d.Metrics == nil {
		return nil, errors.New("the result document has no metrics")
	}
	return d, nil
}
