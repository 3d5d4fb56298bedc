package report

import (
	"encoding/json"
	"testing"

	"ssebench/results"
)

// spread records n durations evenly between two.
func spread(v *results.Values, id results.ID, n, from, to int64) {
	for i := range n {
		v.Record(id, from+(to-from)*i/n)
	}
}

func header(name string, thresholds ...string) *results.Header {
	h := &results.Header{
		Run: results.Run{
			ID: "7f3a91c2", Scenario: name, Seed: 1, Started: "2026-02-03T04:05:06Z", TimeOfReceipt: "read",
		},
		Scenario: json.RawMessage(`{"name":"` + name + `","load":{"connections":5000}}`),
		Environment: results.Environment{
			Version: "0.1.0", GoVersion: "go1.26.0", OS: "linux", Kernel: "6.1.0", CPU: "Example CPU @ 2.0GHz", Cores: 2, Memory: 8 << 30,
		},
		Phases: []results.PhaseInfo{
			{Name: "ramp", Kind: results.PhaseRamp}, {Name: "hold", Kind: results.PhaseHold}, {Name: "drain", Kind: results.PhaseDrain},
		},
		Thresholds: thresholds,
	}
	for id := range results.NumMetrics {
		if m := results.Catalogue[id]; m.Kind == results.KindCounter && id != results.DeliveriesSuperseded {
			h.Produces = append(h.Produces, m.Name)
		}
	}
	return h
}

// quickstart is a run that went well: 5,000 streams and 100 events.
func quickstart() (*results.Header, []*results.Interval) {
	h := header("quickstart", "connections.failed == 0", "deliveries.lost == 0", "fanout.latency.p99 < 50ms", "server.rss.max < 200MiB")
	h.Environment.Calibration = &results.Calibration{LatencyP50: 140e3, LatencyP99: 620e3}
	h.Run.Wire = &results.Wire{Layer: results.WireLoopback, HeaderBytes: 52}
	ramp, hold := &results.Values{}, &results.Values{}
	ramp.Add(results.ConnectionsAttempted, 5000)
	ramp.Add(results.ConnectionsOpened, 5000)
	spread(ramp, results.ConnectDial, 5000, 38e3, 900e3)
	spread(ramp, results.ConnectHeaders, 5000, 60e3, 1500e3)
	spread(ramp, results.ConnectTotal, 5000, 120e3, 2400e3)
	spread(ramp, results.ConnectFirstEvent, 5000, 90e6, 2600e6)
	spread(ramp, results.ConnectLag, 5000, 2e3, 80e3)
	spread(ramp, results.GeneratorScheduleLag, 5000, 2e3, 75e3)
	hold.Add(results.PublishCount, 100)
	spread(hold, results.PublishDuration, 100, 300e3, 4e6)
	spread(hold, results.PublishLag, 100, 40e3, 130e3)
	spread(hold, results.FanoutLatency, 500_000, 1e6, 42e6)
	spread(hold, results.FanoutFromSend, 500_000, 1e6, 41.8e6)
	spread(hold, results.FanoutFirst, 100, 700e3, 1400e3)
	spread(hold, results.FanoutLast, 100, 33e6, 42e6)
	spread(hold, results.FanoutSpread, 100, 32e6, 41e6)
	hold.Add(results.DeliveriesExpected, 500_000)
	hold.Add(results.DeliveriesReceived, 500_000)
	hold.Add(results.EventsReceived, 500_000)
	hold.Add(results.EventsComments, 5000)
	spread(hold, results.EventsInterval, 495_000, 80e6, 120e6)
	hold.Add(results.BytesReceived, 61<<20)
	hold.Add(results.BytesSent, 1<<20)
	hold.Add(results.BodyReceived, 57<<20)
	hold.Add(results.WireReceived, 85<<20)
	hold.Add(results.WireSent, 26<<20)
	hold.Add(results.PayloadReceived, 48<<20)
	spread(hold, results.GeneratorGCPause, 14, 40e3, 310e3)
	return h, []*results.Interval{
		{
			EndNS: 2.5e9, Phases: []results.PhaseValues{{Phase: 0, Values: ramp}}, Marks: []results.PhaseMark{{Phase: 0}},
			Gauges: map[string]float64{"connections.open": 1800, "server.rss": 30 << 20, "server.cpu": 0.8, "generator.cpu": 0.5, "generator.rss": 31 << 20},
		},
		{
			StartNS: 2.5e9, EndNS: 12.5e9, Phases: []results.PhaseValues{{Phase: 1, Values: hold}},
			Marks: []results.PhaseMark{{Phase: 0, AtNS: 2.5e9, Ended: true}, {Phase: 1, AtNS: 2.5e9}},
			Gauges: map[string]float64{
				"connections.open": 5000, "connections.peak": 5000, "server.rss": 61 << 20, "server.cpu": 0.64, "server.run_delay": 0.021,
				"generator.cpu": 0.41, "generator.rss": 58 << 20, "machine.cpu_pressure": 0.034,
			},
		},
		{
			StartNS: 12.5e9, EndNS: 12.7e9, End: &results.End{},
			Marks: []results.PhaseMark{{Phase: 1, AtNS: 12.5e9, Ended: true}, {Phase: 2, AtNS: 12.5e9}, {Phase: 2, AtNS: 12.7e9, Ended: true}},
		},
	}
}

