package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ssebench/results"
)

// chatting is a run of a way in which what a subscriber sends reaches n subscribers: received and sent are what a message costs, in bytes and in ns.
func chatting(transport, protocol string, n, received, sent float64) *results.Document {
	counter := func(v float64) results.Value { return results.Value{Kind: results.KindCounter, Value: &v} }
	clients, messages := 10.0, 100.0
	return &results.Document{
		Run:      results.Run{Variant: fmt.Sprint(transport, protocol, n)},
		Scenario: json.RawMessage(fmt.Sprintf(`{"target":{"transport":%q,"protocol":%q},"publish":{"hook":{"subscribers":{}}}}`, transport, protocol)),
		Metrics: map[string]results.Value{
			"wire.received":           counter(1),
			"server.cpu_per_delivery": {Kind: results.KindGauge, Value: new((sent + n*received) * 10 / n)},
			"fanout.latency":          {Kind: results.KindHistogram, Histogram: &results.Summary{Count: 1000, P50: new(n * 1e6)}},
		},
		Phases: []results.PhaseResult{{Name: "hold", Kind: results.PhaseHold, EndNS: 10e9, Metrics: map[string]results.Value{
			"connections.open": {Kind: results.KindGauge, Max: &clients}, "wire.received": counter(messages * (sent + n*received)), "wire.sent": counter(0),
			"publish.count": counter(messages), "deliveries.received": counter(messages * n),
		}}},
		Verdict: results.Verdict{Trust: results.Trusted, Pass: true},
	}
}

// sse costs 200 B received and 800 B sent, websocket 210 and 300: at a share s sent the same where 10 (1 - s) = 500 s, which is 1.96 %.
func TestDuplex(t *testing.T) {
	var out strings.Builder
	if err := Compare(&out, []*results.Document{
		chatting("sse", "auto", 1, 200, 800), chatting("sse", "h2c", 10, 300, 400), chatting("websocket", "auto", 10, 210, 300),
		chatting("sse", "auto", 10, 200, 800), chatting("sse", "h2c", 1, 300, 400), chatting("websocket", "auto", 1, 210, 300),
		chatting("long-poll", "auto", 1, 1, 1), // with one fan-out alone nothing can be told apart
	}); err != nil {
		t.Fatal(err)
	}
	squeezed := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"sse + POST 200 B 800 B 1.00 ms 2.00 µs 8.00 µs from 1.96 % sent from 1.96 % sent",
		"sse + POST over h2c 300 B 400 B 1.00 ms 3.00 µs 4.00 µs at every share at every share",
		"websocket 210 B 300 B 1.00 ms 2.10 µs 3.00 µs a message that",
		"from runs with n = 1 and 10",
	} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(squeezed, "long-poll + POST") || strings.Contains(squeezed, "Break-even") {
		t.Error("something is told that was not measured")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// Which side a crossing favours.
func TestCheaperFrom(t *testing.T) {
	for want, pair := range map[string][2]split{
		"at no share":       {{2, 2}, {1, 1}},
		"at every share":    {{1, 1}, {1, 2}},
		"from 50.0 % sent":  {{2, 1}, {1, 2}},
		"up to 50.0 % sent": {{1, 2}, {2, 1}},
	} {
		if got := cheaperFrom(pair[0], pair[1]); got != want {
			t.Errorf("%v: %s, want %s", pair, got, want)
		}
	}
}
