package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A file is whole or not there, and nothing else is left beside it.
func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "document.json")
	torn := errors.New("no space left")
	write := func(text string, err error) error {
		return writeWhole(path, func(w io.Writer) error {
			if _, e := io.WriteString(w, text); e != nil {
				return e
			}
			return err
		})
	}
	want := func(text string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
	if err := write("half", torn); !errors.Is(err, torn) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a file is there: %v", err)
	}
	if err := write("one", nil); err != nil {
		t.Fatal(err)
	}
	want("one")
	if err := write("ha", torn); !errors.Is(err, torn) {
		t.Errorf("error %v", err)
	}
	want("one")
	if err := write("two", nil); err != nil {
		t.Fatal(err)
	}
	want("two")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := writeWhole(filepath.Join(dir, "none", "x"), func(io.Writer) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