// troubled is a run in which everything happened that a report has a place for.
func troubled() (*results.Header, []*results.Interval) {
	h := header("outage drill", "deliveries.lost == 0", "fanout.latency.p99_9 < 1s", "connections.failed / connections.attempted < 1%", "events.interval.p99 < 5s", "server.rss.max < 200MiB")
	h.Warnings = []results.Warning{{
		Token:   "headers_delayed",
		Message: "9,800 of 10,000 streams got their response headers only with the first event; connect.headers and connect.total include the wait for it",
	}}
	v := &results.Values{}
	v.Add(results.ConnectionsAttempted, 10_120)
	v.Add(results.ConnectionsOpened, 10_000)
	v.AddBy(results.ConnectionsFailed, "dial_refused", 97)
	v.AddBy(results.ConnectionsFailed, "status_503", 20)
	v.Add(results.ConnectionsAbandoned, 3)
	v.AddBy(results.ConnectionsClosedByServer, "eof_mid_event", 118)
	v.AddBy(results.ConnectionsClosedByServer, "reset", 2)
	v.Add(results.PublishCount, 52)
	v.AddBy(results.PublishFailed, "hook_status_503", 2)
	spread(v, results.ConnectTotal, 10_000, 120e3, 71e6)
	spread(v, results.FanoutLatency, 4880, 900e3, 180e6)
	v.Censor(results.FanoutLatency, 120)
	spread(v, results.FanoutReplayed, 1000, 900e6, 2.9e9)
	spread(v, results.FanoutLast, 8, 900e6, 2.9e9)
	spread(v, results.FanoutFirst, 50, 900e3, 2e6)
	v.Add(results.DeliveriesExpected, 6000)
	v.Add(results.DeliveriesReceived, 5880)
	v.Add(results.DeliveriesLost, 120)
	v.Add(results.DeliveriesLostMidstream, 11)
	v.Add(results.DeliveriesLostGap, 100)
	v.Add(results.DeliveriesLostTail, 9)
	v.Add(results.DeliveriesReplayed, 1000)
	v.Add(results.DeliveriesDuplicate, 7)
	v.Add(results.EventsReceived, 5887)
	v.Add(results.EventsDiscarded, 3)
	v.Add(results.ReconnectCount, 120)
	v.AddBy(results.ReconnectStranded, "status_503", 4)
	spread(v, results.ReconnectDowntime, 120, 2e9, 3.4e9)
	spread(v, results.StreamAge, 120, 11e9, 12e9)
	spread(v, results.GeneratorScheduleLag, 10_052, 5e3, 21e6)
	spread(v, results.GeneratorLag, 5_887, 4e3, 31e6)
	return h, []*results.Interval{{
		EndNS: 180.2e9, Phases: []results.PhaseValues{{Phase: 1, Values: v}}, Marks: []results.PhaseMark{{Phase: 1}},
		Gauges: map[string]float64{
			"connections.open": 10_000, "generator.cpu": 1.86, "generator.rss": 158 << 20,
			"reconnect.recovered_p50": 2.4e9, "reconnect.recovered_p95": 3.1e9,
		},
		End: &results.End{TimeOfReceipt: results.ReceiptKernel},
	}}
}

// observed is a server that emits by itself, journal without an end.
func observed() (*results.Header, []*results.Interval) {
	h := header("clock")
	h.Produces = nil
	h.Run.TimeOfReceipt = results.ReceiptKernel
	h.Run.Wire = &results.Wire{Layer: results.WireEthernet, HeaderBytes: 66}
	v := &results.Values{}
	v.Add(results.ConnectionsAttempted, 12)
	v.Add(results.ConnectionsOpened, 12)
	v.Add(results.EventsReceived, 60)
	spread(v, results.ConnectTotal, 12, 120e3, 900e3)
	spread(v, results.ObservedLatency, 60, 300e3, 1.9e6)
	v.Add(results.BytesReceived, 1_200_000)
	v.Add(results.BytesSent, 2_100_000)
	v.Add(results.BodyReceived, 900_000)
	v.Add(results.PayloadReceived, 700_000)
	v.Add(results.TLSReceived, 120_000)
	v.Add(results.TLSSent, 90_000)
	v.Add(results.WireReceived, 1_900_000)
	v.Add(results.WireSent, 3_400_000)
	v.Add(results.ReadsStamped, 50)
	v.Add(results.ReadsUnstamped, 62)
	v.Add(results.GeneratorBuffersFull, 3)
	return h, []*results.Interval{{EndNS: 5e9, Phases: []results.PhaseValues{{Phase: 1, Values: v}}, Marks: []results.PhaseMark{{Phase: 1}}}}
}

