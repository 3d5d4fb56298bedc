package results

import (
	"slices"
	"testing"
)

// What is below zero by less than the clocks are fine says nothing of them.
func TestClocksDisagreeByMoreThanTheirGrain(t *testing.T) {
	for name, tt := range map[string]struct {
		id         ID
		nanos      int64
		resolution int64
		warned     bool
	}{
		"a kernel's stamp":                     {FanoutFromSend, -11, 0, false},
		"an offset measured anew":              {ReconnectDelayError, -9_000, 0, false},
		"a server's clock ahead":               {ObservedLatency, -3_600_000_000_000, 1e6, true},
		"a server that rounds up milliseconds": {ObservedLatency, -999_000, 1e6, false},
		"one that writes microseconds":         {ObservedLatency, -999_000, 1e3, true},
		"a forged mark":                        {FanoutLatency, -20_000_000, 0, true},
	} {
		run := sampleRun()
		run[3].with(2, func(v *Values) { v.Record(tt.id, tt.nanos) })
		run[5].End = &End{ObservedResolutionNS: tt.resolution}
		d := mustFold(t, sampleHeader(), run)
		warned := slices.ContainsFunc(d.Warnings, func(w Warning) bool { return w.Token == "negative_duration" })
		if warned != tt.warned || d.Run.ObservedResolutionNS != tt.resolution {
			t.Errorf("%s: %v", name, d.Warnings)
		}
	}
}
