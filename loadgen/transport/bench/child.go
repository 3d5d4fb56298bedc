package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// child is one of the processes that the bench starts. It ends when its input is closed.
type child struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	answer *json.Decoder
	errors bytes.Buffer
}

// start starts "bench ROLE" with its configuration, where pinned on one CPU alone.
func start(role string, config any, pinned bool) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{name: role, cmd: exec.Command(self, role)}
	c.cmd.Stderr = &c.errors
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.answer = json.NewDecoder(out)
	if pinned {
		err = startPinned(c.cmd)
	} else {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(c.in).Encode(config); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// startPinned starts a process that runs on the last of our CPUs, which interrupts prefer least, and counts no other as its own: it
// inherits the affinity of the thread that starts it.
func startPinned(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	last := -1
	for i := range 8 * len(all) * 8 {
		if all.IsSet(i) {
			last = i
		}
	}
	one.Set(last)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	err := cmd.Start()
	if restore := unix.SchedSetaffinity(0, &all); err == nil && restore != nil {
		err = restore
	}
	return err
}

// read waits for the process's answer. A process that gives none is killed.
func (c *child) read(answer any, within time.Duration) error {
	timer := time.AfterFunc(within, func() { c.cmd.Process.Kill() })
	defer timer.Stop()
	begun := time.Now()
	err := c.answer.Decode(answer)
	if err == nil {
		return nil
	}
	c.in.Close()
	_ = c.cmd.Wait() // what it wrote to its standard error is complete now
	message := strings.TrimSpace(c.errors.String())
	if len(message) > 2000 {
		message = message[:2000]
	}
	return fmt.Errorf("the %s gave no answer after %s: %w: %s", c.name, time.Since(begun).Round(time.Millisecond), err, message)
}

// stop ends the process and waits for it.
func (c *child) stop() {
	c.in.Close()
	timer := time.AfterFunc(10*time.Second, func() { c.cmd.Process.Kill() })
	defer timer.Stop()
	_ = c.cmd.Wait() // it was told to stop, or has told why it did
}
