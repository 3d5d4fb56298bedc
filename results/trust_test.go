package results

import (
	"strings"
	"testing"
)

// suspect is a run of one hold phase of a second on two cores, and what comes of it.
type suspect struct {
	name    string
	receipt string // empty: kernel
	layer   string
	fill    func(v *Values)
	gauges  map[ID]float64
	reasons []string // how they start
	grade   string   // empty: trusted
}

func (c *suspect) document(t *testing.T) *Document {
	t.Helper()
	h := sampleHeader()
	h.Environment.Cores = 2
	end := End{TimeOfReceipt: c.receipt}
	if c.receipt == "" {
		end.TimeOfReceipt = ReceiptKernel
	}
	if c.layer != "" {
		end.Wire = &Wire{Layer: c.layer, HeaderBytes: 52}
	}
	i := second(0).start(2, 0)
	if c.fill != nil {
		i.with(2, c.fill)
	}
	for id, value := range c.gauges {
		i.gauge(id, value)
	}
	return mustFold(t, h, []*Interval{i.close(end)})
}

// late is a fan-out of a thousand receipts and a lag of a thousand more.
func late(lag, latency int64) func(v *Values) {
	return func(v *Values) {
		deliver(v, 1000, 0, latency)
		for range 1000 {
			v.Record(GeneratorLag, lag)
		}
	}
}

func record(id ID, nanos int64) func(v *Values) { return func(v *Values) { v.Record(id, nanos) } }

func counted(pairs ...any) func(v *Values) {
	return func(v *Values) {
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i].(ID), int64(pairs[i+1].(int)))
		}
	}
}

