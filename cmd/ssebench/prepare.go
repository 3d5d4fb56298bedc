package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/loadgen/publish"
	"ssebench/loadgen/transport"
	"ssebench/results"
	"ssebench/scenarios"
)

// job is a plan with all its parts in place: the server runs, the machine was checked, nothing has been connected yet.
type job struct {
	plan      *scenarios.Plan
	runner    *loadgen.Runner
	server    *host.Process // nil: we started none
	publisher publisher     // nil: the server emits by itself
	closed    bool
}

// publisher is a loadgen.Publisher that has something to give back.
type publisher interface {
	loadgen.Publisher
	Close() error
}

// prepare starts the server first, so that the plan has its real address, and then translates the plan into the configurations of
// transport, publisher and host.
func prepare(ctx context.Context, scenario *scenarios.Scenario, guard *host.Guard, stderr io.Writer) (_ *job, err error) {
	plan, err := scenario.Plan(scenarios.PlanOptions{Env: environ(anyAddress(scenario))})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	j := &job{plan: plan, runner: new(loadgen.Runner)}
	defer func() {
		if err != nil {
			_ = j.close() // the first error is the one to show
		}
	}()
	if _, _, err := host.RaiseFileLimit(); err != nil {
		return nil, err
	}
	if err := j.fit(stderr); err != nil {
		return nil, err
	}
	if err := j.startServer(ctx, scenario, guard); err != nil {
		return nil, err
	}
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
	if j.plan.Publish != nil {
		if j.publisher, err = newPublisher(j.plan.Publish, guard); err != nil {
			return nil, usage(err)
		}
		j.runner.Publisher = j.publisher
	}
	self, err := host.NewSelf()
	if err != nil {
		return nil, err
	}
	j.runner.Host = struct {
		*host.Self
		*host.Pressure
	}{self, new(host.Pressure)}
	return j, nil
}

// close stops the server and gives back what the hook holds.
func (j *job) close() error {
	if j.closed {
		return nil
	}
	j.closed = true
	var err error
	if j.publisher != nil {
		err = j.publisher.Close()
	}
	if j.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if stopErr := j.server.Stop(ctx); err == nil {
			err = stopErr
		}
	}
	return err
}

// referenceLine is what serve prints when it is ready.
var referenceLine = regexp.MustCompile(`^listening on (?P<url>https?://\S+)$`)

// startServer starts what the plan asks for: the reference server, or the target's own command.
func (j *job) startServer(ctx context.Context, scenario *scenarios.Scenario, guard *host.Guard) (err error) {
	p := j.plan
	var command host.Command
	switch {
	case p.Reference:
		executable, err := os.Executable()
		if err != nil {
			return err
		}
		port, err := host.FreePort(ctx, netip.MustParseAddr("127.0.0.1"))
		if err != nil {
			return err
		}
		command = host.Command{
			Args:  []string{executable, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port)},
			Ready: host.Ready{Line: referenceLine},
		}
	case len(p.Server.Command) > 0:
		if command, err = serverCommand(p, guard); err != nil {
			return usage(err)
		}
	case p.PID > 0:
		process, err := host.Attach(p.PID)
		if err != nil {
			return usage(fmt.Errorf("target.pid: %w", err))
		}
		j.runner.Server = process
		return nil
	default:
		return nil
	}
	if j.server, err = host.Start(ctx, command); err != nil {
		return fmt.Errorf("target.start: %w", err)
	}
	j.runner.Server = j.server
	switch url := j.server.URL(); {
	case p.Reference:
		j.plan, err = p.WithTarget(url)
	case url != "": // planned again, with the address that the server told
		j.plan, err = scenario.Plan(scenarios.PlanOptions{Seed: p.Seed, Env: environ(url)})
	}
	return err
}

// environ looks up ${ENV}. SERVER_URL is the address that target.start.ready.line caught from the server's output.
func environ(serverURL string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == "SERVER_URL" {
			return serverURL, true
		}
		return os.LookupEnv(name)
	}
}

// anyAddress stands for a server that has not started yet.
func anyAddress(s *scenarios.Scenario) string {
	if s.Target != nil && (s.Target.Protocol == transport.HTTP2 || s.Target.TLS != nil) {
		return "https://127.0.0.1:9"
	}
	return "http://127.0.0.1:9"
}