func fold(t testing.TB, sample func() (*results.Header, []*results.Interval)) *results.Document {
	t.Helper()
	d, err := results.Fold(sample())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// outages is a run in which 30 % of the streams were cut, and then the server was killed; some browsers met a 503.
func outages() (*results.Header, []*results.Interval) {
	h := header("rolling", "reconnect.stranded == 0", "deliveries.lost_midstream == 0")
	h.Scenario = json.RawMessage(`{"name":"rolling","load":{"connections":1000,"reconnect":{"profile":"chromium","delay":"1s"}}}`)
	h.Phases = []results.PhaseInfo{
		{Name: "ramp", Kind: results.PhaseRamp},
		{Name: "hold", Kind: results.PhaseHold},
		{Name: "cut", Kind: results.PhaseOutage, What: "30% of the streams cut by rst"},
		{Name: "hold 2", Kind: results.PhaseHold},
		{Name: "killed", Kind: results.PhaseOutage, What: "the server killed (SIGKILL) for 2s"},
		{Name: "drain", Kind: results.PhaseDrain},
	}
	values := make([]results.Values, 6)
	spread(&values[0], results.ConnectTotal, 1000, 120e3, 71e6)
	spread(&values[2], results.ConnectTotal, 300, 300e3, 91e6)
	spread(&values[4], results.ConnectTotal, 620, 300e3, 691e6)
	for n, v := range []int64{1: 20_000, 2: 7000, 3: 14_000} {
		if v > 0 {
			spread(&values[n], results.FanoutSurvivors, v, 900e3, 9e6*int64(n))
		}
	}
	values[0].Add(results.ConnectionsAttempted, 1000)
	values[0].Add(results.ConnectionsOpened, 1000)
	values[2].Add(results.ConnectionsAttempted, 300)
	values[2].Add(results.ConnectionsOpened, 300)
	values[4].Add(results.ConnectionsAttempted, 1000)
	values[4].Add(results.ConnectionsOpened, 620)
	values[4].AddBy(results.ConnectionsFailed, "status_503", 380)
	values[2].Add(results.ReconnectCount, 300)
	values[4].Add(results.ReconnectCount, 620)
	values[4].AddBy(results.ReconnectStranded, "status_503", 380)
	values[2].AddBy(results.ReconnectReplays, "exact", 300)
	values[4].AddBy(results.ReconnectReplays, "none", 620)
	values[4].Add(results.DeliveriesExpected, 4000)
	values[4].Add(results.DeliveriesLost, 4000)
	values[4].Add(results.DeliveriesLostGap, 1500)
	values[4].Add(results.DeliveriesLostTail, 2500)
	values[4].Censor(results.FanoutLatency, 4000)
	cut := results.OutagePart{
		Phase: 2, Replays: map[string]int64{"exact": 300}, CaughtUp: results.NewHistogram(),
		Stock: &results.OutageStock{Open: 1000, Dropped: 300, Recovered: 300, Recovery: results.NewHistogram()},
		Bins:  []results.OutageBin{{N: 0, Dropped: 300, LatencyNS: 9e6}, {N: 5, LatencyNS: 4e6}, {N: 10, Attempts: 280, Opened: 200, LatencyNS: 18e6}, {N: 11, Attempts: 20, Opened: 100}},
	}
	killed := results.OutagePart{
		Phase: 4, Replays: map[string]int64{"none": 620}, Failed: map[string]int64{"status_503": 380}, Stranded: map[string]int64{"status_503": 380},
		Stock: &results.OutageStock{Open: 1000, Dropped: 1000, Recovered: 620, Stranded: 380, BackNS: 2.1e9, Recovery: results.NewHistogram()},
	}
	for n := range int64(300) {
		cut.CaughtUp.Record(n * 1e5)
		cut.Stock.Recovery.Record(1e9 + n*1e6)
	}
	for n := range int64(100) {
		killed.Bins = append(killed.Bins, results.OutageBin{N: n, Dropped: 1000 * max(1-n, 0), Attempts: 20 * (n % 3), Opened: 31 * max(min(n-30, 1), 0) * max(min(50-n, 1), 0)})
	}
	for n := range int64(620) {
		killed.Stock.Recovery.Record(3e9 + n*3e6)
	}
	var phases []results.PhaseValues
	var marks []results.PhaseMark
	for n := range values {
		phases = append(phases, results.PhaseValues{Phase: n, Values: &values[n]})
		marks = append(marks, results.PhaseMark{Phase: n, AtNS: int64(n) * 3e9}, results.PhaseMark{Phase: n, AtNS: int64(n)*3e9 + 3e9, Ended: true})
	}
	return h, []*results.Interval{{EndNS: 18e9, Phases: phases, Marks: marks, Outages: []results.OutagePart{cut, killed}, End: &results.End{TimeOfReceipt: "read"}}}
}
