package results

import "fmt"

// The limits of trust in the generator. Beyond the first of a pair its own delay shows in the figures; beyond the second it,
// not the server, is what was measured.
const (
	// A publish or a dial that leaves late is late at every subscriber: 10 ms is the size of a good fan-out, a quarter of a second
	// means that the schedule was not kept.
	scheduleLagDegraded = 10e6
	scheduleLagLimited  = 250e6
	// A ramp has bursts, so its dials may wait longer before a connect time is worth less; a second means another ramp than asked.
	connectLagDegraded = 100e6
	connectLagLimited  = 1e9
	// Above four fifths of the cores a queue forms before each core whenever work comes in bursts; at 95 % there is no idle time
	// left in which receipts could be handled when they come.
	cpuDegraded = 0.80
	cpuLimited  = 0.95
	// A pause of the collector stops every loop at once and adds its length to all receipts in it. It can spoil a tail and
	// cannot be the limit by itself.
	gcPauseDegraded = 50e6
)

// trust grades the generator by its own metrics and gives the reasons. The missing of kernel stamps is told by the run's
// time_of_receipt and is no reason here.
func trust(d *Document) (grade string, reasons []string) {
	grade, reasons = Trusted, []string{}
	hold := func(what string, value, degraded, limited float64, unit Unit, consequence string) {
		limit := degraded
		switch {
		case limited > 0 && value > limited:
			grade, limit = GeneratorLimited, limited
		case value <= degraded:
			return
		case grade == Trusted:
			grade = Degraded
		}
		reasons = append(reasons, fmt.Sprintf("%s is %s, over %s: %s", what, Format(value, unit), Format(limit, unit), consequence))
	}
	// The publishes of a hold phase may be few beside the dials of a ramp: each phase is judged by itself, and the worst counts.
	worst, where := 0.0, ""
	for _, p := range d.Phases {
		if s := p.Metrics[GeneratorScheduleLag.String()].Histogram; s != nil && s.P99 != nil && !p.Warmup && *s.P99 > worst {
			worst, where = *s.P99, p.Name
		}
	}
	hold("generator.schedule_lag p99 in phase "+where, worst, scheduleLagDegraded, scheduleLagLimited, UnitNanoseconds,
		"publishes and dials left late, and every latency counts from when they were due")
	if s := d.Metrics[ConnectLag.String()].Histogram; s != nil && s.P99 != nil {
		hold("connect.lag p99", *s.P99, connectLagDegraded, connectLagLimited, UnitNanoseconds,
			"the generator did not keep up with the ramp")
	}
	if cpu := d.Metrics[GeneratorCPU.String()].Value; cpu != nil && d.Environment.Cores > 0 {
		hold(fmt.Sprintf("generator.cpu over the %d cores", d.Environment.Cores), *cpu/float64(d.Environment.Cores),
			cpuDegraded, cpuLimited, UnitRatio, "receipts waited for a core before they were read")
	}
	if s := d.Metrics[GeneratorGCPause.String()].Histogram; s != nil && s.Count > 0 {
		hold("generator.gc_pause max", s.Max, gcPauseDegraded, 0, UnitNanoseconds,
			"receipts in that pause were read late")
	}
	return grade, reasons
}
