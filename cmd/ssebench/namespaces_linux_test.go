package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ssebench/loadgen/host/hosttest"
)

// namespaces are two network namespaces, one for the client and one for the server, that two veth pairs join: the link that is looked at,
// and another for the hook, so that what is published is not on the first.
type namespaces struct {
	client, server string
	delay          time.Duration // of the link, in each direction
}

// The addresses of both ends of both links.
const (
	clientAddress, serverAddress         = "10.77.1.1", "10.77.1.2"
	hookClientAddress, hookServerAddress = "10.77.2.1", "10.77.2.2"
)

var namespaceCount atomic.Int32

// newNamespaces makes them, and has each direction of the link take the delay longer. The test is skipped where they cannot be made.
func newNamespaces(tb testing.TB, delay time.Duration) *namespaces {
	tb.Helper()
	long(tb)
	hosttest.Root(tb, "it makes network namespaces")
	hosttest.Program(tb, "ip", "iproute2")
	stem := fmt.Sprintf("ssebench-%d-%d-", os.Getpid(), namespaceCount.Add(1))
	n := &namespaces{client: stem + "client", server: stem + "server", delay: delay}
	n.add(tb, n.client)
	n.add(tb, n.server)
	relayed, middle := delay > 0 && !n.knowsNetem(), stem+"middle"
	if relayed {
		n.add(tb, middle)
	}
	// IPv6 would speak on its own as soon as a link is up, and so would ARP: the neighbours are told. A packet is what an Ethernet carries
	// (MTU 1500), not what the kernel would leave to a device to cut up.
	pair := func(link, from, fromEnd, to, toEnd, mac string) {
		ip(tb, "link", "add", fromEnd, "netns", from, "address", "02:00:00:00:"+mac+":01", "type", "veth",
			"peer", "name", toEnd, "netns", to, "address", "02:00:00:00:"+mac+":02")
		for _, end := range [][2]string{{from, fromEnd}, {to, toEnd}} {
			ip(tb, "-n", end[0], "link", "set", "dev", end[1], "mtu", "1500", "gso_max_segs", "1", "up")
		}
	}
	address := func(name, end, own, other, mac string) {
		ip(tb, "-n", name, "address", "add", own+"/24", "dev", end)
		ip(tb, "-n", name, "neighbour", "replace", other, "lladdr", mac, "dev", end, "nud", "permanent")
	}
	clientMAC, serverMAC := "02:00:00:00:01:01", "02:00:00:00:01:02"
	if relayed {
		pair("wire", n.client, "wire", middle, "near", "01")
		pair("wire", middle, "far", n.server, "wire", "03")
		serverMAC = "02:00:00:00:03:02"
	} else {
		pair("wire", n.client, "wire", n.server, "wire", "01")
	}
	address(n.client, "wire", clientAddress, serverAddress, serverMAC)
	address(n.server, "wire", serverAddress, clientAddress, clientMAC)
	pair("hook", n.client, "hook", n.server, "hook", "02")
	address(n.client, "hook", hookClientAddress, hookServerAddress, "02:00:00:00:02:02")
	address(n.server, "hook", hookServerAddress, hookClientAddress, "02:00:00:00:02:01")
	switch {
	case relayed:
		relay := inNamespace(command(tb, "fixture", "delay", delay.String(), "near", "far"), middle)
		startAndHear(tb, relay)
	case delay > 0:
		for _, name := range []string{n.client, n.server} {
			mustRun(tb, "tc", "-n", name, "qdisc", "add", "dev", "wire", "root", "netem", "delay", delay.String(), "limit", "100000")
		}
	}
	return n
}

// add makes a namespace that goes with the test.
func (n *namespaces) add(tb testing.TB, name string) {
	tb.Helper()
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		hosttest.Missing(tb, "no network namespace can be made here: "+string(out))
	}
	tb.Cleanup(func() { ip(tb, "netns", "delete", name) })
	mustRun(tb, "ip", "netns", "exec", name, "sh", "-c", "echo 1 | tee /proc/sys/net/ipv6/conf/all/disable_ipv6 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
	ip(tb, "-n", name, "link", "set", "dev", "lo", "up")
}

// knowsNetem tells whether the kernel can delay what a device sends.
func (n *namespaces) knowsNetem() bool {
	return exec.Command("tc", "-n", n.client, "qdisc", "add", "dev", "lo", "root", "netem").Run() == nil
}

// inNamespace makes a command run in a namespace.
func inNamespace(cmd *exec.Cmd, name string) *exec.Cmd {
	path, err := exec.LookPath("ip")
	if err != nil {
		path = "ip"
	}
	cmd.Args = append([]string{"ip", "netns", "exec", name, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = path
	return cmd
}

// carried gives the bytes that the client's end of the link has received and sent so far, by the interface's counters.
func (n *namespaces) carried(tb testing.TB) (received, sent float64) {
	tb.Helper()
	var links []struct {
		Stats struct{ RX, TX struct{ Bytes float64 } } `json:"stats64"`
	}
	out := mustRun(tb, "ip", "-json", "-stats", "-n", n.client, "link", "show", "dev", "wire")
	if err := json.Unmarshal([]byte(out), &links); err != nil || len(links) != 1 {
		tb.Fatalf("ip link show gave %s (%v)", out, err)
	}
	return links[0].Stats.RX.Bytes, links[0].Stats.TX.Bytes
}

// settle waits until nothing crosses the link any more, and gives what it has carried.
func (n *namespaces) settle(tb testing.TB) (received, sent float64) {
	tb.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for received, sent = n.carried(tb); time.Now().Before(deadline); {
		time.Sleep(200 * time.Millisecond) // longer than the delay of an ACK
		r, s := n.carried(tb)
		if r == received && s == sent {
			return r, s
		}
		received, sent = r, s
	}
	tb.Fatal("the link does not fall silent")
	return 0, 0
}

func ip(tb testing.TB, args ...string) {
	tb.Helper()
	mustRun(tb, "ip", args...)
}

// mustRun runs a program of the system that must succeed, and gives what it says.
func mustRun(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		tb.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
