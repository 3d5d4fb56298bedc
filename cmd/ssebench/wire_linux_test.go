package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ssebench/results"
)

// wireCase is traffic whose bytes are known: the link's own counters say them.
type wireCase struct {
	name   string
	tls    bool
	target string   // further fields of target
	load   string   // further fields of load
	path   string   // of the stream; empty: /events
	size   string   // of the events; empty: 100B
	rate   string   // of the events; empty: 20/s
	serve  []string // further flags of the server
}

// often has somebody poll as often as a stream would bring events, and more.
const often = "transport: poll, poll: {cursor: {from: {pointer: /cursor}, to: {query: since}}, interval: 100ms"

var wireCases = []wireCase{
	{name: "sse"},
	{name: "sse, events of 20 KB", size: "20KB"},
	{name: "sse over TLS", tls: true},
	{name: "sse over HTTP/2", tls: true, target: "protocol: http2"},
	{name: "sse over HTTP/2, shared", tls: true, target: "protocol: http2", load: "streams_per_connection: 10"},
	{name: "websocket", path: "/ws", target: "transport: websocket"},
	{name: "websocket, compressed", path: "/ws", target: "transport: websocket, websocket: {compression: true}", size: "2KB"},
	{name: "websocket over TLS", path: "/ws", tls: true, target: "transport: websocket"},
	{name: "poll", path: "/poll", target: often + "}"},
	{name: "poll, answers of 20 KB and more", path: "/poll", target: often + "}", size: "20KB"},
	{name: "poll, 304 where there is no news", path: "/poll", target: often + ", conditional: true}", rate: "4/s"},
	{name: "poll, a connection each", path: "/poll", target: often + ", reuse: false}"},
	{name: "poll, 20 KB, a connection each", path: "/poll", target: often + ", reuse: false}", size: "20KB"},
	{name: "poll over TLS", path: "/poll", tls: true, target: often + "}"},
	{name: "poll over TLS, a connection each", path: "/poll", tls: true, target: often + ", reuse: false}"},
	{name: "poll over TLS, 20 KB, a connection each", path: "/poll", tls: true, target: often + ", reuse: false}", size: "20KB"},
	{name: "poll over HTTP/2", path: "/poll", tls: true, target: "protocol: http2, " + often + "}"},
	{name: "long-poll", path: "/longpoll", target: strings.Replace(often, "poll", "long-poll", 1) + "}"},
	{name: "long-poll over TLS", path: "/longpoll", tls: true, target: strings.Replace(often, "poll", "long-poll", 1) + "}"},
	{name: "finite-sse", path: "/finite", target: "transport: finite-sse", load: "reconnect: chromium", serve: []string{"--retry", "100ms"}},
}

// What a run says of its bytes on the wire is what the link's interface counted, within 1 %, whatever the transport.
func TestWireBytesAreThoseOfTheLink(t *testing.T) {
	chain := newChain(t, serverAddress, hookServerAddress)
	for _, c := range wireCases {
		t.Run(c.name, func(t *testing.T) {
			c.compare(t, newNamespaces(t, 0), chain)
		})
	}
}

