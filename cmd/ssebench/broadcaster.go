package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"ssebench/loadgen"
)

// broadcasterProcess is "ssebench broadcast", and the publisher that hands it events.
type broadcasterProcess struct {
	address string
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	line    []byte
}

// startBroadcaster starts it; ctx kills it.
func startBroadcaster(ctx context.Context) (*broadcasterProcess, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &broadcasterProcess{command: exec.CommandContext(ctx, executable, "broadcast")}
	p.command.Stderr = os.Stderr
	p.command.WaitDelay = time.Second
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the bare server: %w", err)
	}
	p.out = bufio.NewReader(out)
	address, err := p.out.ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("the bare server ended before it was ready: %w", err)
	}
	p.address = strings.TrimSpace(address)
	return p, nil
}

// Publish implements loadgen.Publisher: it returns when the event was written to every stream. There is one topic, so calls come one
// by one.
func (p *broadcasterProcess) Publish(_ context.Context, ev *loadgen.Event) error {
	p.line = append(append(p.line[:0], ev.Payload...), '\n')
	if _, err := p.in.Write(p.line); err != nil {
		return &loadgen.Failure{Token: "hook_broadcast", Message: fmt.Sprintf("the bare server takes no more events: %v", err)}
	}
	if _, err := p.out.ReadByte(); err != nil {
		return &loadgen.Failure{Token: "hook_broadcast", Message: fmt.Sprintf("the bare server is gone: %v", err)}
	}
	return nil
}

// stop ends the process.
func (p *broadcasterProcess) stop() {
	p.in.Close()
	_ = p.command.Wait() // it has nothing to say
}
