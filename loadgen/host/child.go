package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"ssebench/results"
)

const (
	sigTerm = syscall.SIGTERM
	sigKill = syscall.SIGKILL
)

// leftOutput bounds the wait for output once the command itself has ended.
const leftOutput = 200 * time.Millisecond

// child is one life of a Command. One goroutine owns it, from before the fork until it was waited for.
type child struct {
	pid    int
	tail   *tail
	free   func()        // ends the watching over its group
	exited chan struct{} // closed when it was waited for and its output was read
	// Valid once exited is closed.
	state *os.ProcessState
	// panicked says of a goroutine that it panicked; nil: none did.
	panicked atomic.Pointer[string]
	// alone: when the leader ended, nothing else was in its group. The number may then belong to strangers and is not signalled.
	alone   bool
	counted bool // its CPU was added to the Process; guarded by Process.mu
}

// spawn starts the command in its own process group: a Ctrl-C at the terminal is for us, and the server lives on through the drain.
func spawn(c *Command) (*child, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("%s was not started: %w", c.name(), err)
	}
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Dir = c.Dir
	if len(c.Env) > 0 {
		cmd.Env = append(os.Environ(), c.Env...)
	}
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = groupAttributes()

	ch := &child{tail: &tail{match: c.Ready.Line, found: make(chan struct{})}, exited: make(chan struct{})}
	started := make(chan error, 1)
	go ch.own(cmd, r, w, c.Output, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s was not started: %s", c.name(), explainStart(err, c))
	}
	return ch, nil
}

// own starts the command, reads its output and waits for it. It keeps its thread for all that time, since the kernel ties the
// parent-death signal to the thread that forked, not to the process.
func (ch *child) own(cmd *exec.Cmd, r, w *os.File, output io.Writer, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer r.Close()
	err := cmd.Start()
	w.Close()
	if err != nil {
		started <- err
		return
	}
	ch.pid = cmd.Process.Pid
	if ch.free, err = KillOnExit(ch.pid); err != nil {
		ch.free = func() {} // the parent-death signal is left, which reaches the command itself
	}
	started <- nil

	defer close(ch.exited)
	defer ch.recovered("what waits for the server's process")
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer ch.recovered("what reads the server's output")
		ch.tail.copy(r, output)
	}()
	// Its error is the status, which is told from ProcessState; there are no copying goroutines whose errors could hide in it.
	_ = cmd.Wait()
	ch.state = cmd.ProcessState
	if ch.alone = !groupAlive(ch.pid); ch.alone {
		ch.free() // the number may soon be another group's
	}
	// What it left behind, in the group or out of it, may hold the pipe open for ever.
	select {
	case <-read:
	case <-time.After(leftOutput):
		r.Close()
		<-read
	}
}

// recovered is deferred by the goroutines that look after the process: a panic is told as its end is.
func (ch *child) recovered(who string) {
	if value := recover(); value != nil {
		line := results.PanicLine(who, value)
		ch.panicked.Store(&line)
	}
}

func (ch *child) ended() bool {
	select {
	case <-ch.exited:
		return true
	default:
		return false
	}
}

// status is "exit status 1" or "signal: killed". Only after it ended.
func (ch *child) status() string { return ch.state.String() }

// cpu is what it and those of its children that were waited for used. Only after it ended.
func (ch *child) cpu() int64 {
	if ch.state == nil { // whoever waited for it panicked
		return 0
	}
	return int64(ch.state.UserTime() + ch.state.SystemTime())
}

// signal sends to the whole group, as long as the group is surely ours.
func (ch *child) signal(s syscall.Signal) {
	if ch.ended() && ch.alone {
		return
	}
	// The only error that can come is that the group is gone, which await sees.
	_ = syscall.Kill(-ch.pid, s)
}

// await waits until the leader was waited for and the group is empty. It says false after the limit or when ctx ends.
func (ch *child) await(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ch.exited:
	case <-timer.C:
		return false
	case <-ctx.Done():
		return false
	}
	// The group's others are not our children: they can only be polled.
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ch.alone && groupAlive(ch.pid) {
		select {
		case <-tick.C:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	ch.free()
	return true
}

// explainStart says in plain words why a program could not be started.
func explainStart(err error, c *Command) string {
	if c.Dir != "" {
		if info, statErr := os.Stat(c.Dir); statErr != nil || !info.IsDir() {
			return fmt.Sprintf("its directory %q does not exist", c.Dir)
		}
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Sprintf("there is no program %q in PATH; install it, or give its path", c.Args[0])
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no program %q (or not the interpreter that its first line names)", c.Args[0])
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%q may not be executed; chmod +x %s", c.Args[0], c.Args[0])
	}
	return err.Error()
}
