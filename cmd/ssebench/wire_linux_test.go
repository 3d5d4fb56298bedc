package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ssebench/results"
)

// wireCase is traffic whose bytes are known: the link's own counters say them.
type wireCase struct {
	name    string
	tls     bool
	target  string   // further fields of target
	load    string   // further fields of load
	path    string   // of the stream; empty: /events
	size    string   // of the events; empty: 100B
	answers []string // flags of fixture answers, which takes the place of the reference server
}

var wireCases = []wireCase{
	{name: "sse"},
	{name: "sse, events of 20 KB", size: "20KB"},
	{name: "sse over TLS", tls: true},
	{name: "sse over HTTP/2", tls: true, target: "protocol: http2"},
	{name: "sse over HTTP/2, shared", tls: true, target: "protocol: http2", load: "streams_per_connection: 10"},
	{name: "websocket", path: "/ws", target: "transport: websocket"},
	{name: "websocket, compressed", path: "/ws", target: "transport: websocket, websocket: {compression: true}", size: "2KB"},
	{name: "websocket over TLS", path: "/ws", tls: true, target: "transport: websocket"},
	{name: "answers", answers: []string{"-size", "100"}},
	{name: "answers of 20 KB", answers: []string{"-size", "20000"}},
	{name: "answers, a connection each", answers: []string{"-close"}},
	{name: "answers of 20 KB, a connection each", answers: []string{"-size", "20000", "-close"}},
	{name: "answers over TLS", tls: true, answers: []string{"-size", "100"}},
	{name: "answers over TLS, a connection each", tls: true, answers: []string{"-close"}},
	{name: "answers of 20 KB over TLS, a connection each", tls: true, answers: []string{"-size", "20000", "-close"}},
}

// What a run says of its bytes on the wire is what the link's interface counted, within 1 %, whatever the transport.
func TestWireBytesAreThoseOfTheLink(t *testing.T) {
	chain := newChain(t, serverAddress, hookServerAddress)
	for _, c := range wireCases {
		t.Run(c.name, func(t *testing.T) {
			n := newNamespaces(t, 0)
			received, sent := c.check(t, n, chain)
			if math.Abs(received) > 0.01 || math.Abs(sent) > 0.01 {
				t.Errorf("received %+.2f %%, sent %+.2f %% off the interface's counters, want 1 %% at most", 100*received, 100*sent)
			}
		})
	}
}

// check runs the case across the namespaces, and gives how far the run's bytes are off.
func (c wireCase) check(t *testing.T, n *namespaces, chain chain) (received, sent float64) {
	t.Helper()
	scheme, prefix := "http", "--"
	if c.answers != nil {
		prefix = "-"
	}
	var flags []string
	fields := []string{}
	if c.target != "" {
		fields = append(fields, c.target)
	}
	if c.tls {
		scheme, flags = "https", []string{prefix + "cert", chain.cert, prefix + "key", chain.key}
		fields = append(fields, "tls: {ca_cert: "+chain.root+"}")
	}
	publish, load := "", "connections: 40, phases: [{ramp: 400/s}, {hold: 2s}]"
	if c.answers == nil {
		n.serve(t, "ssebench", append([]string{"serve", "--listen", "0.0.0.0:8080", "--token", "namespace"}, flags...)...)
		publish = fmt.Sprintf(`, publish: {rate: 20/s, payload: {size: %s}, hook: {http: {url: "%s://%s:8080/publish?topic={{.Topic}}", `+
			`headers: {Authorization: Bearer namespace}}}}`, cmp.Or(c.size, "100B"), scheme, hookServerAddress)
	} else {
		n.serve(t, "fixture", slices.Concat([]string{"answers", "-listen", "0.0.0.0:8080"}, c.answers, flags)...)
		load += ", reconnect: chromium"
	}
	if c.load != "" {
		load += ", " + c.load
	}
	r0, s0 := n.settle(t)
	d := n.run(t, fmt.Sprintf(`{name: wire, target: {url: "%s://%s:8080%s?topic={{.Topic}}", %s}, load: {%s}%s}`,
		scheme, serverAddress, cmp.Or(c.path, "/events"), strings.Join(fields, ", "), load, publish))
	r1, s1 := n.settle(t)
	if value(d, "connections.failed") > 0 || value(d, "events.received") < 400 {
		t.Fatalf("%v failed, %v events came", value(d, "connections.failed"), value(d, "events.received"))
	}
	if w := d.Run.Wire; w == nil || w.Layer != results.WireEthernet || w.HeaderBytes != 66 {
		t.Errorf("the document says of the link %+v", w)
	}
	if dial := d.Metrics["connect.dial"].Histogram; dial.Min < float64(2*n.delay) {
		t.Errorf("a dial took %v over a link with a delay of %v", time.Duration(dial.Min), n.delay)
	}
	received, sent = value(d, "wire.received")/(r1-r0)-1, value(d, "wire.sent")/(s1-s0)-1
	t.Logf("%v requests, received %.0f B of %.0f (%+.3f %%), sent %.0f B of %.0f (%+.3f %%)", value(d, "requests.count"),
		value(d, "wire.received"), r1-r0, 100*received, value(d, "wire.sent"), s1-s0, 100*sent)
	return received, sent
}

// serve starts a server in its namespace and waits until it listens.
func (n *namespaces) serve(t *testing.T, program string, args ...string) {
	t.Helper()
	startAndHear(t, inNamespace(command(t, program, args...), n.server))
}

// run runs a scenario in the client's namespace and gives its document.
func (n *namespaces) run(t *testing.T, scenario string) *results.Document {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := inNamespace(command(t, "ssebench", "run", file, "-q", "--out", dir, "--i-may-load", serverAddress, "--i-may-load", hookServerAddress), n.client)
	out, err := cmd.CombinedOutput() // what counts is the document
	paths, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(paths) != 1 {
		t.Fatalf("%d documents (%v): %s", len(paths), err, out)
	}
	d, err := results.Load(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s", out)
		}
	})
	return d
}

// A link with a delay has it in both directions, and its bytes are known all the same.
func TestDelayedLink(t *testing.T) {
	n := newNamespaces(t, 20*time.Millisecond)
	received, sent := wireCase{}.check(t, n, chain{})
	if math.Abs(received) > 0.01 || math.Abs(sent) > 0.01 {
		t.Errorf("received %+.2f %%, sent %+.2f %% off the interface's counters", 100*received, 100*sent)
	}
}
