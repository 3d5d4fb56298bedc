package results_test

import (
	"bytes"
	"fmt"

	"ssebench/results"
)

// A run writes a header and a line for each second. The document is their fold, and thresholds are held against it.
func Example() {
	header := &results.Header{
		Run:        results.Run{ID: "7f3a", Scenario: "example", TimeOfReceipt: "read"},
		Phases:     []results.PhaseInfo{{Name: "hold", Kind: results.PhaseHold}},
		Thresholds: []string{"fanout.latency.p99 < 50ms", "deliveries.received == 1001"},
	}
	second := &results.Values{}
	for range 1000 {
		second.Add(results.DeliveriesExpected, 1)
		second.Add(results.DeliveriesReceived, 1)
		second.Record(results.FanoutLatency, 12e6)
	}

	var journal bytes.Buffer
	writer := &results.JournalWriter{W: &journal}
	err := writer.WriteHeader(header)
	if err == nil {
		err = writer.WriteInterval(&results.Interval{
			EndNS:  1e9,
			Phases: []results.PhaseValues{{Phase: 0, Values: second}},
			End:    &results.End{},
		})
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	document, err := results.Read(&journal)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range document.Thresholds {
		if t.Observed != nil {
			fmt.Println(t.Expression, t.Pass, results.Format(*t.Observed, t.Unit))
		} else {
			fmt.Println(t.Expression, t.Pass, t.Reason)
		}
	}
	fmt.Println("exit code", document.ExitCode())
	// Output:
	// fanout.latency.p99 < 50ms true 12.0 ms
	// deliveries.received == 1001 false 1,000
	// exit code 99
}
