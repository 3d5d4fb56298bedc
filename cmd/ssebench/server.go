package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"ssebench/loadgen/host"
	"ssebench/loadgen/transport"
	"ssebench/scenarios"
)

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
		if beat := p.Target.Heartbeat; beat > 0 {
			command.Args = append(command.Args, "--heartbeat", time.Duration(beat).String())
		}
		if p.Target.Protocol == transport.HTTP2 || p.Target.TLS != nil {
			command.Args = append(command.Args, "--tls")
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
	case scenario.CatchesURL(): // planned again, with the address that the server told
		j.plan, err = scenario.Plan(scenarios.PlanOptions{Seed: p.Seed, Env: environ(scenario, url)})
	}
	return err
}

// environ looks up ${ENV}. Where target.start.ready.line catches the server's address from its output, SERVER_URL is that address.
func environ(scenario *scenarios.Scenario, serverURL string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == scenarios.ServerURL && scenario.CatchesURL() {
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
		e, err := targetEndpoint(p)
		c.Ready.TCP = e.dial
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

// endpoint is where the first subscriber goes.
type endpoint struct {
	named string // host:port of the URL
	host  string // that is dialed
	dial  string // its host:port
}

func targetEndpoint(p *scenarios.Plan) (endpoint, error) {
	r, err := p.Request(0)
	if err != nil {
		return endpoint{}, err
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return endpoint{}, err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	name := transport.ASCIIHost(u.Hostname())
	e := endpoint{named: net.JoinHostPort(name, port), host: name}
	if to := p.Target.ConnectTo; to != "" {
		if h, p, err := net.SplitHostPort(to); err == nil {
			e.host, port = transport.ASCIIHost(h), p
		} else {
			e.host = transport.ASCIIHost(strings.Trim(to, "[]"))
		}
	}
	e.dial = net.JoinHostPort(e.host, port)
	return e, nil
}
