package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ssebench/loadgen/host/hosttest"
	"ssebench/results"
)

// outageOf gives the only outage of a document in which every book balances: those who lost their stream, the reconnections, and the
// deliveries.
func outageOf(t *testing.T, d *results.Document) *results.Outage {
	t.Helper()
	if len(d.Outages) != 1 {
		t.Fatalf("%d outages", len(d.Outages))
	}
	o := &d.Outages[0]
	if o.Dropped != o.Recovered+o.Stranded+o.Away {
		t.Errorf("dropped %d, recovered %d, stranded %d, away %d", o.Dropped, o.Recovered, o.Stranded, o.Away)
	}
	replays := int64(0)
	for _, n := range o.Replays {
		replays += n
	}
	if replays != o.Recovered {
		t.Errorf("%d came back, and their replays are %v", o.Recovered, o.Replays)
	}
	balanced(t, d)
	return o
}

// balanced holds the deliveries against each other.
func balanced(t *testing.T, d *results.Document) {
	t.Helper()
	v := func(name string) float64 { return value(d, "deliveries."+name) }
	if v("expected") != v("received")+v("lost") || v("received") == 0 || v("lost") != v("lost_gap")+v("lost_midstream")+v("lost_tail") {
		t.Errorf("expected %v, received %v, lost %v: in gaps %v, in mid-stream %v, in the tail %v", v("expected"), v("received"), v("lost"),
			v("lost_gap"), v("lost_midstream"), v("lost_tail"))
	}
}

// outageServer is a server that a run starts, and starts again.
type outageServer struct {
	name string
	args []string // of ssebench run; none for the bundled server
}

// outageServers are the bundled one and some that others wrote, with a history and without.
func outageServers(t *testing.T) (bundled, stored, memory, node outageServer) {
	t.Helper()
	history, err := redisServer(t, t.TempDir(), t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("testdata/servers/sse_server.mjs")
	if err != nil {
		t.Fatal(err)
	}
	server := func(name, ready string, command func(address string) []string) outageServer {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		words, err := json.Marshal(command(address))
		if err != nil {
			t.Fatal(err)
		}
		return outageServer{name, []string{
			"--url", "http://" + address + "/events?topic={{.Topic}}", "--publish-url", "http://" + address + "/publish?topic={{.Topic}}",
			"--set", fmt.Sprintf("target.start={command: %s, ready: {%s}}", words, fmt.Sprintf(ready, address)),
		}}
	}
	nginx := func(redis string) func(string) []string {
		return func(address string) []string { return nginxCommand(t, nchan(address, redis), "ngx_nchan_module") }
	}
	return outageServer{name: "the bundled server"},
		server("nginx with nchan, history in Redis", "url: http://%s/ready", nginx(history)),
		server("nginx with nchan, history in memory", "url: http://%s/ready", nginx("")),
		server("Node, no history", "tcp: %s", func(address string) []string {
			_, port, _ := strings.Cut(address, ":")
			return []string{hosttest.Program(t, "node", "nodejs"), program, port}
		})
}

// The server's process is killed with SIGKILL under all of its streams and started again. Everybody comes back, and what was lost was lost
// in the gap: nothing where the history is kept by another process, and with a server that keeps none all that was published before
// they were back.
func TestOutageRestart(t *testing.T) {
	n := streams(300, 10_000)
	bundled, stored, memory, node := outageServers(t)
	for _, server := range []outageServer{bundled, stored, memory, node} {
		t.Run(server.name, func(t *testing.T) {
			if !drill {
				t.Parallel()
			}
			args := append([]string{"outage-restart", "-c", strconv.Itoa(n)}, server.args...)
			if !drill {
				args = append(args, "--set", "load.phases.1.hold=1s", "--set", "load.phases.3.hold=2s", "--set", "load.phases.2.outage.shut=1s", "--drain", "3s")
			}
			d := startRun(t, t.TempDir(), args...)(t)
			o := outageOf(t, d)
			if o.Open != int64(n) || o.Dropped != int64(n) || o.Recovered != int64(n) || value(d, "connections.closed_by_server") != float64(n) {
				t.Errorf("of %d streams %d dropped, %d came back; closed: %v", o.Open, o.Dropped, o.Recovered, d.Metrics["connections.closed_by_server"].By)
			}
			if o.BackNS == nil || o.RecoveredP50NS == nil || o.RecoveredAllNS == nil || *o.RecoveredP50NS > *o.RecoveredAllNS || float64(*o.BackNS) > *o.RecoveredAllNS {
				t.Fatalf("the server was back after %v, half after %v, all after %v", o.BackNS, o.RecoveredP50NS, o.RecoveredAllNS)
			}
			gap := value(d, "deliveries.lost_gap")
			if gap != value(d, "deliveries.lost") {
				t.Errorf("%v were lost, %v of them in gaps", value(d, "deliveries.lost"), gap)
			}
			switch server.name {
			case stored.name:
				if gap != 0 || o.Replays["exact"] != o.Recovered {
					t.Errorf("%v were lost, the replays were %v", gap, o.Replays)
				}
			case node.name: // what was sent while a stream opened came live
				if gap == 0 || o.Replays["none"]+o.Replays["partial"] != o.Recovered {
					t.Errorf("%v were lost, the replays were %v", gap, o.Replays)
				}
			}
			tellOutage(t, "SIGKILL", d, "server", server.name, "reachable after", after(new(float64(*o.BackNS))))
		})
	}
}

// Connections are reset under servers that go on. One that keeps a history replays what was missed, exactly, from each last event ID; one
// that keeps none loses it, all of it in the gap.
func TestOutageCut(t *testing.T) {
	n := streams(300, 5000)
	bundled, _, memory, node := outageServers(t)
	for _, server := range []outageServer{bundled, memory, node} {
		t.Run(server.name, func(t *testing.T) {
			if !drill {
				t.Parallel()
			}
			args := append([]string{"outage-cut", "-c", strconv.Itoa(n), "--set", "load.phases.2.outage.repeat=1"}, server.args...)
			if drill { // 100,000 deliveries a second are more than nchan and Node have on two cores
				args = append(args, "--set", "publish.rate=5/s")
			} else {
				args = append(args, "--set", "load.phases.1.hold=1s", "--set", "load.phases.3.hold=1s", "--set", "load.reconnect={profile: chromium, delay: 1s}", "--drain", "3s")
			}
			d := startRun(t, t.TempDir(), args...)(t)
			o := outageOf(t, d)
			cut := int64(n * 3 / 10)
			if o.Open != int64(n) || o.Dropped != cut || o.Recovered != cut {
				t.Errorf("of %d streams %d dropped, %d came back, want %d", o.Open, o.Dropped, o.Recovered, cut)
			}
			lost := value(d, "deliveries.lost")
			switch server.name {
			case node.name:
				if lost == 0 || lost != value(d, "deliveries.lost_gap") || o.Replays["none"]+o.Replays["partial"] != cut {
					t.Errorf("%v were lost, %v of them in gaps; the replays were %v", lost, value(d, "deliveries.lost_gap"), o.Replays)
				}
			default:
				if lost != 0 || value(d, "deliveries.duplicate") != 0 || o.Replays["exact"] != cut {
					t.Errorf("%v were lost, %v came twice; the replays were %v", lost, value(d, "deliveries.duplicate"), o.Replays)
				}
			}
			tellOutage(t, "A cut by RST", d, "server", server.name)
		})
	}
}
