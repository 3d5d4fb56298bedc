package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ssebench/loadgen"
)

// Exec starts a command once and writes a line to its standard input for each event. A line that was written counts as published:
// the command does not answer.
type Exec struct {
	Command []string      // the program, looked up in PATH, and its arguments
	Dir     string        // working directory; empty: ours
	Line    string        // template; default {{.Payload}}
	Timeout time.Duration // of a write, for a command that does not read; default 10 s
	Grace   time.Duration // for the command to end after its input has ended; default 5 s
	// KillOnExit, where set, is told the command's process group, and kills it when this process ends before release is called.
	KillOnExit func(group int) (release func(), err error)
}

const (
	defaultGrace = 5 * time.Second
	// afterTerm is the time from SIGTERM to SIGKILL.
	afterTerm = 2 * time.Second
	// leftErrors bounds the wait for standard error once the command itself has ended.
	leftErrors = 200 * time.Millisecond
)

type execHook struct {
	config Exec
	name   string // how messages name the command
	line   *text
	pid    int
	stderr tail
	exited chan struct{} // closed when it was waited for and its standard error was read
	state  *os.ProcessState
	// panicked is the failure of a goroutine; nil: none panicked.
	panicked atomic.Pointer[loadgen.Failure]
	free     func() // ends what KillOnExit does

	writing chan struct{} // holds a token while a line is written
	stdin   *os.File
	torn    []byte // what is left of a line of which a part was written; guarded by writing

	closeOnce sync.Once
	closeErr  error
}

// NewExec checks the configuration and starts the command, in a process group of its own: a Ctrl-C at the terminal is for us.
func NewExec(c Exec) (Hook, error) {
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	c.Grace = orDefault(c.Grace, defaultGrace)
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, errors.New("the hook's command is empty: name a program")
	}
	h := &execHook{
		config: c, name: fmt.Sprintf("the hook's command %q", clip(c.Command[0], 120)),
		exited: make(chan struct{}), writing: make(chan struct{}, 1),
	}
	var err error
	if h.line, err = parseText("line", orDefault(c.Line, "{{.Payload}}")); err != nil {
		return nil, err
	}
	if out, _ := h.line.render(&sample); strings.ContainsAny(out, "\r\n") {
		return nil, errors.New("the hook's line has a line end in it; a line is one event")
	}
	if err := h.start(); err != nil {
		return nil, fmt.Errorf("%s was not started: %s", h.name, h.explainStart(err))
	}
	return h, nil
}

func (h *execHook) start() error {
	in, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	errs, stderr, err := os.Pipe()
	if err != nil {
		stdin.Close()
		return err
	}
	defer stderr.Close()
	cmd := exec.Command(h.config.Command[0], h.config.Command[1:]...)
	cmd.Dir = h.config.Dir
	cmd.Stdin, cmd.Stderr = in, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		stdin.Close()
		errs.Close()
		return err
	}
	h.pid, h.stdin, h.free = cmd.Process.Pid, stdin, func() {}
	if h.config.KillOnExit != nil {
		if free, err := h.config.KillOnExit(h.pid); err == nil {
			h.free = free // else nothing reaches it once we are gone but the end of its input
		}
	}
	go h.own(cmd, errs)
	return nil
}

// own waits for the command; Close waits for it.
func (h *execHook) own(cmd *exec.Cmd, errs *os.File) {
	defer close(h.exited)
	// A write that waits for a reader ends here.
	defer h.stdin.Close()
	defer h.recovered("what waits for the hook's command")
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer h.recovered("what reads the standard error of the hook's command")
		h.stderr.copy(errs)
	}()
	// Its error is the status, which ProcessState has too; there are no copying goroutines whose errors could hide in it.
	_ = cmd.Wait()
	// What it started and left behind ends with it: it reads no line, and may hold the pipe open for ever. As long as somebody is in the
	// group its number is no other's; an error says that nobody is.
	_ = syscall.Kill(-h.pid, syscall.SIGKILL)
	h.free()
	select {
	case <-read:
	case <-time.After(leftErrors):
	}
	errs.Close()
	<-read
	h.state = cmd.ProcessState
}

// recovered is deferred by the hook's goroutines: a panic is the failure of all further calls, which ends the run.
func (h *execHook) recovered(who string) {
	if value := recover(); value != nil {
		h.panicked.Store(fail(loadgen.TokenPanicked, "%s", loadgen.PanicLine(who, value)))
	}
}

