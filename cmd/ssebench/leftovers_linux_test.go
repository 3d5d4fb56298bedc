package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The ways in which a server can be started, each at an address that it says itself.
var starts = map[string]string{
	"a command":              "command: fixture plain",
	"a shell with a child":   `command: [sh, -c, 'fixture plain & wait']`,
	"one that ignores TERM":  `command: [sh, -c, 'trap "" TERM; fixture plain'], stop: 1s`,
	"the bundled server":     "",
	"one with grandchildren": `command: [sh, -c, 'sh -c "sleep 1000 & sleep 1000 & wait" & exec fixture plain']`,
}

// The ways in which events can be published.
var hooks = map[string]string{
	"http":               "http: {url: '${SERVER_URL}/publish'}",
	"redis":              "redis: {address: '${REDIS}', channel: c}",
	"exec":               "exec: {command: 'fixture poster ${SERVER_URL}/publish'}",
	"exec with children": `exec: {command: [sh, -c, 'sleep 1000 & sleep 1000 & exec fixture poster ${SERVER_URL}/publish']}`,
	"exec that stays":    `exec: {command: [sh, -c, 'trap "" TERM INT HUP; while :; do sleep 1; done']}, timeout: 60s`,
	"http that hangs":    "http: {url: 'http://${SILENT}/'}, timeout: 60s",
	"subscribers":        "subscribers: {url: '${SERVER_URL}/publish'}",
}

// ends are the ways to end a run from outside.
var ends = map[string][]syscall.Signal{
	"KILL":      {syscall.SIGKILL},
	"HUP":       {syscall.SIGHUP},
	"TERM":      {syscall.SIGTERM},
	"INT twice": {syscall.SIGINT, syscall.SIGINT},
}

// Whatever a run has started, and however it is ended, no process of it is left, no file but its journal and document, and nothing
// listens any more where its server did.
func TestNothingIsLeftOver(t *testing.T) {
	long(t)
	redis, err := redisServer(t, t.TempDir(), t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // what connects waits for ever
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	addresses := []string{"REDIS=" + redis, "SILENT=" + silent.Addr().String()}
	try := func(start, hook, end string) {
		t.Run(fmt.Sprintf("%s, %s, %s", start, hook, end), func(t *testing.T) {
			t.Parallel()
			leaveNothing(t, addresses, starts[start], hooks[hook], ends[end])
		})
	}
	for end := range ends {
		for start := range starts {
			try(start, "http", end)
		}
		for hook := range hooks {
			if hook != "http" {
				try("a command", hook, end)
			}
		}
	}
}

func leaveNothing(t *testing.T, addresses []string, start, hook string, signals []syscall.Signal) {
	dir := t.TempDir()
	temporary := filepath.Join(dir, "tmp")
	scenario := "name: left\ndrain: 100ms\nload: {connections: 3, phases: [{ramp: at_once}, {hold: 100s}]}\n"
	if start == "" {
		scenario += "reference: true\npublish: {rate: 20/s}\n"
	} else {
		scenario += "target:\n  url: ${SERVER_URL}/events\n  start: {" + start + `, ready: {line: 'listening on (?P<url>\S+)'}}` + "\npublish: {rate: 20/s, hook: {" + hook + "}}\n"
	}
	for _, err := range []error{os.Mkdir(temporary, 0o700), os.WriteFile(filepath.Join(dir, "left.yaml"), []byte(scenario), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("ssebench")
	if err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("SSEBENCH_TEST_MARK=%d-%s", os.Getpid(), filepath.Base(filepath.Dir(dir))+filepath.Base(dir))
	var said bytes.Buffer
	cmd := exec.Command(program, "run", "-q", "left.yaml", "--out", "out")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &said, &said
	cmd.Env = append(append(os.Environ(), mark, "TMPDIR="+temporary), addresses...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		for _, p := range marked(mark) {
			_ = syscall.Kill(p, syscall.SIGKILL)
		}
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ends is not the question here
	}()
	if !eventually(func() bool { return intervals(dir) >= 1 }) {
		t.Fatalf("no journal: %s", said.String())
	}
	if len(marked(mark)) < 2 {
		t.Fatal("there is nothing that could be left over")
	}
	for n, s := range signals {
		if n > 0 { // two signals at once are one
			time.Sleep(100 * time.Millisecond)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	asked := time.Now()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("still running: %s", said.String())
	}
	if took := time.Since(asked); len(signals) > 1 {
		t.Logf("ended %v after the second signal", took)
		if took > 3*time.Second { // a second, and the wait for a CPU on a busy machine
			t.Errorf("ended %v after the second signal", took)
		}
	}
	if !eventually(func() bool { return len(marked(mark)) == 0 }) {
		t.Errorf("left over: %s", commandLines(marked(mark)))
	}
	allowed := []string{"left.yaml", ".journal", ".json", ".flight"}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.ContainsFunc(allowed, func(end string) bool { return strings.HasSuffix(path, end) }) {
			t.Errorf("left over: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// eventually asks for up to 20 s.
func eventually(done func() bool) bool {
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if done() {
			return true
		}
	}
	return done()
}

// intervals counts the seconds in the only journal.
func intervals(dir string) int {
	paths, _ := filepath.Glob(filepath.Join(dir, "out", "*.journal"))
	if len(paths) == 0 {
		return 0
	}
	raw, _ := os.ReadFile(paths[0])
	return max(bytes.Count(raw, []byte("\n"))-2, 0)
}

// marked lists the processes, zombies aside, that have inherited the variable.
func marked(mark string) (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		environment, err := os.ReadFile(path) // of a zombie it is empty
		if err != nil || !bytes.Contains(environment, []byte(mark)) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		pids = append(pids, pid)
	}
	return pids
}

// commandLines tells what processes they are.
func commandLines(pids []int) string {
	var all []string
	for _, pid := range pids {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		all = append(all, strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
	}
	return strings.Join(all, " | ")
}
