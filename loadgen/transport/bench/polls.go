package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/results"
	"ssebench/scenarios"
)

// answers is the protocol of a server that answers polls over HTTP/1.1, which clients send as fast as it answers. A poll is what the figures
// call an event.
const answers = "answers"

// wrk is the name of a program and of its client.
const wrk = "wrk"

// hasWrk says whether it can be started.
func hasWrk() bool {
	_, err := exec.LookPath(wrk)
	return err == nil
}

// deaf is a server that has nothing to broadcast.
type deaf struct{}

func (deaf) broadcast(*text) error { return nil }

// serveAnswers answers every poll with the same: there is no news.
func serveAnswers(l net.Listener) broadcaster {
	const body = `{"cursor":"1764053999000017","events":[]}` + "\n"
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("ETag", `"1764053999000017"`)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body) // a client that left is no error of ours
	})}
	go func() { _ = server.Serve(l) }() // it ends with the process
	return deaf{}
}

func (c *clientConfig) pollURL() string {
	return "http://" + c.Server.Streams + "/poll?since=1764053999000017"
}

// polls measures a client that polls.
func (c *clientConfig) polls() (*figures, error) {
	switch c.Kind {
	case ours:
		return c.enginePolls()
	case wrk:
		return c.wrkPolls()
	}
	return c.netHTTPPolls()
}

// enginePolls is the engine with all its accounts. Its interval is shorter than any answer takes.
func (c *clientConfig) enginePolls() (*figures, error) {
	s, err := scenarios.Decode(scenarios.Source{Name: "engine", Bytes: fmt.Appendf(nil, `
target:
  url: %s
  transport: poll
  poll: {interval: 1ms, cursor: {from: {pointer: /cursor}, to: {query: since}}}
load: {connections: %d, phases: [{ramp: at_once}, {hold: %s}]}
observe: {}
`, c.pollURL(), c.Streams, c.Warm+c.Hold+2*time.Second)})
	if err != nil {
		return nil, err
	}
	plan, err := s.Plan(scenarios.PlanOptions{Seed: 1})
	if err != nil {
		return nil, err
	}
	t, err := c.transport(plan)
	if err != nil {
		return nil, err
	}
	self, err := host.NewSelf()
	if err != nil {
		return nil, err
	}
	m := &meter{config: c}
	m.begin()
	polls := int64(0)
	runner := loadgen.Runner{
		Transport: t,
		Host: struct {
			*host.Self
			*host.Pressure
			*host.Watch
		}{self, new(host.Pressure), new(host.Watch)},
		OnInterval: func(in *results.Interval) error {
			for _, p := range in.Phases {
				polls += p.Values.Counter(results.RequestsCount)
			}
			if in.End != nil {
				return nil
			}
			return m.look(polls)
		},
	}
	d, err := runner.Run(context.Background(), plan)
	if err != nil {
		return nil, err
	}
	if d.Run.Failure != "" || len(d.Metrics["connections.failed"].By) > 0 {
		return nil, fmt.Errorf("ours: %s %v", d.Run.Failure, d.Metrics["connections.failed"].By)
	}
	f := &figures{Streams: c.Streams, Trust: d.Verdict.Trust, Reasons: d.Verdict.Reasons}
	f.Window, err = m.result()
	return f, err
}

// netHTTPPolls is a goroutine for each client, which looks for the cursor and the events, as the engine does.
func (c *clientConfig) netHTTPPolls() (*figures, error) {
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.Streams}}
	m := &meter{config: c}
	m.begin()
	var polls atomic.Int64
	failed := make(chan error, c.Streams)
	for range c.Streams {
		go func() {
			for {
				answer, err := client.Get(c.pollURL())
				if err == nil {
					var said struct {
						Cursor string
						Events []json.RawMessage
					}
					err = json.NewDecoder(answer.Body).Decode(&said)
					_, _ = io.Copy(io.Discard, answer.Body) // else the connection would not be kept
					answer.Body.Close()
				}
				if err != nil {
					failed <- err
					return
				}
				polls.Add(1)
			}
		}()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.After(c.Warm + c.Hold + 2*time.Second); ; {
		select {
		case err := <-failed:
			return nil, fmt.Errorf("%s: %w", c.Kind, err)
		case <-tick.C:
			if err := m.look(polls.Load()); err != nil {
				return nil, err
			}
		case <-end:
			f := &figures{Streams: c.Streams}
			var err error
			f.Window, err = m.result()
			return f, err
		}
	}
}

var wrkTotal = regexp.MustCompile(`(\d+) requests in `)

// wrkPolls is a process of its own, whose CPU is known when it is over.
func (c *clientConfig) wrkPolls() (*figures, error) {
	before, err := processCPU(c.Server.PID)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	cmd := exec.Command(wrk, "-t", "1", "-c", strconv.Itoa(c.Streams), "-d", strconv.Itoa(int((c.Warm + c.Hold).Seconds())), c.pollURL())
	said, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, said)
	}
	total := wrkTotal.FindSubmatch(said)
	if total == nil {
		return nil, fmt.Errorf("wrk does not say how many requests it sent: %s", said)
	}
	after, err := processCPU(c.Server.PID)
	if err != nil {
		return nil, err
	}
	f := &figures{Streams: c.Streams}
	f.Window = window{Nanos: int64(time.Since(begun)), User: int64(cmd.ProcessState.UserTime()), System: int64(cmd.ProcessState.SystemTime()), ServerCPU: after - before}
	f.Window.Events, err = strconv.ParseInt(string(total[1]), 10, 64)
	return f, err
}
