package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ssebench/results"
)

// wireCase is traffic whose bytes are known: the link's own counters say them.
type wireCase struct {
	name   string
	serve  []string // flags of the server
	scheme string   // of the target; empty: http
	target string   // further fields of target
	load   string   // further fields of load
	size   string   // of the events; empty: the default
}

var wireCases = []wireCase{
	{name: "sse"},
	{name: "sse, events of 20 KB", size: "20KB"},
	{name: "sse over TLS", scheme: "https"},
	{name: "sse over HTTP/2", scheme: "https", target: "protocol: http2"},
	{name: "sse over HTTP/2, shared", scheme: "https", target: "protocol: http2", load: "streams_per_connection: 10"},
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
	n.serve(t, append([]string{"--cert", chain.cert, "--key", chain.key}[:4*min(len(c.scheme), 1)], c.serve...)...)
	scheme := "http"
	if c.scheme != "" {
		scheme = c.scheme
	}
	fields := []string{c.target}
	if scheme == "https" {
		fields = append(fields, "tls: {ca_cert: "+chain.root+"}")
	}
	size := c.size
	if size == "" {
		size = "100B"
	}
	r0, s0 := n.settle(t)
	d := n.run(t, fmt.Sprintf(`
name: wire
target:
  url: %[1]s://%[2]s:8080/events?topic={{.Topic}}
%[4]s
load:
  connections: 40
  phases: [{ramp: 400/s}, {hold: 2s}]
%[5]s
publish:
  rate: 20/s
  payload: {size: %[6]s}
  hook: {http: {url: "%[1]s://%[3]s:8080/publish?topic={{.Topic}}", headers: {Authorization: "Bearer namespace"}}}
`, scheme, serverAddress, hookServerAddress, indent(fields...), indent(c.load), size))
	r1, s1 := n.settle(t)
	if value(d, "connections.failed") > 0 || value(d, "deliveries.received") < 40 {
		t.Fatalf("%v failed, %v were delivered", value(d, "connections.failed"), value(d, "deliveries.received"))
	}
	if w := d.Run.Wire; w == nil || w.Layer != results.WireEthernet || w.HeaderBytes != 66 {
		t.Errorf("the document says of the link %+v", w)
	}
	received, sent = value(d, "wire.received")/(r1-r0)-1, value(d, "wire.sent")/(s1-s0)-1
	t.Logf("received %.0f B of %.0f (%+.3f %%), sent %.0f B of %.0f (%+.3f %%)",
		value(d, "wire.received"), r1-r0, 100*received, value(d, "wire.sent"), s1-s0, 100*sent)
	return received, sent
}

func indent(lines ...string) string {
	lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	return "  " + strings.Join(lines, "\n  ")
}

// serve starts the reference server in its namespace.
func (n *namespaces) serve(t *testing.T, args ...string) {
	t.Helper()
	cmd := inNamespace(command(t, "ssebench", append([]string{"serve", "--listen", "0.0.0.0:8080", "--token", "namespace"}, args...)...), n.server)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("serve %v said %q: %v", args, line, err)
	}
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
