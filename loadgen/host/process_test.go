package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// output is a Writer that tests read while a child writes.

type output struct {
	mu sync.Mutex
	b  strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func sh(script string) Command { return Command{Args: []string{"sh", "-c", script}} }

func start(t *testing.T, c Command) *Process {
	t.Helper()
	p, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(context.Background()) })
	return p
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// pidIn reads "pid N" out of the process's output.

func pidIn(t *testing.T, text string) int {
	t.Helper()
	m := regexp.MustCompile(`pid (\d+)`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no pid in %q", text)
	}
	pid, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// signalLeader makes a script end that traps SIGUSR1.

func signalLeader(t *testing.T, p *Process) {
	t.Helper()
	if err := syscall.Kill(p.Pid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	within(t, "the leader ended", func() bool { return p.Exited() != "" })
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	for name, script := range map[string]string{
		"the leader waits":    `sleep 100 & echo "pid $!"; wait`,
		"the leader left":     `trap 'exit 0' USR1; sleep 100 & echo "pid $!"; wait`,
		"they ignore SIGTERM": `trap '' TERM; sh -c 'trap "" TERM; while :; do sleep 1; done' & echo "pid $!"; wait; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			var out output
			command := sh(script)
			command.Output = &out
			command.Stop = 200 * time.Millisecond
			p := start(t, command)
			within(t, "the child said its pid", func() bool { return strings.HasSuffix(out.String(), "\n") })
			grandchild := pidIn(t, out.String())
			leader := p.Pid()
			if name == "the leader left" {
				signalLeader(t, p)
			}
			err := p.Stop(t.Context())
			if name == "they ignore SIGTERM" {
				wantError(t, err, "did not end within 200ms of SIGTERM and was killed", "longer stop")
			} else if err != nil {
				t.Error(err)
			}
			if running(grandchild) || running(leader) {
				t.Errorf("leader %d or its child %d still runs", leader, grandchild)
			}
			if err := p.Stop(t.Context()); err != nil {
				t.Errorf("the second Stop: %v", err)
			}
		})
	}
}

func TestStopIsInterrupted(t *testing.T) {
	command := sh(`trap '' TERM; echo up; while :; do sleep 1; done`)
	command.Ready.Line = regexp.MustCompile("up")
	command.Stop = time.Hour
	p := start(t, command)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, p.Stop(ctx), "was killed before its grace of 1h0m0s was over", "context canceled")
	if running(p.Pid()) {
		t.Error("it still runs")
	}
}

func TestExitedByItself(t *testing.T) {
	command := sh(`trap 'echo "out of luck"; exit 7' USR1; sleep 100 & echo up; wait`)
	command.Ready.Line = regexp.MustCompile("up")
	p := start(t, command)
	signalLeader(t, p)
	wantText(t, p.Exited(), "ended by itself with exit status 7", "it printed last: up | out of luck")
	_, err := p.Sample()
	wantError(t, err, "is not running", "exit status 7")
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if p.Exited() == "" {
		t.Error("Stop hides that it had ended before")
	}
}

func TestStoppedIsNotExited(t *testing.T) {
	p := start(t, sh(`exec sleep 100`))
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Exited() != "" {
		t.Errorf("a server that was stopped: %s", p.Exited())
	}
}

func TestRestart(t *testing.T) {
	addr := address(t)
	command := be("serve", "ADDR="+addr)
	command.Ready.TCP = addr
	var out output
	command.Output = &out
	p := start(t, command)
	first, pid := mustSample(t, p), p.Pid()
	for i, kill := range []bool{false, true} {
		if err := p.Down(t.Context(), kill); err != nil {
			t.Fatal(err)
		}
		if running(pid) || p.Exited() != "" {
			t.Errorf("it still runs, or counts as gone by itself: %q", p.Exited())
		}
		if _, err := p.Sample(); err == nil {
			t.Error("a server that is down was sampled")
		}
		if err := p.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := mustSample(t, p)
		if p.Pid() == pid {
			t.Error("it is the same process")
		}
		if second.CPUNanos < first.CPUNanos || second.RunDelayNanos < first.RunDelayNanos {
			t.Errorf("the figures went back: %+v, then %+v", first, second)
		}
		first, pid = second, p.Pid()
		if said := strings.Count(out.String(), "bye"); said != 1 {
			t.Errorf("after %d restarts it said bye %d times, want once: SIGKILL leaves no time", i+1, said)
		}
	}
}

func TestRestartCountsOn(t *testing.T) {
	command := be("burn")
	command.Ready.Line = regexp.MustCompile("burning")
	p := start(t, command)
	within(t, "it used CPU", func() bool { return mustSample(t, p).CPUNanos > int64(300*time.Millisecond) })
	first := mustSample(t, p)
	if err := p.Down(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second := mustSample(t, p); second.CPUNanos < first.CPUNanos || second.RunDelayNanos < first.RunDelayNanos {
		t.Errorf("the figures went back: %+v, then %+v", first, second)
	}
}

// A number that may belong to strangers by now is not signalled.
func TestReusedGroupIsNotSignalled(t *testing.T) {
	stranger := start(t, sh("exec sleep 100"))
	ended := &child{pid: stranger.Pid(), exited: make(chan struct{}), alone: true}
	close(ended.exited)
	ended.signal(sigKill)
	mine := start(t, sh("exec sleep 100"))
	mine.child.signal(sigKill)
	within(t, "a kill that was sent later has come", func() bool { return mine.Exited() != "" })
	if !running(stranger.Pid()) {
		t.Error("the stranger was killed")
	}
}

func TestRestartElsewhere(t *testing.T) {
	command := sh(`echo "at $$"; exec sleep 100`)
	command.Ready.Line = regexp.MustCompile(`at (\d+)`)
	p := start(t, command)
	if err := p.Down(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Up(t.Context()), "came back at", "fixed port")
}

// The death of the starter, by kill -9, ends the server too.

func TestServerDiesWithUs(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD=parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "child %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	if !running(pid) {
		t.Fatal("the server does not run")
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	within(t, "the server is gone", func() bool { return !running(pid) })
}

func TestOutputWriterFails(t *testing.T) {
	command := sh(`echo a; echo b; echo up; exec sleep 100`)
	command.Ready.Line = regexp.MustCompile("up")
	command.Output = writerFunc(func([]byte) (int, error) { return 0, os.ErrClosed })
	start(t, command)
}
