package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ssebench/loadgen"
)

func newExec(t *testing.T, c Exec) Hook {
	t.Helper()
	h, err := NewExec(c)
	return must(t, h, err)
}

// sh is a command whose output goes to a file, to be read after Close.
func sh(t *testing.T, script string) (command []string, out func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	return []string{"sh", "-c", script, "sh", path}, func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
}

func TestExecWritesALineForEachEvent(t *testing.T) {
	command, out := sh(t, `exec cat > "$1"`)
	h := newExec(t, Exec{Command: command, Line: `NOTIFY {{.Topic}}, {{json .Payload}} -- {{.Seq}}`})
	var all sync.WaitGroup
	for topic := range 8 {
		all.Go(func() {
			for seq := range uint64(100) {
				if err := h.Publish(t.Context(), event(fmt.Sprint("t", topic), seq, "two\nlines")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := h.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out(), "\n"), "\n")
	if len(lines) != 800 {
		t.Fatalf("%d lines", len(lines))
	}
	next := map[string]uint64{}
	for _, line := range lines {
		var topic string
		var seq uint64
		if _, err := fmt.Sscanf(strings.Replace(line, ",", "", 1), `NOTIFY %s "two\nlines" -- %d`, &topic, &seq); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if seq != next[topic] {
			t.Errorf("%s: %d came for %d", topic, seq, next[topic])
		}
		next[topic]++
	}
}

func TestExecRefusesLineEnds(t *testing.T) {
	h := newExec(t, Exec{Command: []string{"cat"}})
	for _, payload := range []string{"a\nb", "a\rb"} {
		wantFailure(t, h.Publish(t.Context(), event("t", 1, payload)), "hook_template", "event 0-1 has a line end", "{{json .Payload}}")
	}
	publishAll(t, h, event("t", 2, "fine"))
}

func TestExecThatExits(t *testing.T) {
	command, _ := sh(t, `read line; echo "first" >&2; echo "psql: postgres://me:s3cr3t@db/x: no route" >&2; exit 3`)
	h := newExec(t, Exec{Command: command})
	publishAll(t, h, event("t", 1, "x"))
	<-h.(*execHook).exited
	for range 3 {
		failure := wantFailure(t, h.Publish(t.Context(), event("t", 2, "x")), "hook_exec_exited",
			`the hook's command "sh" ended with exit status 3`, "first | psql: postgres://***@db/x: no route", "must run until")
		if strings.Contains(failure.Message, "s3cr3t") {
			t.Errorf("it shows the password: %s", failure.Message)
		}
	}
	wantFailure(t, h.Close(context.Background()), "hook_exec_exited")
}

// A write that waits for a reader ends with the command: when the pipe breaks, which is before the command can be waited for, and
// also when something that the command left behind keeps the pipe whole.
func TestExecThatExitsUnderTheWrite(t *testing.T) {
	for name, script := range map[string]string{
		"alone":        `echo up >&2; exec sleep 100`,
		"with a child": `exec 3<&0; sleep 100 <&3 & echo up >&2; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newExec(t, Exec{Command: []string{"sh", "-c", script}, Timeout: time.Hour})
			e := h.(*execHook)
			within(t, "it is up", func() bool { return e.stderr.quote() != "" })
			done := make(chan error)
			go func() { done <- h.Publish(context.Background(), event("t", 1, strings.Repeat("x", 1<<20))) }()
			within(t, "the write waits", func() bool { return len(e.writing) == 1 })
			if err := syscall.Kill(e.pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			wantFailure(t, <-done, "hook_exec_exited", "signal: killed")
			_ = syscall.Kill(-e.pid, syscall.SIGKILL) // the child, if there is one
		})
	}
}

func TestExecThatClosesItsInput(t *testing.T) {
	h := newExec(t, Exec{Command: []string{"sh", "-c", `exec <&-; echo closed >&2; exec sleep 100`}, Grace: time.Millisecond})
	within(t, "it closed its input", func() bool { return h.(*execHook).stderr.quote() != "" })
	wantFailure(t, h.Publish(t.Context(), event("t", 1, "x")), "hook_exec_closed", "closed its standard input and runs on", `(it said: "closed")`)
}

// A command that does not read for a while: the call fails in time, and when it reads on, no line is torn.
func TestExecThatDoesNotRead(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "go")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	command, out := sh(t, `read word < "$2"; exec cat > "$1"`)
	h := newExec(t, Exec{Command: append(command, fifo), Timeout: 100 * time.Millisecond})
	var failed []string
	for seq := range uint64(5) {
		payload := strconv.FormatUint(seq, 10) + strings.Repeat("x", 30_000)
		if err := h.Publish(t.Context(), event("t", seq, payload)); err != nil {
			wantFailure(t, err, "hook_exec_timeout", `"sh" did not read its standard input for 100ms`)
			failed = append(failed, payload[:1])
		}
	}
	// A pipe holds 64 KiB: two lines went in whole, the third in part, the others not at all.
	if got := strings.Join(failed, ""); got != "234" {
		t.Fatalf("failed: %s", got)
	}
	wantFailure(t, h.Publish(canceled(), event("t", 9, "x")), "hook_canceled", "the run ended")
	if err := os.WriteFile(fifo, []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, "it reads", func() bool { return h.Publish(t.Context(), event("t", 5, "5 after")) == nil })
	if err := h.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var starts []string
	for line := range strings.Lines(out()) {
		starts = append(starts, line[:1])
		if line[0] != '5' && len(line) != 30_002 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if got := strings.Join(starts, ""); got != "0125" {
		t.Errorf("lines: %s", got)
	}
}

func TestExecClose(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		token  string
		want   []string
	}{
		"ends":            {`cat`, "", nil},
		"ends with error": {`cat; echo "2 messages not delivered" >&2; exit 1`, "hook_exec_exited", []string{"exit status 1", "2 messages not delivered"}},
		"lingers":         {`cat; exec sleep 100`, "hook_exec_terminated", []string{"did not end within 100ms", "events that it still held may be missing"}},
		"lingers in a child": {
			`cat; sleep 100; exit 0`, "hook_exec_terminated", []string{"did not end within 100ms"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newExec(t, Exec{Command: []string{"sh", "-c", c.script}, Grace: 100 * time.Millisecond})
			if c.token != "hook_exec_terminated" {
				h.(*execHook).config.Grace = time.Minute
			}
			publishAll(t, h, event("t", 1, "x"))
			err := h.Close(context.Background())
			if c.token == "" {
				if err != nil {
					t.Error(err)
				}
			} else {
				wantFailure(t, err, c.token, c.want...)
			}
			if again := h.Close(context.Background()); !errors.Is(again, err) {
				t.Errorf("the second Close: %v", again)
			}
			within(t, "its whole group is gone", func() bool { return !groupRuns(t, h.(*execHook).pid) })
		})
	}
}

// groupRuns leaves zombies out: where process 1 reaps nobody (many containers) they stay.
func groupRuns(t *testing.T, pgid int) bool {
	t.Helper()
	if syscall.Kill(-pgid, 0) == syscall.ESRCH {
		return false
	}
	states, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(states) == 0 {
		return true
	}
	for _, path := range states {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var state, parent, group string
		if _, err := fmt.Sscan(string(b[strings.LastIndex(string(b), ")")+1:]), &state, &parent, &group); err != nil {
			t.Fatal(err)
		}
		if group == strconv.Itoa(pgid) && state != "Z" {
			return true
		}
	}
	return false
}

// What a command leaves behind with its standard error open does not hold us up.
func TestExecLeavesAChild(t *testing.T) {
	h := newExec(t, Exec{Command: []string{"sh", "-c", `sleep 100 & echo $! >&2; exit 4`}})
	<-h.(*execHook).exited
	failure := wantFailure(t, h.Publish(t.Context(), event("t", 1, "x")), "hook_exec_exited", "exit status 4")
	var pid int
	if _, err := fmt.Sscanf(failure.Message[strings.Index(failure.Message, "it said"):], `it said: "%d"`, &pid); err != nil {
		t.Fatalf("%v: %s", err, failure.Message)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestExecMistakes(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("echo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config Exec
		want   []string
	}{
		"empty":      {Exec{}, []string{"command is empty"}},
		"not found":  {Exec{Command: []string{"no-such-program-here"}}, []string{`no program "no-such-program-here" in PATH`}},
		"no file":    {Exec{Command: []string{dir + "/none"}}, []string{"there is no program"}},
		"no exec":    {Exec{Command: []string{plain}}, []string{"may not be executed", "chmod +x"}},
		"no dir":     {Exec{Command: []string{"cat"}, Dir: dir + "/none"}, []string{"its directory"}},
		"field":      {Exec{Command: []string{"cat"}, Line: "{{.Data}}"}, []string{"the hook's line uses .Data"}},
		"two lines":  {Exec{Command: []string{"cat"}, Line: "a\nb"}, []string{"the hook's line has a line end"}},
		"no program": {Exec{Command: []string{""}}, []string{"command is empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewExec(c.config)
			wantMistake(t, h, err, c.want...)
		})
	}
}

func TestTailKeepsTheLastLines(t *testing.T) {
	var l tail
	for i := range 10 {
		l.write([]byte(fmt.Sprintf("line %d\r", i)))
		l.write([]byte("\n\n"))
	}
	l.write([]byte(strings.Repeat("z", longestLine+5)))
	l.write([]byte("zz"))
	got := l.quote()
	if !strings.HasPrefix(got, ` (it said: "line 7 | line 8 | line 9 | zzz`) || len(got) > 300 {
		t.Error(got)
	}
}

var _ loadgen.Publisher = Hook(nil)
