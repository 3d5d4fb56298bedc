package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/loadgen/publish"
	"ssebench/loadgen/sse"
	"ssebench/loadgen/transport"
	"ssebench/results"
	"ssebench/scenarios"
)

// job is a plan with all its parts in place: the server runs, the machine was checked, nothing has been connected yet.
type job struct {
	plan   *scenarios.Plan
	runner *loadgen.Runner
	server *host.Process   // nil: we started none
	hook   publish.Hook    // nil: the server emits by itself
	hurry  context.Context // done: stop the hook and the server without grace
	closed bool
}

// prepare starts the server first, within ctx, so that the plan has its real address, and then translates the plan into the configurations of
// transport, publisher and host.
func prepare(ctx, hurry context.Context, scenario *scenarios.Scenario, guard *host.Guard, stderr io.Writer) (_ *job, err error) {
	plan, err := scenario.Plan(scenarios.PlanOptions{Env: environ(scenario, anyAddress(scenario))})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	j := &job{plan: plan, runner: &loadgen.Runner{Buffers: &loadgen.Buffers{Limit: bufferLimit(plan)}}, hurry: hurry}
	defer func() {
		if err != nil {
			j.close() // the first error is the one to show
		}
	}()
	if _, _, err := host.RaiseFileLimit(); err != nil {
		return nil, err
	}
	if err := j.startServer(ctx, scenario, guard); err != nil {
		return nil, err
	}
	if err := j.fit(stderr); err != nil {
		return nil, err
	}
	j.runner.Settled = func() { host.TuneCollector(j.plan.Clients) }
	target, err := j.checkTarget(ctx, guard)
	if err != nil {
		return nil, err
	}
	sources, err := j.preflight(target)
	if err != nil {
		return nil, err
	}
	if j.runner.Transport, err = newTransport(j.plan, guard, sources); err != nil {
		return nil, usage(err)
	}
	if j.runner.Breaker, err = newBreaker(j.plan); err != nil {
		return nil, err
	}
	if j.plan.Publish != nil {
		if j.hook, err = newHook(j.plan, guard); err != nil {
			return nil, usage(err)
		}
		j.runner.Publisher = j.hook
	}
	if j.runner.Host, err = newHost(); err != nil {
		return nil, err
	}
	return j, nil
}

// newHost watches this machine and our own process from now on.
func newHost() (loadgen.Host, error) {
	self, err := host.NewSelf()
	if err != nil {
		return nil, err
	}
	return struct {
		*host.Self
		*host.Pressure
		*host.Watch
	}{self, new(host.Pressure), new(host.Watch)}, nil
}

// close stops the server and gives back what the hook holds; a second call does nothing. What they have to say of the run comes back
// as warnings.
func (j *job) close() (warnings []results.Warning) {
	if j.closed {
		return nil
	}
	j.closed = true
	warn := func(token, message string) {
		warnings = append(warnings, results.Warning{Token: token, Message: message})
	}
	ctx, cancel := context.WithTimeout(j.hurry, time.Minute)
	defer cancel()
	if j.hook != nil {
		if err := j.hook.Close(ctx); err != nil {
			warn("hook_close", err.Error())
		}
		for _, w := range j.hook.Warnings() {
			warn(w.Token, w.Message)
		}
	}
	if j.server == nil {
		return warnings
	}
	if err := j.server.Stop(ctx); err != nil {
		warn("server_stop", err.Error())
	}
	return warnings
}

// checkTarget holds the target's host against the guard before anything is dialed, and says whether it is loopback.
func (j *job) checkTarget(ctx context.Context, guard *host.Guard) (loopback bool, err error) {
	e, err := targetEndpoint(j.plan)
	if err != nil {
		return false, usage(err)
	}
	if err := guard.Check(ctx, e.host); err != nil {
		return false, usage(fmt.Errorf("target.url: %w", err))
	}
	return isLoopback(e.host), nil
}

// isLoopback says whether a host is in 127.0.0.0/8, where there are source addresses to spare.
func isLoopback(hostname string) bool {
	addr, err := netip.ParseAddr(hostname)
	return hostname == "localhost" || err == nil && addr.Is4() && addr.IsLoopback()
}

// need says what the plan asks of this machine.
func (j *job) need(loopback bool) host.Need {
	n := host.Need{
		BufferLimit: bufferLimit(j.plan), EventLimit: eventLimit(j.plan), Connections: connections(j.plan), SourceAddresses: len(j.plan.SourceAddresses), Loopback: loopback, ServerLocal: loopback,
	}
	for _, phase := range j.plan.Phases {
		if phase.Kind == "ramp" {
			n.Rate = phase.Rate * float64(n.Connections) / float64(j.plan.Clients)
			break
		}
	}
	return n
}

// bufferLimit is what all streams together may hold of events that have not ended, in bytes.
func bufferLimit(p *scenarios.Plan) int64 {
	if own := int64(p.Target.BufferLimit); own > 0 {
		return own
	}
	return host.BufferLimit()
}

// eventLimit is the same of one stream.
func eventLimit(p *scenarios.Plan) int64 {
	if own := int64(p.Target.EventLimit); own > 0 {
		return own
	}
	return sse.DefaultLimit
}

// connections is how many the plan needs at most, as far as it knows: a server may allow fewer streams on one. Every lane has its own.
func connections(p *scenarios.Plan) int {
	switch {
	case p.Tabs > 0 && p.Target.Protocol == transport.HTTP1:
		full, rest := p.Clients/p.Tabs, p.Clients%p.Tabs
		return min(p.Sockets(), full*min(p.Tabs, transport.BrowserConnections)+min(rest, transport.BrowserConnections))
	case p.Tabs > 0:
		return (p.Clients + p.Tabs - 1) / p.Tabs
	case p.StreamsPerConnection == 1:
		return p.Sockets()
	}
	return min(p.Clients, (p.Clients+p.StreamsPerConnection-1)/p.StreamsPerConnection+runtime.NumCPU()-1)
}

// preflight holds the plan against this machine, and gives the source addresses to use.
func (j *job) preflight(loopback bool) (sources []netip.Addr, err error) {
	need := j.need(loopback)
	for _, c := range host.Preflight(need) {
		switch {
		case c.OK:
		case c.Severity == host.Error:
			return nil, usage(fmt.Errorf("preflight: %s", c))
		default:
			j.runner.Warnings = append(j.runner.Warnings, results.Warning{Token: "preflight", Message: c.String()})
		}
	}
	for _, s := range j.plan.SourceAddresses {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return nil, usage(fmt.Errorf("load.source_addresses: %w", err))
		}
		sources = append(sources, addr)
	}
	if len(sources) == 0 && loopback {
		return host.LoopbackSources(need.Connections, 1)
	}
	return sources, nil
}

// fit shrinks a plan that asks to be shrunk where this machine's limits are too low for it.
func (j *job) fit(stderr io.Writer) error {
	if !j.plan.Shrink {
		return nil
	}
	if most, all := host.MaxConnections(j.need(true)), connections(j.plan); most < all {
		wanted := j.plan.Clients
		most = int(int64(most) * int64(wanted) / int64(all))
		j.plan = j.plan.WithClients(most)
		message := fmt.Sprintf("this machine's limits allow %d connections; %s asks for %d and goes on with fewer", most, j.plan.Name, wanted)
		j.runner.Warnings = append(j.runner.Warnings, results.Warning{Token: "shrunk", Message: message})
		_, err := fmt.Fprintln(stderr, "ssebench: "+message)
		return err
	}
	return nil
}
