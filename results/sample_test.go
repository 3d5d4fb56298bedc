package results

// second is the interval from n to n+1 seconds.
func second(n int64) *Interval {
	return &Interval{StartNS: n * 1e9, EndNS: (n + 1) * 1e9, Gauges: map[string]float64{}}
}

func (i *Interval) with(phase int, fill func(v *Values)) *Interval {
	v := &Values{}
	fill(v)
	i.Phases = append(i.Phases, PhaseValues{Phase: phase, Values: v})
	return i
}

func (i *Interval) gauge(id ID, value float64) *Interval {
	i.Gauges[id.String()] = value
	return i
}

func (i *Interval) start(phase int, at int64) *Interval {
	i.Marks = append(i.Marks, PhaseMark{Phase: phase, AtNS: at})
	return i
}

func (i *Interval) ends(phase int, at int64) *Interval {
	i.Marks = append(i.Marks, PhaseMark{Phase: phase, AtNS: at, Ended: true})
	return i
}

func (i *Interval) close(e End) *Interval {
	i.End = &e
	return i
}

// deliver counts received and lost pairs in a way that balances; all latencies are the same.
func deliver(v *Values, received, lost, nanos int64) {
	v.Add(DeliveriesExpected, received+lost)
	v.Add(DeliveriesReceived, received)
	v.Add(DeliveriesLost, lost)
	v.Add(DeliveriesLostTail, lost)
	v.Add(EventsReceived, received)
	for range received {
		v.Record(FanoutLatency, nanos)
	}
	if lost > 0 {
		v.Censor(FanoutLatency, lost)
	}
}

func sampleHeader() *Header {
	return &Header{
		Format: JournalFormat,
		Run:    Run{ID: "r1", Scenario: "sample", Seed: 7, Started: "2026-01-02T03:04:05Z", TimeOfReceipt: "read"},
		Phases: []PhaseInfo{
			{Name: "ramp", Kind: PhaseRamp},
			{Name: "settle", Kind: PhaseHold, Warmup: true},
			{Name: "hold", Kind: PhaseHold},
			{Name: "drain", Kind: PhaseDrain},
		},
		Environment: Environment{Cores: 2},
		Produces:    []string{"deliveries.lost", "deliveries.expected", "deliveries.late", "connections.failed", "publish.duration"},
		Thresholds:  []string{"deliveries.lost == 0", "fanout.latency.p50 < 50ms"},
	}
}

// sampleRun is a run of 5.5 s: a second of ramp, a second of warm-up, three of hold and half a second of drain.
func sampleRun() []*Interval {
	connect := func(v *Values) {
		v.Add(ConnectionsAttempted, 10)
		v.Add(ConnectionsOpened, 8)
		v.AddBy(ConnectionsFailed, "dial_refused", 2)
	}
	at := func(i *Interval, open, serverCPU, serverRSS float64) *Interval {
		return i.gauge(ConnectionsOpen, open).gauge(ServerCPU, serverCPU).gauge(ServerRSS, serverRSS)
	}
	return []*Interval{
		at(second(0).start(0, 0).with(0, connect), 2, 0.1, 1000),
		at(second(1).ends(0, 1e9).start(1, 1e9).with(1, func(v *Values) { deliver(v, 8, 4, 900e6) }), 8, 1.9, 9000),
		at(second(2).ends(1, 2e9).start(2, 2e9).with(2, func(v *Values) { deliver(v, 8, 0, 10e6) }), 8, 0.2, 3000),
		at(second(3).with(2, func(v *Values) { deliver(v, 7, 0, 20e6) }), 6, 0.4, 4000),
		at(second(4).with(2, func(v *Values) { deliver(v, 8, 1, 30e6) }), 7, 0.6, 2000),
		at((&Interval{StartNS: 5e9, EndNS: 5.5e9, Gauges: map[string]float64{}}).ends(2, 5e9).start(3, 5e9).ends(3, 5.5e9).close(End{}), 0, 0.2, 5000),
	}
}
