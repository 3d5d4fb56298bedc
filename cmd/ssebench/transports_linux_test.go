package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ssebench/results"
)

// transportsTables is the file to which make transports writes; empty in make test, where the same is run with few clients and for seconds.
var transportsTables = os.Getenv("SSEBENCH_TRANSPORTS")

// briefly are the settings of make test: the holds last for an interval of the pollers, and for the heartbeat of the server.
var briefly = []string{
	"--set", "load.connections=20", "--set", "load.phases.1.hold=1s", "--set", "load.phases.2.hold=2s", "--set", "publish.rate=4/s",
	"--set", "compare.6=", "--set", "compare.5.set.target.poll.interval=1s", "--set", "compare.4=", "--set", "compare.3.set.target.poll.interval=1s",
	"--set", `compare.2.set.target.url=${TARGET}/longpoll?topic={{.Topic}}&timeout=1s`,
}

// across is the scenario of a server elsewhere, and linkDelay how far it is away, in one direction.
const (
	across    = "../../results/published/transports/across.yaml"
	linkDelay = 20 * time.Millisecond
)

// All transports against the bundled server across a link with a delay: nothing is lost, the bytes are Ethernet's, and nobody hears of an event
// before it could have come. make transports runs the embedded comparisons on loopback too, and keeps all tables.
func TestTransportsCompared(t *testing.T) {
	var tables []string
	if transportsTables == "" {
		t.Parallel()
	} else {
		for _, of := range [][2]string{{"On loopback", "compare-transports"}, {"Clients that send too, on loopback", "compare-duplex"}} {
			out, _ := compared(t, command(t, "ssebench", "run", "-q", of[1], "--rounds", "2"))
			tables = append(tables, of[0], out)
		}
	}
	n := newNamespaces(t, linkDelay)
	heartbeat := "1s"
	if transportsTables != "" {
		heartbeat = "15s"
	}
	serve := "ip netns exec " + n.server + " ssebench serve --listen 0.0.0.0:8080 --token namespace --heartbeat " + heartbeat
	args := []string{
		"run", "-q", across, "--i-may-load", serverAddress, "--i-may-load", hookServerAddress,
		"--set", "target.start.command=" + serve, "--set", "target.start.ready.tcp=" + serverAddress + ":8080", // a new one for each variant, so that its memory is known
	}
	if transportsTables == "" {
		args = append(args, briefly...)
	} else {
		args = append(args, "--rounds", "2")
	}
	cmd := inNamespace(command(t, "ssebench", args...), n.client)
	cmd.Env = append(cmd.Environ(), "TARGET=http://"+serverAddress+":8080", "HOOK=http://"+hookServerAddress+":8080", "TOKEN=namespace")
	out, documents := compared(t, cmd)
	for _, d := range documents {
		name := d.Run.Variant
		if d.Run.Wire == nil || d.Run.Wire.Layer != results.WireEthernet || value(d, "deliveries.lost") > 0 || value(d, "deliveries.received") == 0 {
			t.Errorf("%s: link %+v, %v lost of %v", name, d.Run.Wire, value(d, "deliveries.lost"), value(d, "deliveries.expected"))
		}
		if first := d.Metrics["fanout.latency"].Histogram; first.Min < float64(linkDelay) {
			t.Errorf("%s: an event came after %v across a link with a delay of %v", name, time.Duration(first.Min), linkDelay)
		}
	}
	if !strings.Contains(out, "TCP/IP is Ethernet's: 66 B of headers") || !strings.Contains(out, "Break-even in bytes") {
		t.Errorf("the comparison is\n%s", out)
	}
	if transportsTables != "" {
		tables = append(tables, fmt.Sprintf("Between two network namespaces, %v each way, MTU 1500", linkDelay), out)
		writeTables(t, tables)
	}
}

// compared runs a comparison, and gives what it prints and its documents.
func compared(t *testing.T, cmd *exec.Cmd) (out string, documents []*results.Document) {
	t.Helper()
	dir := t.TempDir()
	cmd.Args = append(cmd.Args, "--out", dir)
	printed, err := cmd.CombinedOutput()
	paths, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, path := range paths {
		d, err := results.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
	}
	out, _, _ = strings.Cut(string(printed), "\ndocuments:")
	if t.Logf("%s", out); len(documents) < 2 {
		t.Fatalf("%d documents: %v", len(documents), err)
	}
	return out, documents
}

func writeTables(t *testing.T, tables []string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- written by make transports -->\n%d cores, %s; load average %s after the last run.\n", runtime.NumCPU(), runtime.Version(),
		loadAverage())
	for pair := range slices.Chunk(tables, 2) {
		fmt.Fprintf(&b, "\n### %s\n\n```text\n%s```\n", pair[0], strings.TrimLeft(pair[1], "\n"))
	}
	if err := os.WriteFile(transportsTables, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}
