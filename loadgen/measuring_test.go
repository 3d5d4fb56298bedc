package loadgen

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// machine is a Host on which, each second, two receive buffers fill up and the clock is set once.
type machine struct{ cpu, delay int64 }

func (m *machine) Sample() (results.ProcessSample, error) {
	m.cpu += 4e8
	m.delay += 1e8
	return results.ProcessSample{CPUNanos: m.cpu, RunDelayNanos: m.delay, RSSBytes: 1 << 20}, nil
}
func (*machine) GCPauses() []int64            { return nil }
func (*machine) Share() (float64, bool)       { return 0.25, true }
func (*machine) Nap(d time.Duration)          { time.Sleep(d) }
func (*machine) Disturbances() (int64, int64) { return 2, 1 }
func onMachine(r *Runner)                     { r.Host = new(machine) }

func TestTheRunTellsHowItMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.account = Account{
			TimeOfReceipt: results.ReceiptKernel, WireLayer: results.WireLoopback, WireHeader: 52, Stamped: 1990, Unstamped: 10, ClockSteps: 3,
		}
		d := runMemory(t, m, steady, onMachine)
		if d.Run.TimeOfReceipt != results.ReceiptKernel || d.Run.Wire == nil || *d.Run.Wire != (results.Wire{Layer: results.WireLoopback, HeaderBytes: 52}) {
			t.Errorf("%+v, wire %+v", d.Run, d.Run.Wire)
		}
		for _, phase := range d.Phases {
			wantCounters(t, &results.Document{Metrics: phase.Metrics}, map[string]float64{"wire.received": 1000, "wire.sent": 300})
		}
		seconds := *d.Metrics["machine.clock_steps"].Value
		if seconds < 5 { // a run of 5 s and a drain; the transport saw fewer steps, so the host's count
			t.Errorf("%v steps of the clock, one a second", seconds)
		}
		wantCounters(t, d, map[string]float64{"reads.stamped": 1990, "reads.unstamped": 10, "machine.buffers_full": 2 * seconds})
		if delay := *d.Metrics["generator.run_delay"].Value; delay < 0.09 || delay > 0.11 {
			t.Errorf("generator.run_delay %v, want 0.1", delay)
		}
	})
}

func TestStepsThatOnlyTheTransportSawCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.account = Account{TimeOfReceipt: results.ReceiptRead, ClockSteps: 30}
		d := runMemory(t, m, steady, onMachine)
		wantCounters(t, d, map[string]float64{"machine.clock_steps": 30})
		if _, told := d.Metrics["reads.unstamped"]; told || d.Run.Wire != nil {
			t.Errorf("a transport without stamps, and of an unknown wire, tells of both: %+v", d.Run.Wire)
		}
	})
}

// The kernel counts full buffers of the whole machine: whose they are, only the transport's own sockets tell.
func TestFullBuffersOfOthersSpeakAgainstNobody(t *testing.T) {
	for _, stalled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.stalled = stalled
			d := runMemory(t, m, steady, onMachine)
			all, own := *d.Metrics["machine.buffers_full"].Value, *d.Metrics["generator.buffers_full"].Value
			blamed := slices.ContainsFunc(d.Verdict.Reasons, func(reason string) bool { return strings.Contains(reason, "buffers_full") })
			if all == 0 || own != 0 != stalled || stalled && own != all || blamed != stalled {
				t.Errorf("stalled %v: of %v full buffers %v are ours: %q", stalled, all, own, d.Verdict.Reasons)
			}
		})
	}
}

func TestBuffersThatAreToFillUpSpeakAgainstNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, newMemory(), "load: {connections: 40, slow_readers: 5%, phases: [{ramp: 100/s}, {hold: 2s}]}\n"+hook, onMachine)
		if v, told := d.Metrics["machine.buffers_full"]; told {
			t.Errorf("buffers_full %v of a run with slow readers", *v.Value)
		}
	})
}
