package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"ssebench/results"
)

// Command says how a server under test is started, when it is ready and how it stops.
type Command struct {
	Args   []string      // the program, looked up in PATH, and its arguments; it must stay in the foreground
	Dir    string        // working directory; empty: ours
	Env    []string      // "NAME=value", added to our environment
	Ready  Ready         // zero: ready as soon as it was started
	Stop   time.Duration // grace between SIGTERM and SIGKILL; 0: DefaultStop
	Output io.Writer     // gets all that it prints, from one goroutine at a time; nil: only the last lines are kept, for messages
}

// DefaultStop is the grace of a Command that sets none.
const DefaultStop = 10 * time.Second

// afterKill bounds the wait for a group that was sent SIGKILL: only a process in uninterruptible sleep outlasts it.
const afterKill = 5 * time.Second

// Process is a server under test: one that Start started, or one that Attach looks at. Its methods may be called from any
// goroutine. It is a loadgen.Server.
type Process struct {
	command  Command
	attached bool

	lifecycle sync.Mutex // serializes Stop, Down and Up

	mu      sync.Mutex // guards what follows
	child   *child     // nil when attached
	url     string
	sampler *sampler
	// What earlier children used: the figures count on when it comes up again.
	pastCPU, pastSystem, pastDelay int64
	stopping                       bool
}

// Start starts the server and waits until it is ready. ctx bounds the start only. When it returns an error nothing is left
// running. A server that exits early is an error at once, with its status and its last lines.
func Start(ctx context.Context, c Command) (*Process, error) {
	p := &Process{command: c}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Attach looks at a process that runs already. Stop leaves it alone, Down and Up are errors.
func Attach(pid int) (*Process, error) {
	s, err := newSampler(pid, true)
	if err != nil {
		return nil, fmt.Errorf("cannot attach to process %d: %w; check the pid", pid, err)
	}
	return &Process{attached: true, sampler: s}, nil
}

// Pid is the process ID; that of the latest child.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sampler.pid
}

// URL is what Ready.Line captured; empty without one.
func (p *Process) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.url
}

// Sample tells what the process and its children used since the first start. It is called once a second. While the process is
// down it is an error.
func (p *Process) Sample() (results.ProcessSample, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.child; c != nil && c.ended() {
		return results.ProcessSample{}, fmt.Errorf("%s is not running: it ended with %s", p.command.name(), c.status())
	}
	s, err := p.sampler.sample()
	if err != nil {
		return results.ProcessSample{}, err
	}
	s.CPUNanos += p.pastCPU
	s.SystemNanos += p.pastSystem
	if s.RunDelayNanos >= 0 {
		s.RunDelayNanos += p.pastDelay
	}
	return s, nil
}

// Exited is one line about a server that ended although nobody stopped it; empty while it runs, and for attached ones.
func (p *Process) Exited() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		if line := p.child.panicked.Load(); line != nil {
			return *line
		}
	}
	if p.child == nil || p.stopping || !p.child.ended() {
		return ""
	}
	return fmt.Sprintf("%s ended by itself with %s%s", p.command.name(), p.child.status(), p.child.tail.quote())
}

// Stop sends SIGTERM to the process group, waits for the grace, and then kills what is left. When ctx ends it kills at once. A
// server that had to be killed is an error; in any case nothing of it runs any more when Stop returns nil or that error.
func (p *Process) Stop(ctx context.Context) error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	return p.stop(ctx, sigTerm)
}

// Down ends the server in the middle of a run: as Stop does, or with SIGKILL at once. Up starts it again.
func (p *Process) Down(ctx context.Context, kill bool) error {
	if p.attached {
		return p.notOurs()
	}
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	if kill {
		return p.stop(ctx, sigKill)
	}
	return p.stop(ctx, sigTerm)
}

// Up starts a server that is down with the same command, and waits until it is ready.
func (p *Process) Up(ctx context.Context) error {
	if p.attached {
		return p.notOurs()
	}
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	return p.start(ctx)
}

func (p *Process) notOurs() error {
	return fmt.Errorf("cannot restart process %d: it was not started by ssebench; give the scenario a start command", p.Pid())
}

func (p *Process) start(ctx context.Context) error {
	c := &p.command
	if len(c.Args) == 0 || c.Args[0] == "" {
		return errors.New("the start command is empty: name a program")
	}
	if err := c.Ready.vacant(ctx); err != nil {
		return fmt.Errorf("%s was not started: %w", c.name(), err)
	}
	ch, err := spawn(c)
	if err != nil {
		return err
	}
	url, err := c.Ready.await(ctx, ch)
	var s *sampler
	if err == nil {
		if s, err = newSampler(ch.pid, true); err != nil && ch.await(ctx, afterKill) {
			err = fmt.Errorf("ended with %s as soon as it was started", ch.status())
		}
	}
	if err == nil && p.url != "" && url != p.url {
		err = fmt.Errorf("it came back at %s and not at %s: give it a fixed port", url, p.url)
	}
	if err != nil {
		ch.signal(sigKill)
		ch.await(context.Background(), afterKill)
		return fmt.Errorf("%s %w%s", c.name(), err, ch.tail.quote())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.child, p.url, p.sampler, p.stopping = ch, url, s, false
	return nil
}

func (p *Process) stop(ctx context.Context, first syscall.Signal) error {
	if p.attached {
		return nil
	}
	p.mu.Lock()
	ch := p.child
	if !ch.ended() {
		p.stopping = true
	}
	// The last look at what would be lost with the child; it is kept in the sampler, and an error only says that it came too late.
	_, _ = p.sampler.sample()
	p.mu.Unlock()

	grace := p.command.Stop
	if grace == 0 {
		grace = DefaultStop
	}
	ch.signal(first)
	var err error
	if !ch.await(ctx, grace) {
		ch.signal(sigKill)
		killed := ch.await(context.Background(), afterKill)
		switch {
		case !killed:
			err = fmt.Errorf("%s (pid %d) is still there %s after SIGKILL", p.command.name(), ch.pid, afterKill)
		case ctx.Err() != nil:
			err = fmt.Errorf("%s was killed before its grace of %s was over: %w", p.command.name(), grace, context.Cause(ctx))
		default:
			err = fmt.Errorf("%s did not end within %s of SIGTERM and was killed; give it a longer stop", p.command.name(), grace)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if ch.ended() && !ch.counted {
		ch.counted = true
		p.pastCPU += max(ch.cpu(), p.sampler.last.CPUNanos)
		p.pastSystem += max(int64(ch.state.SystemTime()), p.sampler.last.SystemNanos)
		p.pastDelay += max(0, p.sampler.last.RunDelayNanos)
	}
	return err
}

// name is the command as messages show it.
func (c *Command) name() string {
	return fmt.Sprintf("the server command %q", clip(strings.Join(c.Args, " "), 120))
}
