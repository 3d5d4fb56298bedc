package main

import (
	"crypto/tls"
	"net/netip"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/loadgen/publish"
	"ssebench/loadgen/transport"
	"ssebench/scenarios"
)

func newTransport(p *scenarios.Plan, guard *host.Guard, sources []netip.Addr) (loadgen.Transport, error) {
	c := transport.Config{
		Protocol: p.Target.Protocol, StreamsPerConnection: p.StreamsPerConnection, ConnectTo: p.Target.ConnectTo, SourceAddresses: sources,
		Allow: guard.Allow, Addresses: p.Target.Addresses,
	}
	if shared := p.StreamsPerConnection > 1 || p.Tabs > 0 && p.Target.Protocol != transport.HTTP1; shared && p.SlowReaders.Share > 0 {
		c.Engine = transport.EngineGoroutines // the one where a stream of a shared connection can read slowly
	}
	if p.Target.TLS != nil {
		var err error
		if c.TLS, err = tlsConfig(p.Target.TLS.Insecure, p.Target.TLS.CACert, p.Target.TLS.ServerName); err != nil {
			return nil, err
		}
	}
	return transport.New(c)
}

// newHook translates publish.hook. The hook usually belongs to the target, so whom the target trusts and its connect_to hold for it too;
// its name is its own.
func newHook(p *scenarios.Plan, guard *host.Guard) (publish.Hook, error) {
	h := p.Publish.Hook
	var settings *tls.Config
	if p.Target.TLS != nil {
		var err error
		if settings, err = tlsConfig(p.Target.TLS.Insecure, p.Target.TLS.CACert, ""); err != nil {
			return nil, err
		}
	}
	var connectTo map[string]string
	if p.Target.ConnectTo != "" {
		e, err := targetEndpoint(p)
		if err != nil {
			return nil, err
		}
		connectTo = map[string]string{e.named: e.dial}
	}
	switch {
	case h.HTTP != nil:
		return publish.NewHTTP(publish.HTTP{
			URL: h.HTTP.URL, Method: h.HTTP.Method, Header: lists(h.HTTP.Headers), Body: h.HTTP.Body, Expect: h.HTTP.Expect,
			NoReuse: h.HTTP.NoReuse, Timeout: time.Duration(h.Timeout), Allow: guard.Allow, TLS: settings,
			ConnectTo: connectTo,
		})
	case h.Subscribers != nil:
		own := h.Subscribers
		return publish.NewSubscribers(publish.Subscribers{
			WebSocket: p.Target.Transport == scenarios.TransportWebSocket, Message: own.Message, URL: own.URL, Method: own.Method,
			Header: lists(own.Headers), Body: own.Body, Expect: own.Expect, Timeout: time.Duration(h.Timeout),
		})
	case h.Redis != nil:
		return publish.NewRedis(publish.Redis{
			Address: h.Redis.Address, Channel: h.Redis.Channel, Body: h.Redis.Body, Timeout: time.Duration(h.Timeout), Allow: guard.Allow,
		})
	default:
		return publish.NewExec(publish.Exec{
			Command: h.Exec.Command, Line: h.Exec.Line, Timeout: time.Duration(h.Timeout), KillOnExit: host.KillOnExit,
		})
	}
}

func lists(headers scenarios.Headers) map[string][]string {
	lists := make(map[string][]string, len(headers))
	for name, values := range headers {
		lists[name] = values
	}
	return lists
}
