package results

import (
	"strings"
	"testing"
)

func TestLedgerMustBalance(t *testing.T) {
	for want, spoil := range map[string]func(v *Values){
		"deliveries.expected 25 is not received 23 + lost 1":                  func(v *Values) { v.Add(DeliveriesExpected, 1) },
		"deliveries.lost 1 is not midstream 1 + gap 0 + tail 1":               func(v *Values) { v.Add(DeliveriesLostMidstream, 1) },
		"deliveries.received 23 is not fanout.latency's 24 + fanout.replayed": func(v *Values) { v.Record(FanoutLatency, 1e6) },
		"deliveries.received 23 is not fanout.latency's 23 + fanout.replayed": func(v *Values) { v.Record(FanoutReplayed, 1e6) },
		"deliveries.lost 1 is not fanout.latency's 2 censored":                func(v *Values) { v.Censor(FanoutLatency, 1) },
		"connections.attempted 11 is not opened 8 + failed 2 + abandoned 0":   func(v *Values) { v.Add(ConnectionsAttempted, 1) },
	} {
		run := append([]*Interval(nil), sampleRun()...)
		run[1].Phases = nil // without the warm-up's own figures the sums read like those of the document
		run[4].with(2, spoil)
		d := mustFold(t, sampleHeader(), run)
		if !strings.HasPrefix(d.Run.Failure, "internal: the ledger does not balance: "+want) || d.ExitCode() != ExitFailed {
			t.Errorf("failure %q, want %q", d.Run.Failure, want)
		}
		run[5].End = &End{Failure: "the hook answered 401"}
		d = mustFold(t, sampleHeader(), run)
		if d.Run.Failure != "the hook answered 401" || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0].Message, want) {
			t.Errorf("with another failure: %q, warnings %v", d.Run.Failure, d.Warnings)
		}
	}
	moved := sampleRun() // the whole balances and the part that is shown does not
	moved[1].with(1, func(v *Values) { v.Add(DeliveriesExpected, -1) })
	moved[2].with(2, func(v *Values) { v.Add(DeliveriesExpected, 1) })
	if d := mustFold(t, sampleHeader(), moved); !strings.Contains(d.Run.Failure, "expected 25") {
		t.Errorf("failure %q", d.Run.Failure)
	}
}