var suspects = []suspect{
	{name: "nothing is known"},
	{name: "a slow server and a healthy generator", fill: late(900e3, 2e9), gauges: map[ID]float64{GeneratorCPU: 0.1, ServerCPU: 1.8, ServerRunDelay: 4, MachineCPUPressure: 0.9}, layer: WireLoopback},

	{name: "a lag within a tenth", fill: late(9e6, 100e6)},
	{name: "a lag over a tenth", fill: late(11e6, 100e6), grade: Degraded, reasons: []string{"generator.lag p99 in phase hold is 11.0 ms, over 10.0 % of the 100 ms of fanout.latency p99: receipts carry the kernel's time"}},
	{name: "a lag under a millisecond, whatever its share", fill: late(990e3, 1e6)},
	{name: "a lag over the figure, which the kernel stamped", fill: late(300e6, 5e6), grade: Degraded, reasons: []string{"generator.lag p99"}},
	{name: "a lag over a tenth, in the figure", receipt: ReceiptRead, fill: late(20e6, 100e6), grade: Degraded, reasons: []string{"generator.lag p99 in phase hold is 20.0 ms, over 10.0 % of the 100 ms of fanout.latency p99: receipts were stamped that late"}},
	{name: "a lag that is the figure", receipt: ReceiptRead, fill: late(60e6, 100e6), grade: GeneratorLimited, reasons: []string{"generator.lag p99"}},
	{name: "a lag beside an observed figure", fill: func(v *Values) { v.Record(ObservedLatency, 10e6); v.Record(GeneratorLag, 5e6) }, grade: Degraded, reasons: []string{"generator.lag max in phase hold is 5.00 ms, over 10.0 % of the 10.0 ms of observed.latency max"}},
	{name: "a lag beside a figure that is lost", fill: func(v *Values) { v.Censor(FanoutLatency, 5); v.Record(GeneratorLag, 5e6) }},

	{name: "a pause where the lag is known", fill: record(GeneratorGCPause, 60e6)},
	{name: "a short pause", receipt: ReceiptRead, fill: record(GeneratorGCPause, 40e6)},
	{name: "a pause in the figure", receipt: ReceiptRead, fill: record(GeneratorGCPause, 60e6), grade: Degraded, reasons: []string{"generator.gc_pause max is 60.0 ms, over 50.0 ms"}},

	{name: "a schedule that was kept", fill: record(GeneratorScheduleLag, 9e6)},
	{name: "a late schedule", fill: record(GeneratorScheduleLag, 12e6), grade: Degraded, reasons: []string{"generator.schedule_lag max in phase hold is 12.0 ms, over 10.0 ms"}},
	{name: "no schedule", fill: record(GeneratorScheduleLag, 300e6), grade: GeneratorLimited, reasons: []string{"generator.schedule_lag max in phase hold is 300 ms, over 250 ms"}},
	{name: "a ramp that was kept", fill: record(ConnectLag, 90e6)},
	{name: "a late ramp", fill: record(ConnectLag, 200e6), grade: Degraded, reasons: []string{"connect.lag max is 200 ms, over 100 ms"}},
	{name: "no ramp", fill: record(ConnectLag, 2e9), grade: GeneratorLimited, reasons: []string{"connect.lag max is 2.00 s, over 1.00 s"}},

	{name: "cores to spare", gauges: map[ID]float64{GeneratorCPU: 1.7}},
	{name: "busy cores", gauges: map[ID]float64{GeneratorCPU: 1.85}, grade: Degraded, reasons: []string{"generator.cpu in phase hold over its 2 cores is 92.5 %, over 90.0 %"}},
	{name: "out of cores", gauges: map[ID]float64{GeneratorCPU: 1.99}, grade: GeneratorLimited, reasons: []string{"generator.cpu in phase hold over its 2 cores is 99.5 %, over 98.0 %"}},

	{name: "threads that waited a little", gauges: map[ID]float64{GeneratorCPU: 0.02, GeneratorRunDelay: 0.45}},
	{name: "threads that waited as they ran", gauges: map[ID]float64{GeneratorCPU: 0.4, GeneratorRunDelay: 1.2}},
	{name: "threads that got no CPU", gauges: map[ID]float64{GeneratorCPU: 0.1, GeneratorRunDelay: 1.3}, grade: Degraded, reasons: []string{"generator.run_delay is 130 %, and generator.cpu 0.10 cores: its threads waited for a CPU several times as long as they ran, and what it did was late"}},
	{
		name: "hook calls that were late for it", gauges: map[ID]float64{GeneratorCPU: 0.1, GeneratorRunDelay: 1.3}, grade: GeneratorLimited,
		fill:    func(v *Values) { deliver(v, 10, 0, 500e6); v.Record(PublishLag, 400e6) },
		reasons: []string{"generator.run_delay is 130 %, and generator.cpu 0.10 cores: its threads waited for a CPU several times as long as they ran, and hook calls started late, by 400 ms of the 500 ms of fanout.latency p50"},
	},
	{name: "hook calls that a slow hook made late", gauges: map[ID]float64{GeneratorCPU: 0.1, GeneratorRunDelay: 0.1}, fill: func(v *Values) { deliver(v, 10, 0, 500e6); v.Record(PublishLag, 400e6) }},
	{name: "no full buffer", fill: counted(GeneratorBuffersFull, 0, EventsReceived, 1000)},
	{name: "a full buffer", fill: counted(GeneratorBuffersFull, 1, EventsReceived, 1000), grade: Degraded, reasons: []string{"generator.buffers_full is 1: what came was not read in time"}},
	{name: "full buffers of others", fill: counted(MachineBuffersFull, 30, EventsReceived, 0)},
	{name: "full buffers of others beside events", fill: counted(MachineBuffersFull, 3000, EventsReceived, 1000)},
	{name: "full buffers of others behind a lag", fill: func(v *Values) { late(21e6, 300e6)(v); v.Add(MachineBuffersFull, 50) }},
	{name: "full buffers", fill: counted(GeneratorBuffersFull, 11, EventsReceived, 1000), grade: GeneratorLimited, reasons: []string{"generator.buffers_full is 11"}},

	{name: "first reads without a stamp", fill: counted(ReadsStamped, 50, ReadsUnstamped, 50, ConnectionsAttempted, 50, ConnectionsOpened, 50)},
	{name: "few stamps missing", fill: counted(ReadsStamped, 1000, ReadsUnstamped, 10)},
	{name: "stamps missing", fill: counted(ReadsStamped, 1000, ReadsUnstamped, 20), grade: Degraded, reasons: []string{"reads.unstamped is 20 of 1,020 reads"}},
	{name: "no stamps, as the run says", receipt: ReceiptRead, fill: counted(ReadsUnstamped, 20)},

	{name: "a step of the clock", fill: counted(MachineClockSteps, 1), grade: Degraded, reasons: []string{"machine.clock_steps is 1: the system clock was set"}},
	{name: "a step that no figure saw", receipt: ReceiptRead, fill: counted(MachineClockSteps, 1)},
	{name: "a step in what the server wrote", receipt: ReceiptRead, fill: func(v *Values) { v.Add(MachineClockSteps, 1); v.Record(ObservedLatency, 1e6) }, grade: Degraded, reasons: []string{"machine.clock_steps is 1"}},

	{
		name: "cores that the server needed", gauges: map[ID]float64{GeneratorCPU: 0.8, ServerCPU: 1.1, ServerRunDelay: 0.5}, grade: Degraded,
		reasons: []string{"server.run_delay is 50.0 %, 45.5 % of the time that the server ran: it waited for a CPU while the generator used 0.80 cores of the 2 cores and the server 1.10 cores"},
	},
	{name: "most of the cores that the server needed", gauges: map[ID]float64{GeneratorCPU: 1.3, ServerCPU: 0.6, ServerRunDelay: 0.9}, grade: GeneratorLimited, reasons: []string{"server.run_delay is 90.0 %"}},
	{name: "a server that did not wait", gauges: map[ID]float64{GeneratorCPU: 0.8, ServerCPU: 1.1, ServerRunDelay: 0.05}},
	{name: "a server that waits for its own threads", gauges: map[ID]float64{GeneratorCPU: 0.2, ServerCPU: 1.7, ServerRunDelay: 3}},
	{name: "a server that waits though cores are idle", gauges: map[ID]float64{GeneratorCPU: 0.5, ServerCPU: 0.7, ServerRunDelay: 0.5}},
	{name: "pressure on an unknown server here", layer: WireLoopback, gauges: map[ID]float64{GeneratorCPU: 0.6, MachineCPUPressure: 0.3}, grade: Degraded, reasons: []string{"machine.cpu_pressure is 30.0 % while the generator used 0.60 cores of the 2 cores"}},
	{name: "pressure on an unknown server elsewhere", layer: WireEthernet, gauges: map[ID]float64{GeneratorCPU: 0.6, MachineCPUPressure: 0.3}},
	{name: "pressure of others", layer: WireLoopback, gauges: map[ID]float64{GeneratorCPU: 0.1, MachineCPUPressure: 0.9}},

	{
		name: "limited, then degraded", fill: func(v *Values) { v.Record(GeneratorScheduleLag, 300e6); v.Add(MachineClockSteps, 1) }, grade: GeneratorLimited,
		reasons: []string{"generator.schedule_lag", "machine.clock_steps"},
	},
	{
		name: "degraded, then limited", fill: func(v *Values) { late(30e6, 100e6)(v); v.Record(GeneratorScheduleLag, 300e6) }, grade: GeneratorLimited,
		reasons: []string{"generator.lag", "generator.schedule_lag"},
	},
}