// Publish writes the line. It fails for good once the command has ended.
func (h *execHook) Publish(parent context.Context, ev *loadgen.Event) error {
	if failure := h.panicked.Load(); failure != nil {
		return failure
	}
	line, failure := h.line.render(fieldsOf(ev))
	if failure != nil {
		return failure
	}
	if strings.ContainsAny(line, "\r\n") {
		return fail("hook_template", "the hook's line for event %s has a line end in it, and a line is one event; use {{json .Payload}}", ev.ID)
	}
	ctx, cancel := context.WithTimeout(parent, h.config.Timeout)
	defer cancel()
	select {
	case h.writing <- struct{}{}:
		defer func() { <-h.writing }()
	case <-h.exited:
		return h.gone()
	case <-ctx.Done():
		return h.stuck(parent)
	}
	select {
	case <-h.exited:
		return h.gone()
	default:
	}
	err := h.write(ctx, line)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return h.stuck(parent)
	}
	// A command that ended breaks the pipe a moment before it can be waited for.
	select {
	case <-h.exited:
		return h.gone()
	case <-time.After(time.Second):
		return fail("hook_exec_closed", "%s closed its standard input and runs on%s; it must read a line for each event", h.name, h.stderr.quote())
	}
}

// write writes the line behind what is left of one that an earlier time limit tore. Line ends stay where they belong.
func (h *execHook) write(ctx context.Context, line string) error {
	b := make([]byte, 0, len(h.torn)+len(line)+1)
	b = append(append(append(b, h.torn...), line...), '\n')
	// A pipe has deadlines and no contexts.
	if err := h.stdin.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cut)
		// It fails only when the pipe is closed already, which Write finds too.
		_ = h.stdin.SetWriteDeadline(time.Unix(1, 0))
	})
	n, err := h.stdin.Write(b)
	if !stop() {
		<-cut
	}
	switch {
	case n < len(h.torn):
		h.torn = h.torn[n:]
	case n == len(h.torn) || n == len(b):
		h.torn = nil
	default:
		h.torn = b[n:]
	}
	return err
}

func (h *execHook) stuck(parent context.Context) *loadgen.Failure {
	if failure := cutOff(parent, h.name); failure != nil {
		return failure
	}
	return fail("hook_exec_timeout", "%s did not read its standard input for %s%s; it must read a line for each event", h.name, h.config.Timeout, h.stderr.quote())
}

// gone is the failure of every call after the command has ended.
func (h *execHook) gone() *loadgen.Failure {
	if failure := h.panicked.Load(); failure != nil {
		return failure
	}
	return fail("hook_exec_exited", "%s ended with %s%s; it must run until its standard input ends", h.name, h.state, h.stderr.quote())
}

func (h *execHook) explainStart(err error) string {
	program := h.config.Command[0]
	if h.config.Dir != "" {
		if info, statErr := os.Stat(h.config.Dir); statErr != nil || !info.IsDir() {
			return fmt.Sprintf("its directory %q does not exist", h.config.Dir)
		}
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Sprintf("there is no program %q in PATH; install it, or give its path", program)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no program %q (or not the interpreter that its first line names)", program)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%q may not be executed; chmod +x %s", program, program)
	}
	return err.Error()
}

// Close ends the command's standard input and waits for the grace; then it is terminated. When ctx ends it is killed at once. The error says that it was, or that it
// ended with a status: lines that it had read may then not be published.
func (h *execHook) Close(ctx context.Context) error {
	h.closeOnce.Do(func() { h.closeErr = h.close(ctx) })
	return h.closeErr
}

func (h *execHook) close(ctx context.Context) error {
	select {
	case <-h.exited:
		// Every Publish since then has said so, unless there was none.
		return h.endError()
	default:
	}
	h.stdin.Close()
	if h.wait(ctx, h.config.Grace) {
		return h.endError()
	}
	why := fmt.Sprintf("did not end within %s of the end of its standard input and was terminated%s", h.config.Grace, h.stderr.quote())
	for _, step := range []struct {
		ctx    context.Context
		signal syscall.Signal
	}{{ctx, syscall.SIGTERM}, {context.WithoutCancel(ctx), syscall.SIGKILL}} {
		if step.ctx.Err() != nil {
			why = "was killed, since the run was to end at once"
			continue
		}
		// It fails only when the group is gone, which wait sees.
		_ = syscall.Kill(-h.pid, step.signal)
		if h.wait(step.ctx, afterTerm) {
			return fail("hook_exec_terminated", "%s %s; events that it still held may be missing", h.name, why)
		}
	}
	return fail("hook_exec_terminated", "%s (pid %d) is still there after SIGKILL", h.name, h.pid)
}

func (h *execHook) endError() error {
	if h.state.Success() {
		return nil
	}
	return h.gone()
}

// wait reports whether the command has ended within the limit and before ctx did.
func (h *execHook) wait(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-h.exited:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (h *execHook) Warnings() []Warning { return nil }
