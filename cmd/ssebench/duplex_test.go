package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"ssebench/loadgen"
	"ssebench/loadgen/transport"
	"ssebench/reference"
	"ssebench/scenarios"
)

// counted passes connections on to a server and counts them.
type counted struct {
	net.Listener
	connections atomic.Int64
}

func countConnections(t *testing.T, to string) *counted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			c.connections.Add(1)
			into, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			pass := func(dst, src net.Conn) {
				io.Copy(dst, src)
				dst.(*net.TCPConn).CloseWrite()
			}
			go pass(into, from)
			go func() { pass(from, into); from.Close(); into.Close() }()
		}
	}()
	return c
}

// On both engines and over every protocol each subscriber sends its share, every event comes to every subscriber once, and the server sees as many
// connections as a browser makes: two over HTTP/1.1, of which the second is used again, and one else.
func TestSubscribersPublish(t *testing.T) {
	const subscribers, events, size = 6, 60, 500
	for _, engine := range []string{transport.EngineLoop, transport.EngineGoroutines} {
		for _, c := range []struct {
			name, protocol, target string
			tls                    bool
			connections            int64
			requests               int64
		}{
			{"http1.1", transport.HTTP1, "", false, 2 * subscribers, subscribers + events},
			{"https", transport.HTTP1, "", true, 2 * subscribers, subscribers + events},
			{"h2c", transport.H2C, "", false, subscribers, subscribers + events},
			{"http2", transport.HTTP2, "", true, subscribers, subscribers + events},
			{"websocket", transport.HTTP1, "transport: websocket", false, subscribers, subscribers},
			{"websocket compressed", transport.HTTP1, "transport: websocket, websocket: {compression: true}", false, subscribers, subscribers},
			{"websocket over TLS", transport.HTTP1, "transport: websocket", true, subscribers, subscribers},
		} {
			t.Run(engine+" "+c.name, func(t *testing.T) {
				t.Parallel()
				server := &reference.Server{Listen: "127.0.0.1:0", TLS: c.tls}
				if err := server.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { server.Close() })
				u, err := url.Parse(server.URL())
				if err != nil {
					t.Fatal(err)
				}
				front := countConnections(t, u.Host)
				scenario, err := scenarios.Decode(scenarios.Source{Name: "duplex", Bytes: fmt.Appendf(nil, `
reference: true
target: {protocol: %s, %s}
load: {connections: %d, topics: 2, phases: [{ramp: at_once}, {hold: 1s}]}
publish: {rate: %d/s, payload: {size: %dB}, hook: {subscribers: {}}}
`, c.protocol, c.target, subscribers, events, size)})
				if err != nil {
					t.Fatal(err)
				}
				plan, err := scenario.Plan(scenarios.PlanOptions{Seed: 1})
				if err == nil {
					plan, err = plan.WithTarget(strings.Replace(server.URL(), u.Host, front.Addr().String(), 1))
				}
				if err != nil {
					t.Fatal(err)
				}
				tr, err := transport.New(transport.Config{Engine: engine, Protocol: c.protocol, TLS: &tls.Config{InsecureSkipVerify: true}})
				if err != nil {
					t.Fatal(err)
				}
				hook, err := newHook(plan, nil)
				if err != nil {
					t.Fatal(err)
				}
				d, err := (&loadgen.Runner{Transport: tr, Publisher: hook}).Run(t.Context(), plan)
				if err != nil {
					t.Fatal(err)
				}
				for name, want := range map[string]float64{
					"publish.count": events, "publish.failed": 0, "deliveries.expected": events * subscribers / 2, "deliveries.lost": 0,
					"deliveries.received": events * subscribers / 2, "deliveries.duplicate": 0, "deliveries.unexpected": 0,
					"requests.count": float64(c.requests), "connections.opened": subscribers, "payload.sent": events * size,
				} {
					if got := value(d, name); got != want {
						t.Errorf("%s is %v, want %v", name, got, want)
					}
				}
				if n := front.connections.Load(); n != c.connections {
					t.Errorf("the server saw %d connections, want %d", n, c.connections)
				}
				if sent, body := value(d, "bytes.sent"), value(d, "body.sent"); sent-value(d, "tls.sent") < body+events*6 || body != events*size && !strings.Contains(c.target, "compression") {
					t.Errorf("%v bytes were sent, of which %v published", sent, body)
				}
			})
		}
	}
}
