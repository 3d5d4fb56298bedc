package scenarios

import (
	"strings"
	"testing"
)

const (
	stays     = "connections.failed == 0 | connections.never_open == 0 | connections.closed_by_server == 0"
	published = `deliveries.stalled == 0 | deliveries.corrupt == 0 | deliveries.unexpected["topic"] == 0`
	observed  = "events.received + events.comments > 0"
)

// What the scenario judges itself is judged by its own thresholds alone, and all else by the default ones.
func TestDefaultThresholds(t *testing.T) {
	for text, want := range map[string]string{
		"publish: {rate: 1/s}\n":                          stays + " | deliveries.lost == 0 | " + published,
		"publish: {rate: 1/s, sequence: {pointer: /n}}\n": stays + ` | deliveries.lost == 0 | deliveries.stalled == 0 | deliveries.unexpected["topic"] == 0`,
		"{}\n":                                 stays + " | " + observed + " | deliveries.stalled == 0",
		"observe: {sequence: {pointer: /n}}\n": stays + " | " + observed + " | deliveries.lost == 0 | deliveries.stalled == 0",
		"target: {transport: poll}\n":          "connections.failed == 0 | connections.never_open == 0 | connections.closed_by_server == 0 | " + observed,
		"target: {transport: poll}\npublish: {rate: 1/s}\n":                                                   "connections.failed == 0 | connections.never_open == 0 | connections.closed_by_server == 0 | deliveries.lost == 0 | " + published,
		"load: {connections: 1, reconnect: {profile: firefox}}\n":                                             "connections.failed == 0 | connections.never_open == 0 | reconnect.stranded == 0 | reconnect.away == 0 | " + observed + " | deliveries.stalled == 0",
		"load: {connections: 10, slow_readers: {share: 10%, bytes_per_second: 1000}}\npublish: {rate: 1/s}\n": "connections.failed == 0 | connections.never_open == 0 | connections.closed_by_server == slow.cut | deliveries.lost == 0 | " + published,
		"target: {protocol: http1.1}\nload: {connections: 12, clients: {profile: browser, tabs: 4}}\n":        "connections.failed == 0 | connections.never_open <= connections.starved | connections.closed_by_server == 0 | " + observed + " | deliveries.stalled == 0",
		"publish: {rate: 1/s}\nload: {connections: 1, phases: [{ramp: 1/s}, {outage: {server: kill}}]}\n":     "connections.never_open == 0 | reconnect.stranded == 0 | reconnect.away == 0 | deliveries.lost_midstream == 0 | deliveries.lost_tail == 0 | " + published,

		"publish: {rate: 1/s}\nthresholds: [fanout.latency.p99 < 50ms]\n":                                                                         stays + " | deliveries.lost == 0 | " + published,
		"publish: {rate: 1/s}\nthresholds: [deliveries.lost / deliveries.expected < 1%, connections.failed < 3]\n":                                "connections.never_open == 0 | connections.closed_by_server == 0 | " + published,
		"thresholds: [events.received > 100, connections.closed_by_server < 5]\n":                                                                 "connections.failed == 0 | connections.never_open == 0 | deliveries.stalled == 0",
		"publish: {rate: 1/s}\nthresholds: [deliveries.lost < 5]\nload: {connections: 1, phases: [{ramp: 1/s}, {outage: {server: kill}}]}\n":      "connections.never_open == 0 | reconnect.stranded == 0 | reconnect.away == 0 | " + published,
		"publish: {rate: 1/s}\nthresholds: [deliveries.lost_tail < 5]\nload: {connections: 1, phases: [{ramp: 1/s}, {outage: {server: kill}}]}\n": "connections.never_open == 0 | reconnect.stranded == 0 | reconnect.away == 0 | deliveries.lost_midstream == 0 | " + published,
	} {
		text = strings.TrimPrefix(text, "{}\n")
		if !strings.Contains(text, "load:") {
			text += "load: {connections: 1}\n"
		}
		if got := expressions(planOf(t, "reference: true\n"+text, fixed).Defaults); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// A threshold on what no run of the scenario can produce would never be decided.
func TestThresholdsOnWhatNeverComesAreRefused(t *testing.T) {
	for threshold, want := range map[string]string{
		"fanout.latency.p99 < 1s":                          "fanout.latency: only a scenario with publish has it",
		"connections.failed == 0 and deliveries.lost == 0": "deliveries.lost: events that nobody numbers cannot be missed",
		"observed.latency.p99 < 1s":                        "observed.latency: it needs the time that the server writes",
		"reconnect.count == 0":                             "reconnect.count: with the reconnect profile none nobody comes back",
		"1s > reconnect.recovered_all.value":               "reconnect.recovered_all",
		"slow.cut == 0":                                    "slow.cut: nobody reads slowly",
		"connections.left > 5":                             "connections.left: nobody leaves by plan",
		"payload.unused == 0":                              "payload.unused: all events are listened to",
		"server.cpu.max < 1":                               "server.cpu: the server's process is not known",
	} {
		text := "target: {url: 'http://127.0.0.1:1/'}\nload: {connections: 1}\nthresholds:\n  - " + threshold + "\n"
		s, err := Decode(Source{Name: "x.yaml", Bytes: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Plan(fixed)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "4:") {
			t.Errorf("%s: %v, want %s", threshold, err, want)
		}
	}
	for _, threshold := range []string{"connections.opened == 1", "events.interval.p99 < 1s", "generator.lag.p99 < 1s", "machine.cpu_pressure.max < 50%", "wire.received > 0"} {
		planOf(t, "target: {url: 'http://127.0.0.1:1/'}\nload: {connections: 1}\nthresholds: ['"+threshold+"']\n", fixed)
	}
}
