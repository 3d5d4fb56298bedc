package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
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
	if first := bytes.TrimLeft(start, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return nil, errors.New("it is neither a result document nor a journal: it does not start as a JSON object")
	}
	if startsAsJournal(start) {
		return FoldJournal(buffered)
	}
	return readDocument(buffered)
}

// startsAsJournal looks for the format, which a journal's writer puts first, of whatever version.
func startsAsJournal(start []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(start))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	if key, err := decoder.Token(); err != nil || key != "format" {
		return false
	}
	token, err := decoder.Token()
	format, _ := token.(string)
	return err == nil && strings.HasPrefix(format, "ssebench-journal/")
}

// maxDocument bounds what is read of a document. One of a week, with a row for each second, has about 200 MB.
const maxDocument = 256 << 20

func readDocument(r io.Reader) (*Document, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxDocument {
		return nil, fmt.Errorf("it is longer than %d bytes, which no result document is", maxDocument)
	}
	var head struct{ Format string }
	if err := json.Unmarshal(content, &head); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("it is neither a result document nor a journal, or only a part of one: byte %d: %w", syntax.Offset, err)
		}
		return nil, fmt.Errorf("it is neither a result document nor a journal: %w", err)
	}
	switch head.Format {
	case DocumentFormat:
	case "":
		return nil, errors.New("it is neither a result document nor a journal: it has no format")
	default:
		return nil, fmt.Errorf("its format is %q; this version reads %q and %q", excerpt(head.Format), DocumentFormat, JournalFormat)
	}
	d := &Document{}
	if err := json.Unmarshal(content, d); err != nil {
		return nil, fmt.Errorf("the result document is damaged: %w", err)
	}
	if d.Metrics == nil {
		return nil, errors.New("the result document has no metrics")
	}
	return d, nil
}