// compare runs the case across the namespaces, and holds the run's bytes against those of the link.
func (c wireCase) compare(t *testing.T, n *namespaces, chain chain) {
	t.Helper()
	scheme, flags := "http", slices.Clone(c.serve)
	fields := []string{}
	if c.target != "" {
		fields = append(fields, c.target)
	}
	if c.tls {
		scheme, flags = "https", append(flags, "--cert", chain.cert, "--key", chain.key)
		fields = append(fields, "tls: {ca_cert: "+chain.root+"}")
	}
	n.serve(t, "ssebench", append([]string{"serve", "--listen", "0.0.0.0:8080", "--token", "namespace"}, flags...)...)
	publish := fmt.Sprintf(`publish: {rate: %s, payload: {size: %s}, hook: {http: {url: "%s://%s:8080/publish?topic={{.Topic}}", `+
		`headers: {Authorization: Bearer namespace}}}}`, cmp.Or(c.rate, "20/s"), cmp.Or(c.size, "100B"), scheme, hookServerAddress)
	load := "connections: 40, phases: [{ramp: 400/s}, {hold: 1s}]"
	if c.load != "" {
		load += ", " + c.load
	}
	r0, s0 := n.settle(t)
	again := n.retransmitted(t)
	d := n.run(t, fmt.Sprintf(`{name: wire, target: {url: "%s://%s:8080%s?topic={{.Topic}}", %s}, load: {%s}, %s}`,
		scheme, serverAddress, cmp.Or(c.path, "/events"), strings.Join(fields, ", "), load, publish))
	r1, s1 := n.settle(t)
	if failed, came := value(d, "connections.failed"), value(d, "deliveries.received"); failed > 0 || came < 100 || value(d, "deliveries.lost") > 0 {
		t.Fatalf("%v failed, %v events came, %v were lost", failed, came, value(d, "deliveries.lost"))
	}
	if w := d.Run.Wire; w == nil || w.Layer != results.WireEthernet || w.HeaderBytes != 66 {
		t.Errorf("the document says of the link %+v", w)
	}
	if dial := d.Metrics["connect.dial"].Histogram; dial.Min < float64(2*n.delay) {
		t.Errorf("a dial took %v over a link with a delay of %v", time.Duration(dial.Min), n.delay)
	}
	if headers := d.Metrics["connect.headers"].Histogram; n.delay > 0 && headers.Min > float64(3*n.delay) {
		t.Errorf("an answer took %v over a link with a delay of %v, want one round trip", time.Duration(headers.Min), n.delay)
	}
	// On a busy machine a server sends segments again that had come: of those the receiver's kernel counts the headers alone, and their answers
	// have an option more (DSACK).
	again = n.retransmitted(t) - again
	received := off(value(d, "wire.received"), r1-r0, again*(1500-52))
	sent := off(value(d, "wire.sent"), s1-s0, again*12)
	t.Logf("%v requests, received %.0f B of %.0f (%+.3f %%), sent %.0f B of %.0f (%+.3f %%); the server sent %v segments again", value(d, "requests.count"),
		value(d, "wire.received"), r1-r0, 100*received, value(d, "wire.sent"), s1-s0, 100*sent, again)
	if math.Abs(received) > 0.01 || math.Abs(sent) > 0.01 {
		t.Errorf("received %+.2f %%, sent %+.2f %% off the interface's counters, want 1 %% at most", 100*received, 100*sent)
	}
}

// off is how far a figure is off the counter, as a share of it, where up to so many bytes may be missing.
func off(figure, counter, missing float64) float64 {
	return (figure + min(max(counter-figure, 0), missing) - counter) / counter
}

// retransmitted gives the segments that the server's kernel has sent again so far.
func (n *namespaces) retransmitted(t *testing.T) float64 {
	t.Helper()
	out := mustRun(t, "ip", "netns", "exec", n.server, "sh", "-c", `awk '/^Tcp:/ { if (named) print $at; else for (i = 1; i <= NF; i++) if ($i == "RetransSegs") at = i; named = 1 }' /proc/net/snmp`)
	segments, err := strconv.ParseFloat(strings.TrimSpace(out), 64)
	if err != nil {
		t.Fatalf("segments sent again: %v", err)
	}
	return segments
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

// A link with a delay has it in both directions, and its bytes are known all the same. Nothing waits for an ACK, which would come a round trip
// later: TLS takes one, and the answer another.
func TestDelayedLink(t *testing.T) {
	chain := newChain(t, serverAddress, hookServerAddress)
	for _, name := range []string{"sse", "long-poll over TLS", "poll over TLS, a connection each"} {
		t.Run(name, func(t *testing.T) {
			c := wireCases[slices.IndexFunc(wireCases, func(c wireCase) bool { return c.name == name })]
			c.target = strings.Replace(c.target, "100ms", "500ms", 1) // else dials are under way at the end
			c.compare(t, newNamespaces(t, 20*time.Millisecond), chain)
		})
	}
}
