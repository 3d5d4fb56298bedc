// Package hosttest says what a test needs of the machine beside Go: a program, or root. Where that is missing the
// test is skipped, by name, and entered in the file that SSEBENCH_SKIPPED names (.ci/test shows and counts
// them). With SSEBENCH_ALL=1 (.ci/run) it fails.
package hosttest

import (
	"fmt"
	"os"
	"os/exec"
)

// TB is what the package needs of a test.
type TB interface {
	Helper()
	Name() string
	Skip(args ...any)
	Fatal(args ...any)
}

// Program returns the path of a program that Debian has in the package.
func Program(t TB, name, pkg string) (path string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, fmt.Sprintf("%s is not installed (apt-get install %s)", name, pkg))
	}
	return path
}

// Root needs the rights of root.
func Root(t TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "needs root: "+why)
	}
}

// Missing ends a test that the machine lacks something for.
func Missing(t TB, what string) {
	t.Helper()
	if os.Getenv("SSEBENCH_ALL") == "1" {
		t.Fatal(what)
	}
	if file := os.Getenv("SSEBENCH_SKIPPED"); file != "" {
		if err := enter(file, t.Name()+": "+what+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	t.Skip(what)
}

// enter appends a line; many processes do so at the same time.
func enter(file, line string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
