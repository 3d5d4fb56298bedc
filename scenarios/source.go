package scenarios

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source is a scenario as text, and the settings on top of it. The zero Source with Sets is a scenario made of flags alone.
type Source struct {
	Name  string // as the user named it; shown before line and column
	Bytes []byte // YAML; may be empty
	Dir   string // where the relative paths of the scenario start; empty: the working directory
	Sets  []Setting
	// Secrets gets to know what is secret in the scenario; nil: its own.
	Secrets *Redactor
}

// Setting puts a value at a path of the scenario before it is decoded: load.connections=10k. The steps of a path are field names and,
// from 0, places in a list, or + for one item more. What is missing on the way is made; a setting takes the place of what excludes it (target.url that of
// reference); an empty value, or null, takes a field out; a value that begins with [ or { is YAML where the field is no string. load.hold and load.ramp
// stand for the only phase of that kind, where there are phases.
type Setting struct {
	Path   string
	Value  string
	Values []string // of a header that is sent several times, in place of Value
	Flag   string   // how it was written, for messages: "-c 10k"; empty: "--set PATH=VALUE"
}

// ParseSetting reads PATH=VALUE.
func ParseSetting(s string) (Setting, error) {
	path, value, ok := strings.Cut(s, "=")
	if path = strings.TrimSpace(path); !ok || path == "" {
		return Setting{}, fmt.Errorf("--set %s: write it as PATH=VALUE, such as load.connections=10k", quote(s))
	}
	return Setting{Path: path, Value: value}, nil
}

func (s Setting) flag() string {
	if s.Flag != "" {
		return s.Flag
	}
	return "--set " + s.Path + "=" + s.Value
}

// mostBytes bounds a scenario file.
const mostBytes = 1 << 20

// Find returns the embedded scenario of that name, or else the file. A path with a separator or an extension is always a file.
func Find(nameOrPath string) (Source, error) {
	if text, ok := Embedded(nameOrPath); ok {
		return Source{Name: nameOrPath, Bytes: text}, nil
	}
	source, err := LoadFile(nameOrPath)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(nameOrPath, `./\`) {
		if name := near(nameOrPath, Names()); name != "" {
			return Source{}, fmt.Errorf("%s: no such file, and no embedded scenario has that name; did you mean %q?", nameOrPath, name)
		}
		return Source{}, fmt.Errorf("%s: no such file, and no embedded scenario has that name: there are %s", nameOrPath, strings.Join(Names(), ", "))
	}
	return source, err
}

// LoadFile reads a scenario file. Its errors are one line and name the path.
func LoadFile(path string) (Source, error) {
	text, err := readFile(path, mostBytes)
	if err != nil {
		return Source{}, err
	}
	return Source{Name: path, Bytes: text, Dir: filepath.Dir(path)}, nil
}

// readFile reads at most so many bytes of a regular file, pipe or device.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		var wrapped *fs.PathError
		if errors.As(err, &wrapped) {
			return nil, &fileError{path: path, err: wrapped.Err}
		}
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read: closing cannot lose anything
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &fileError{path: path, err: errors.New("is a directory: name a file in it")}
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, &fileError{path: path, err: err}
	}
	if int64(len(text)) > most {
		return nil, &fileError{path: path, err: fmt.Errorf("is longer than %s: is it the right file?", Size(most))}
	}
	return text, nil
}

// fileError is an error of the file system in one line, without the name of the system call.
type fileError struct {
	path string
	err  error
}

func (e *fileError) Error() string {
	if errors.Is(e.err, fs.ErrNotExist) {
		return e.path + ": no such file"
	}
	return e.path + ": " + e.err.Error()
}

func (e *fileError) Unwrap() error { return e.err }
