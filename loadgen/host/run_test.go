package host

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRunLeavesTheBackgroundAlone(t *testing.T) {
	dir := t.TempDir()
	if err := Run(t.Context(), []string{"sh", "-c", "sleep 100 & echo $! > pid"}, dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	if !running(pid) {
		t.Error("what it started is gone")
	}
}

func TestRunFails(t *testing.T) {
	wantError(t, Run(t.Context(), []string{"sh", "-c", "echo no such unit; exit 4"}, ""), `the command "sh -c`, "exit status 4", "it printed: no such unit")
	wantError(t, Run(t.Context(), []string{"no-such-program"}, ""), "was not started", "there is no program")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wantError(t, Run(ctx, []string{"sleep", "100"}, ""), "deadline exceeded", "it printed nothing")
}
