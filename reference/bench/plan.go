package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is what to measure.
type plan struct {
	n, rounds, events int
	only, out         string
	text              strings.Builder
}

func (p *plan) wants(name string) bool {
	return p.only == "" || slices.Contains(strings.Split(p.only, ","), name)
}

func (p *plan) run() error {
	for _, part := range []struct {
		name string
		do   func() error
	}{{"encode", p.encode}, {"servers", p.servers}, {"scale", p.scale}, {"stalled", p.stalled}} {
		if p.wants(part.name) {
			if err := part.do(); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
	}
	if p.out != "" {
		if err := os.WriteFile(p.out, []byte(p.text.String()), 0o644); err != nil {
			return err
		}
		where, err := filepath.Abs(p.out)
		if err != nil {
			where = p.out
		}
		fmt.Printf("\nThe tables are in %s.\n", where)
	}
	return nil
}

// say prints a line of a table, and keeps it.
func (p *plan) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	fmt.Print(line)
	p.text.WriteString(line)
}

// child is one of the processes that the bench starts.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startChild(args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, args...)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	return c, c.cmd.Start()
}

func (c *child) line() (string, error) {
	s, err := c.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

func (c *child) ask(command string) (measured, error) {
	var m measured
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		return m, err
	}
	s, err := c.line()
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(s), &m)
}

func (c *child) drain() error {
	_, err := c.read()
	return err
}

// read makes the readers read all there is, and returns how many bytes came.
func (c *child) read() (n int, err error) {
	if _, err := fmt.Fprintln(c.in); err != nil {
		return 0, err
	}
	s, err := c.line()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(s)
}

func (c *child) stop() {
	c.in.Close()
	done := make(chan struct{})
	go func() { c.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		c.cmd.Process.Kill()
		<-done
	}
}

// result is one server in one round.
type result struct {
	took      float64 // ms, median over the round's broadcasts
	user, sys float64 // µs for each delivery
	rest      float64 // KiB for each subscriber, over the process before any
	trimmed   float64 // the same after the runtime gave back what it could
}

func (r result) cpu() float64 { return r.user + r.sys }

// round measures one kind of server once with n subscribers, streams of them on
// a connection (0: HTTP/1.1).
func (p *plan) round(kind string, n, streams int) (result, error) {
	var r result
	s, err := startChild("serve", kind)
	if err != nil {
		return r, err
	}
	defer s.stop()
	addr, err := s.line()
	if err != nil {
		return r, err
	}
	base, err := s.ask("rss")
	if err != nil {
		return r, err
	}
	c, err := startChild("drain", addr, fmt.Sprint(streams), fmt.Sprint(n))
	if err != nil {
		return r, err
	}
	defer c.stop()
	if _, err := c.line(); err != nil {
		return r, err
	}
	var m measured
	for end := time.Now().Add(30 * time.Second); m.Subs < n; time.Sleep(20 * time.Millisecond) {
		if m, err = s.ask("subs"); err != nil {
			return r, err
		}
		if time.Now().After(end) {
			return r, fmt.Errorf("%d of %d streams open after 30 s", m.Subs, n)
		}
	}
	if err := c.drain(); err != nil {
		return r, err
	}
	time.Sleep(4 * time.Second) // what a server gives back by itself is given back
	if m, err = s.ask("rss"); err != nil {
		return r, err
	}
	r.rest = float64(m.RSS-base.RSS) / 1024 / float64(n)
	if m, err = s.ask("trim"); err != nil {
		return r, err
	}
	r.trimmed = float64(m.RSS-base.RSS) / 1024 / float64(n)
	var took []float64
	for i := range p.events + 1 {
		m, err := s.ask("broadcast 1 100")
		if err != nil {
			return r, err
		}
		if err := c.drain(); err != nil {
			return r, err
		}
		if i == 0 { // warms up
			continue
		}
		took = append(took, float64(m.Took[0])/1e6)
		r.user += float64(m.User) / 1e3 / float64(n*p.events)
		r.sys += float64(m.Sys) / 1e3 / float64(n*p.events)
	}
	r.took = median(took)
	return r, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// over returns the median of one figure over the rounds.
func over(rs []result, figure func(result) float64) float64 {
	var v []float64
	for _, r := range rs {
		v = append(v, figure(r))
	}
	return median(v)
}
