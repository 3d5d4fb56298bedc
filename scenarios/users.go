package scenarios

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// users are the rows of a users file.
type users struct {
	file    string
	columns []string // of any row
	rows    []map[string]string
	lines   []int // where each row stands
}

const mostUsersBytes = 256 << 20

// len is zero without a users file.
func (u *users) len() int {
	if u == nil {
		return 0
	}
	return len(u.rows)
}

// row of a client; the rows are taken again from the start where there are fewer. It must not be changed.
func (u *users) row(client int) map[string]string {
	if u == nil {
		return nil
	}
	return u.rows[client%len(u.rows)]
}

// lacks says what is wrong with naming a column.
func (u *users) lacks(column string) (message, suggestion string) {
	if u == nil {
		return "{{.User." + column + "}} needs a users file: set target.users", ""
	}
	if !slices.Contains(u.columns, column) {
		if suggestion = near(column, u.columns); suggestion != "" {
			return fmt.Sprintf("%s has no column %s", u.file, quote(column)), suggestion
		}
		return fmt.Sprintf("%s has no column %s: there are %s", u.file, quote(column), strings.Join(u.columns, ", ")), ""
	}
	for i, row := range u.rows {
		if _, ok := row[column]; !ok {
			return fmt.Sprintf("%s:%d has no %s", u.file, u.lines[i], quote(column)), ""
		}
	}
	return "", ""
}

// readUsers reads as many rows as there are clients for. What is wrong in the file comes back as *Mistakes that name its lines and do not quote
// them: they hold secrets.
func readUsers(file string, clients int) (*users, error) {
	content, err := readFile(file, mostUsersBytes)
	if err != nil {
		return nil, err
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	u := &users{file: file}
	mistakes := &Mistakes{}
	switch ext := strings.ToLower(filepath.Ext(file)); {
	case !utf8.Valid(content):
		mistakes.add(Mistake{File: file, Message: "the text is not UTF-8"})
	case ext == ".jsonl", ext == ".ndjson", ext != ".csv" && bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")):
		u.readJSONL(content, clients, mistakes)
	default:
		u.readCSV(content, clients, mistakes)
	}
	if len(mistakes.List) == 0 && len(u.rows) == 0 {
		mistakes.add(Mistake{File: file, Message: "holds no user: a CSV file has a header line and then a row for each, a JSONL file an object for each"})
	}
	return u, mistakes.err()
}

func (u *users) readCSV(content []byte, clients int, mistakes *Mistakes) {
	r := csv.NewReader(bytes.NewReader(content))
	r.ReuseRecord = true
	for n := 0; len(u.rows) < clients && len(mistakes.List) < mostMistakes; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			var wrong *csv.ParseError
			if !errors.As(err, &wrong) {
				mistakes.add(Mistake{File: u.file, Message: err.Error()})
				return
			}
			if errors.Is(err, csv.ErrFieldCount) {
				mistakes.add(Mistake{
					File: u.file, Line: wrong.Line, Column: 1,
					Message: fmt.Sprintf("the row has %d fields, the header line %d", len(record), len(u.columns)),
				})
				continue
			}
			source := lineOf(content, wrong.Line)
			column := utf8.RuneCountInString(source[:min(max(wrong.Column-1, 0), len(source))]) + 1
			mistakes.add(Mistake{File: u.file, Line: wrong.Line, Column: column, Message: wrong.Err.Error()})
			return
		}
		line, _ := r.FieldPos(0)
		if n == 0 {
			if !u.header(record, line, mistakes) {
				return
			}
			continue
		}
		row := make(map[string]string, len(record))
		for i, value := range record {
			row[u.columns[i]] = strings.Clone(value)
		}
		u.rows, u.lines = append(u.rows, row), append(u.lines, line)
	}
}

func (u *users) header(record []string, line int, mistakes *Mistakes) bool {
	for i, name := range record {
		name = strings.Clone(strings.TrimSpace(name))
		message := ""
		if name == "" {
			message = fmt.Sprintf("column %d of the header line has no name", i+1)
		} else if slices.Contains(u.columns, name) {
			message = "column " + quote(name) + " is there twice"
		}
		if message != "" {
			mistakes.add(Mistake{File: u.file, Line: line, Column: 1, Message: message})
		}
		u.columns = append(u.columns, name)
	}
	return len(mistakes.List) == 0
}

func (u *users) readJSONL(content []byte, clients int, mistakes *Mistakes) {
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, len(content)+1)
	known := map[string]bool{}
	for line := 1; lines.Scan() && len(u.rows) < clients && len(mistakes.List) < mostMistakes; line++ {
		object := lines.Bytes()
		if len(bytes.TrimSpace(object)) == 0 {
			continue
		}
		row, at, message := jsonRow(object)
		if message != "" {
			column := utf8.RuneCount(object[:min(at, len(object))]) + 1
			mistakes.add(Mistake{File: u.file, Line: line, Column: column, Message: message})
			continue
		}
		for name := range row {
			if !known[name] {
				known[name] = true
				u.columns = append(u.columns, name)
			}
		}
		u.rows, u.lines = append(u.rows, row), append(u.lines, line)
	}
	slices.Sort(u.columns)
}

// jsonRow reads one object of strings, numbers and booleans; a message says what is wrong at which byte.
func jsonRow(object []byte) (row map[string]string, at int, message string) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		var syntax *json.SyntaxError
		var typ *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return nil, max(int(syntax.Offset)-1, 0), err.Error()
		case errors.As(err, &typ):
			return nil, 0, "a row is a JSON object, not " + article(typ.Value)
		}
		return nil, len(object), "the JSON object has no end"
	}
	if fields == nil {
		return nil, 0, "a row is a JSON object, not null"
	}
	if rest := bytes.TrimSpace(object[dec.InputOffset():]); len(rest) > 0 {
		return nil, int(dec.InputOffset()), "text follows the JSON object: one object a line"
	}
	row = make(map[string]string, len(fields))
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			row[name] = value
		case json.Number:
			row[name] = value.String()
		case bool:
			row[name] = fmt.Sprint(value)
		default:
			return nil, max(bytes.Index(object, []byte(`"`+name+`"`)), 0), quote(name) + " is neither a string, a number nor true or false"
		}
	}
	return row, 0, ""
}

func article(noun string) string {
	if noun == "array" {
		return "an " + noun
	}
	return "a " + noun
}

func lineOf(content []byte, n int) string {
	for range n - 1 {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	line, _, _ := bytes.Cut(content, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r")
}