func TestTrust(t *testing.T) {
	for _, c := range suspects {
		t.Run(c.name, func(t *testing.T) {
			v := c.document(t).Verdict
			want := c.grade
			if want == "" {
				want = Trusted
			}
			if v.Trust != want || len(v.Reasons) != len(c.reasons) {
				t.Fatalf("%s for %q, want %s for %q", v.Trust, v.Reasons, want, c.reasons)
			}
			for n, reason := range c.reasons {
				if !strings.HasPrefix(v.Reasons[n], reason) {
					t.Errorf("%q, want %q", v.Reasons[n], reason)
				}
			}
		})
	}
}

func TestUnknownCoresAreNoReason(t *testing.T) {
	h := sampleHeader()
	h.Environment.Cores = 0
	d := mustFold(t, h, []*Interval{second(0).start(2, 0).gauge(GeneratorCPU, 1.99).gauge(ServerCPU, 1).gauge(ServerRunDelay, 9).close(End{})})
	if d.Verdict.Trust != Trusted {
		t.Errorf("%+v", d.Verdict)
	}
}

func TestWarmUpSpeaksAgainstNobody(t *testing.T) {
	d := mustFold(t, sampleHeader(), []*Interval{second(0).start(1, 0).with(1, late(50e6, 1e6)).gauge(GeneratorCPU, 2).close(End{TimeOfReceipt: ReceiptKernel})})
	if d.Verdict.Trust != Trusted {
		t.Errorf("%+v", d.Verdict)
	}
}

// The end of a run knows best what stamped its receipts, and of several workers the weakest counts.
func TestTheEndSaysHowReceiptsWereStamped(t *testing.T) {
	kernel := second(0).close(End{TimeOfReceipt: ReceiptKernel, Wire: &Wire{WireLoopback, 52}})
	d := mustFold(t, sampleHeader(), []*Interval{kernel})
	if d.Run.TimeOfReceipt != ReceiptKernel || d.Run.Wire == nil || d.Run.Wire.HeaderBytes != 52 {
		t.Errorf("%+v", d.Run)
	}
	for _, other := range []string{ReceiptRead, ReceiptKernel} {
		merged := second(0).close(End{TimeOfReceipt: other})
		if err := merged.Merge(second(0).close(End{TimeOfReceipt: ReceiptKernel, Wire: &Wire{WireLoopback, 52}})); err != nil {
			t.Fatal(err)
		}
		if merged.End.TimeOfReceipt != other || merged.End.Wire == nil {
			t.Errorf("%s with kernel: %+v", other, merged.End)
		}
	}
}
