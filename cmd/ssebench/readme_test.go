package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every command of the README that stands behind "$ " is run, in order, in a copy of the tree; its YAML files are written first.
// Only the port of the examples is changed to a free one.
func TestREADME(t *testing.T) {
	long(t)
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tree := copyTree(t)
	t.Setenv("GOCACHE", goCache(t)) // which would follow the next one
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(readme), "127.0.0.1:8080", fmt.Sprintf("127.0.0.1:%d", port))
	for _, file := range regexp.MustCompile("(?s)```yaml\n# (\\S+)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(tree, file[1]), []byte(file[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			line, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if !ok {
				continue
			}
			ran++
			if background, ok := strings.CutSuffix(line, "&"); ok {
				startInBackground(t, tree, background, port)
			} else {
				runCommand(t, tree, line)
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were found", ran)
	}
}

func goCache(t *testing.T) string {
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// copyTree copies the module without what git does not hold.
func copyTree(t *testing.T) string {
	to := filepath.Join(t.TempDir(), "ssebench")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "cmd", "loadgen", "reference", "report", "results", "scenarios"} {
		from := filepath.Join(root, name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(from))
		} else {
			var b []byte
			if b, err = os.ReadFile(from); err == nil {
				_ = os.MkdirAll(to, 0o755)
				err = os.WriteFile(filepath.Join(to, name), b, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func runCommand(t *testing.T, dir, line string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", line)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil && len(out) == 0 {
		t.Errorf("$ %s\nprinted nothing", line)
	}
	if code := cmd.ProcessState.ExitCode(); err != nil && code != 98 && !strings.Contains(string(out), "Error 98") {
		t.Errorf("$ %s\n%v\n%s", line, err, out)
	}
}

// startInBackground starts a server that ends with the test, and waits until it accepts.
func startInBackground(t *testing.T, dir, line string, port int) {
	t.Helper()
	cmd := exec.Command("bash", "-c", "exec "+line)
	cmd.Dir = dir
	cmd.SysProcAttr = tethered()
	startUntilEnd(t, cmd)
	awaitListener(t, fmt.Sprintf("127.0.0.1:%d", port))
}

// awaitListener waits until an address accepts connections.
func awaitListener(tb testing.TB, address string) {
	tb.Helper()
	for begun := time.Now(); ; {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		if time.Since(begun) > 30*time.Second {
			tb.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // the condition is another process's socket
	}
}

// What the README quotes of published tables stands in them as it is written: every row of the claims, and every line of the comparison.
func TestREADMEQuotesWhatWasMeasured(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		text, err := os.ReadFile("../../" + path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	readme, transports := read("README.md"), read("results/published/transports/tables.md")
	for row := range strings.Lines(read("results/published/claims/tables.md")) {
		if strings.HasPrefix(row, "|") && !strings.Contains(readme, row) {
			t.Errorf("the README does not have %s", row)
		}
	}
	quoted := regexp.MustCompile("(?s)```text\n(Comparison .*?)```").FindStringSubmatch(readme)
	if quoted == nil {
		t.Fatal("the README quotes no comparison")
	}
	for line := range strings.Lines(quoted[1]) {
		if !strings.Contains(transports, line) {
			t.Errorf("the tables of the comparison do not have %q", line)
		}
	}
}
