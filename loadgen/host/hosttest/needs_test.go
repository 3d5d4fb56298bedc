package hosttest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// recorded is a test that notes how it ended.
type recorded struct{ ended string }

func (r *recorded) Helper()           {}
func (r *recorded) Name() string      { return "TestRecorded" }
func (r *recorded) Skip(args ...any)  { r.end("skipped: ", args) }
func (r *recorded) Fatal(args ...any) { r.end("failed: ", args) }

func (r *recorded) end(how string, args []any) {
	r.ended = how + fmt.Sprint(args...)
	runtime.Goexit()
}

// endOf runs a test and returns how it ended; empty: it went on to its end.
func endOf(test func(TB)) string {
	r, done := new(recorded), make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r.ended
}

func TestWhatIsMissingIsSkippedNamedAndCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skipped")
	t.Setenv("SSEBENCH_SKIPPED", file)
	t.Setenv("SSEBENCH_ALL", "")
	t.Setenv("PATH", t.TempDir())
	lacks := func(t TB) { Program(t, "redis-server", "redis-server") }
	const what = "redis-server is not installed (apt-get install redis-server)"
	for range 2 {
		if got := endOf(lacks); got != "skipped: "+what {
			t.Errorf("it ended with %q", got)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "TestRecorded: "+what+"\nTestRecorded: "+what+"\n" {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv("SSEBENCH_SKIPPED", "")
	if got := endOf(lacks); got != "skipped: "+what {
		t.Errorf("without a file it ended with %q", got)
	}
	t.Setenv("SSEBENCH_ALL", "1")
	if got := endOf(lacks); got != "failed: "+what {
		t.Errorf("where all tests count it ended with %q", got)
	}
}

func TestWhatIsThereIsNoReason(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "thing")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got := endOf(func(tb TB) {
		if path := Program(tb, "thing", "things"); path != program {
			t.Errorf("the program is %s, want %s", path, program)
		}
	}); got != "" {
		t.Error(got)
	}
	t.Setenv("SSEBENCH_ALL", "")
	t.Setenv("SSEBENCH_SKIPPED", "")
	want := ""
	if os.Geteuid() != 0 {
		want = "skipped: needs root: to mount"
	}
	if got := endOf(func(t TB) { Root(t, "to mount") }); got != want {
		t.Errorf("it ended with %q, want %q", got, want)
	}
}
