package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/loadgen/transport"
	"ssebench/results"
	"ssebench/scenarios"
)

// engine measures ours: loadgen.Runner over loadgen/transport, with a plan made of a scenario, a sampled host and a journal on disk,
// all as "ssebench run" has them. Only the hook is the bench's: it hands the marked payload to the bench's server.
func (c *clientConfig) engine() (*figures, error) {
	plan, err := c.plan()
	if err != nil {
		return nil, err
	}
	m := &meter{config: c}
	hook, err := newHook(c, m)
	if err != nil {
		return nil, err
	}
	streams, err := c.transport(plan)
	if err != nil {
		return nil, err
	}
	sampled := sample(streams, m)
	self, err := host.NewSelf()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "bench-*.journal")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	journal := results.JournalWriter{W: file}
	received, observed := int64(0), observed{streams: int64(c.Streams), over: make(chan struct{})}
	runner := loadgen.Runner{
		Settled: func() {
			host.TuneCollector(c.Streams)
			if c.Objects {
				go func() { observed.published(hook.server.publishAll(c, m)) }()
			}
		},
		Stop: observed.over, Transport: sampled, Publisher: hook, Environment: host.Environment("bench"), Started: journal.WriteHeader,
		Host: struct {
			*host.Self
			*host.Pressure
			*host.Watch
		}{self, new(host.Pressure), new(host.Watch)},
		OnInterval: func(in *results.Interval) error {
			for _, p := range in.Phases {
				received += p.Values.Counter(results.EventsReceived)
			}
			if err := journal.WriteInterval(in); err != nil || in.End != nil {
				return err
			}
			observed.received(received)
			return m.look(received)
		},
	}
	document, err := runner.Run(context.Background(), plan)
	if err != nil {
		return nil, err
	}
	return c.engineFigures(document, m, sampled, &observed)
}

// engineFigures reads the document.
func (c *clientConfig) engineFigures(d *results.Document, m *meter, sampled *sampling, observed *observed) (*figures, error) {
	f := &figures{Streams: c.Streams, Trust: d.Verdict.Trust, Reasons: d.Verdict.Reasons}
	var err error
	counter := func(name string) (n int64) { // over all phases: a document's own metrics leave the warm-up out
		for _, phase := range d.Phases {
			if v := phase.Metrics[name].Value; v != nil {
				n += int64(*v)
			}
		}
		return n
	}
	if failure := d.Run.Failure; failure != "" {
		return nil, fmt.Errorf("ours: the run failed: %s", failure)
	}
	opened := counter("connections.opened")
	f.Expected, f.Received = counter("deliveries.expected"), counter("deliveries.received")
	if c.Objects {
		f.Received = counter("events.received")
		if f.Expected, err = observed.expected(); err != nil {
			return nil, err
		}
		if n := timed(d); !c.Counting && n != f.Received {
			return nil, fmt.Errorf("ours: the time of %d of %d events was read", n, f.Received)
		}
	}
	if opened != int64(c.Streams) || f.Received != f.Expected || counter("deliveries.duplicate") > 0 {
		return nil, fmt.Errorf("ours: %d of %d streams opened, %d of %d events received", opened, c.Streams, f.Received, f.Expected)
	}
	if total := d.Metrics["connect.total"].Histogram; total != nil { // due time to open, and all were due at the same instant
		f.OpenedNS = int64(total.Max)
	}
	for _, phase := range d.Phases {
		latency := phase.Metrics["fanout.latency"].Histogram
		if phase.Name == "measure" && latency != nil && latency.P99 != nil {
			f.FanoutP99 = int64(*latency.P99)
		}
	}
	if f.Lag, err = sampled.lags(); err != nil {
		return nil, err
	}
	f.Window, err = m.result()
	return f, err
}

// plan makes the plan of a scenario. The hook in it is never called: the bench has its own.
func (c *clientConfig) plan() (*scenarios.Plan, error) {
	var text strings.Builder
	fmt.Fprintf(&text, "name: engine\ntarget:\n  url: %s\n", c.url())
	switch c.Protocol {
	case secure:
		text.WriteString("  tls: {insecure: true}\n")
	case frames:
		text.WriteString("  protocol: h2c\n")
	}
	fmt.Fprintf(&text, "load:\n  connections: %d\n  reconnect: none\n  phases: [{ramp: at_once}, {hold: %s, warmup: true}, {hold: %s, name: measure}", c.Streams, c.Warm, c.Hold)
	if rest := c.publishing() - c.Warm - c.Hold; rest > 0 {
		fmt.Fprintf(&text, ", {hold: %s, name: big}", rest)
	}
	switch {
	case c.Counting:
		text.WriteString(", {hold: 30s, name: rest}]\nobserve: {}\n")
	case c.Objects:
		text.WriteString(", {hold: 30s, name: rest}]\nobserve: {time: /tw, unit: ns}\n")
	default:
		fmt.Fprintf(&text, "]\npublish: {rate: %g/s, payload: {size: %dB}, hook: {http: {url: 'http://%s/'}}}\ndrain: 30s\n", c.PerSecond, markSize, c.Server.Publish)
	}
	s, err := scenarios.Decode(scenarios.Source{Name: "engine", Bytes: []byte(text.String())})
	if err != nil {
		return nil, err
	}
	return s.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Now()})
}

// transport is configured as "ssebench run" does it.
func (c *clientConfig) transport(p *scenarios.Plan) (loadgen.Transport, error) {
	config := transport.Config{Protocol: p.Target.Protocol, Poll: c.Poll, StreamsPerConnection: mostStreams}
	if c.Protocol == secure {
		config.TLS = insecure()
	}
	var err error
	if config.SourceAddresses, err = host.LoopbackSources(p.Clients, 1); err != nil {
		return nil, err
	}
	return transport.New(config)
}

// hook is the bench's Publisher.
type hook struct {
	config *clientConfig
	meter  *meter
	server *publisher
	begun  time.Time // the first event's due time
}

func newHook(c *clientConfig, m *meter) (*hook, error) {
	p, err := dialPublisher(c.Server.Publish)
	return &hook{config: c, meter: m, server: p}, err
}

// Publish implements loadgen.Publisher; there is one topic, so calls are serial.
func (h *hook) Publish(_ context.Context, e *loadgen.Event) error {
	h.meter.begin()
	if e.Seq == 1 {
		h.begun = e.Due
	}
	return h.server.publish(e.Payload, h.config.size(e.Due.Sub(h.begun), int(e.Seq-1)))
}