// serverCommand translates target.start. Without a ready check the target's address must accept a connection.
func serverCommand(p *scenarios.Plan, guard *host.Guard) (host.Command, error) {
	s := p.Server
	c := host.Command{Args: s.Command, Dir: s.Dir, Stop: time.Duration(s.Stop)}
	for name, value := range s.Env {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Ready.Allow = guard.Allow
	if s.Ready == nil {
		_, address, err := dialAddress(p)
		c.Ready.TCP = address
		return c, err
	}
	c.Ready.URL, c.Ready.TCP, c.Ready.Timeout = s.Ready.URL, s.Ready.TCP, time.Duration(s.Ready.Timeout)
	if s.Ready.Line != "" {
		pattern, err := regexp.Compile(s.Ready.Line)
		if err != nil {
			return c, fmt.Errorf("target.start.ready.line: %w", err)
		}
		c.Ready.Line = pattern
	}
	return c, nil
}

// dialAddress gives the host and the host:port that the first subscriber will dial.
func dialAddress(p *scenarios.Plan) (hostname, address string, err error) {
	r, err := p.Request(0)
	if err != nil {
		return "", "", err
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", "", err
	}
	hostname, port := u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if to := p.Target.ConnectTo; to != "" {
		if h, p, err := net.SplitHostPort(to); err == nil {
			hostname, port = h, p
		} else {
			hostname = strings.Trim(to, "[]")
		}
	}
	return hostname, net.JoinHostPort(hostname, port), nil
}

// checkTarget holds the target's host against the guard before anything is dialed, and says whether it is loopback.
func (j *job) checkTarget(ctx context.Context, guard *host.Guard) (loopback bool, err error) {
	hostname, _, err := dialAddress(j.plan)
	if err != nil {
		return false, usage(err)
	}
	if err := guard.Check(ctx, hostname); err != nil {
		return false, usage(fmt.Errorf("target.url: %w", err))
	}
	return isLoopback(hostname), nil
}

// isLoopback says whether a host is in 127.0.0.0/8, where there are source addresses to spare.
func isLoopback(hostname string) bool {
	addr, err := netip.ParseAddr(hostname)
	return hostname == "localhost" || err == nil && addr.Is4() && addr.IsLoopback()
}

// need says what the plan asks of this machine.
func (j *job) need(loopback bool) host.Need {
	n := host.Need{
		Connections: j.plan.Clients, SourceAddresses: len(j.plan.SourceAddresses), Loopback: loopback, ServerLocal: loopback,
	}
	for _, phase := range j.plan.Phases {
		if phase.Kind == "ramp" {
			n.Rate = phase.Rate
			break
		}
	}
	return n
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
	if most := host.MaxConnections(j.need(true)); most < j.plan.Clients {
		wanted := j.plan.Clients
		j.plan = j.plan.WithClients(most)
		message := fmt.Sprintf("this machine's limits allow %d connections; %s asks for %d and goes on with fewer", most, j.plan.Name, wanted)
		j.runner.Warnings = append(j.runner.Warnings, results.Warning{Token: "shrunk", Message: message})
		_, err := fmt.Fprintln(stderr, "ssebench: "+message)
		return err
	}
	return nil
}

func newTransport(p *scenarios.Plan, guard *host.Guard, sources []netip.Addr) (loadgen.Transport, error) {
	c := transport.Config{Protocol: p.Target.Protocol, ConnectTo: p.Target.ConnectTo, SourceAddresses: sources, Allow: guard.Allow}
	if p.Target.TLS != nil {
		var err error
		if c.TLS, err = tlsConfig(p.Target.TLS.Insecure, p.Target.TLS.CACert, p.Target.TLS.ServerName); err != nil {
			return nil, err
		}
	}
	return transport.New(c)
}

func newPublisher(p *scenarios.PublishPlan, guard *host.Guard) (publisher, error) {
	h := p.Hook
	switch {
	case h.HTTP != nil:
		return publish.NewHTTP(publish.HTTP{
			URL: h.HTTP.URL, Method: h.HTTP.Method, Header: h.HTTP.Headers, Body: h.HTTP.Body, Expect: h.HTTP.Expect,
			NoReuse: h.HTTP.NoReuse, Timeout: time.Duration(h.Timeout), Allow: guard.Allow,
		})
	case h.Redis != nil:
		return publish.NewRedis(publish.Redis{
			Address: h.Redis.Address, Channel: h.Redis.Channel, Body: h.Redis.Body, Timeout: time.Duration(h.Timeout), Allow: guard.Allow,
		})
	default:
		return publish.NewExec(publish.Exec{Command: h.Exec.Command, Line: h.Exec.Line})
	}
}
