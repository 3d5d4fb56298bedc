package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"ssebench/results"
	"ssebench/scenarios"
)

// progress shows a run while it runs: on a terminal a bar for each phase, elsewhere a plain line every ten seconds. Its methods are
// called from one goroutine at a time.
type progress struct {
	out      io.Writer
	quiet    bool
	terminal bool
	plan     *scenarios.Plan

	phase   int
	started int64 // of the phase, ns
	bar     *progressbar.ProgressBar
	next    int64 // when the next plain line is due, ns
}

const plainEvery = int64(10 * time.Second)

func newProgress(out io.Writer, quiet bool, plan *scenarios.Plan) *progress {
	return &progress{out: out, quiet: quiet, terminal: isTerminal(out), plan: plan, phase: -1, next: plainEvery}
}

// show takes an interval. What cannot be shown is no reason to end a run, so errors of the writer are left alone.
func (p *progress) show(in *results.Interval) {
	if p.quiet {
		return
	}
	for _, m := range in.Marks {
		if !m.Ended {
			p.enter(m.Phase, m.AtNS)
		}
	}
	line := describe(in)
	if !p.terminal {
		if in.EndNS >= p.next {
			p.next += plainEvery
			_, _ = fmt.Fprintf(p.out, "%s %s: %s\n", time.Duration(in.EndNS).Round(time.Second), p.name(), line)
		}
		return
	}
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%-8s %s", p.name(), line))
		_ = p.bar.Set64(min(p.done64(in), p.bar.GetMax64()))
	}
}

// enter starts the bar of a phase.
func (p *progress) enter(phase int, at int64) {
	p.phase, p.started = phase, at
	if !p.terminal {
		return
	}
	p.done()
	p.bar = progressbar.NewOptions64(p.total(),
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetWidth(16),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetRenderBlankState(true),
	)
}

// total is the length of the phase's bar: connections for a ramp, nanoseconds for the others.
func (p *progress) total() int64 {
	if p.phase >= len(p.plan.Phases) {
		return max(int64(p.plan.Drain), 1)
	}
	if phase := p.plan.Phases[p.phase]; phase.Kind == "ramp" {
		return max(int64(phase.Connections), 1)
	}
	if outage := p.plan.Phases[p.phase].Outage; outage != nil {
		return int64(outage.Until)
	}
	return max(int64(p.plan.Phases[p.phase].Duration), 1)
}

func (p *progress) done64(in *results.Interval) int64 {
	if p.phase < len(p.plan.Phases) && p.plan.Phases[p.phase].Kind == "ramp" {
		return int64(in.Gauges[results.ConnectionsOpen.String()])
	}
	return in.EndNS - p.started
}

func (p *progress) name() string {
	switch {
	case p.phase < 0:
		return "start"
	case p.phase < len(p.plan.Phases):
		return p.plan.Phases[p.phase].Name
	}
	return "drain"
}

// done ends the line of the last bar.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Exit()
		_, _ = fmt.Fprintln(p.out)
		p.bar = nil
	}
}

// describe says in a few words what a second brought.
func describe(in *results.Interval) string {
	var events int64
	latency := results.NewHistogram()
	for _, pv := range in.Phases {
		events += pv.Values.Counter(results.EventsReceived)
		for _, id := range []results.ID{results.FanoutLatency, results.ObservedLatency} {
			if h := pv.Values.Histogram(id); h != nil {
				_ = latency.Merge(h) // only shown; the fold reports what a merge drops
			}
		}
	}
	rate := float64(events) / max(float64(in.EndNS-in.StartNS)/1e9, 1e-3)
	text := fmt.Sprintf("%.0f open, %.0f events/s", in.Gauges[results.ConnectionsOpen.String()], rate)
	if p99, ok := latency.ValueAt(99); ok && latency.Count() > 0 {
		text += fmt.Sprintf(", p99 %s", time.Duration(p99).Round(10*time.Microsecond))
	}
	if missing, ok := in.Gauges[results.DeliveriesMissing.String()]; ok {
		text += fmt.Sprintf(", %.0f missing", missing)
	}
	return text
}
