package results

import "fmt"

// The limits of trust in the generator. Beyond the first of a pair its own doing shows in the figures; beyond the second it, not the
// server, is what was measured.
const (
	// Handling a receipt late delays nothing that the kernel stamped. It is the size of the figure that says whether it matters; below
	// a millisecond it is no more than the scheduling of a busy machine. Without the kernel's stamp it is part of the figure, and at
	// half of it the figure is the generator's.
	lagShareDegraded = 0.10
	lagShareLimited  = 0.50
	lagFloor         = 1e6
	// A publish or a dial that leaves late is late at every subscriber: 10 ms is the size of a good fan-out, a quarter of a second
	// means that the schedule was not kept.
	scheduleLagDegraded = 10e6
	scheduleLagLimited  = 250e6
	// A ramp has bursts, so its dials may wait longer before a connect time is worth less; a second means another ramp than asked.
	connectLagDegraded = 100e6
	connectLagLimited  = 1e9
	// A pause of the collector stops every loop at once. Where the lag of receipts is measured it shows there; where it is not, it adds
	// its length to all of them. It can spoil a tail and cannot be the limit by itself.
	gcPauseDegraded = 50e6
	// Above nine tenths of its cores there is next to no idle time in which a receipt could be handled when it comes; at 98 % there is
	// none.
	busyDegraded = 0.90
	busyLimited  = 0.98
	// Its threads always wait a little for a CPU. Where they wait for more than half of the time, and several times as long as they
	// run, others have its cores; where most of the latency is then what hook calls started late by, the figure is the generator's.
	starvedWaited     = 0.50
	starvedTimes      = 4
	starvedLagLimited = 0.50
	// A receive buffer of its own that is full makes the server wait for the generator. Of so many deliveries each it was the rule.
	buffersFullLimited = 0.01
	// Reads without the kernel's stamp, beside the first of each connection, which comes while stamps are being switched on: a p99 can
	// lie in them from here on.
	unstampedDegraded = 0.01
	// The generator took the server's cores where together they had all of them, the server waited for a part of the time that it ran,
	// and the generator had a part of what was used. Beyond the second share the server mostly waited.
	coresTogether        = 0.90
	serverWaitedDegraded = 0.10
	serverWaitedLimited  = 1.00
	generatorHadShare    = 0.20
	// The same where the server's process is unknown: work of the machine waited for a CPU.
	pressureDegraded = 0.20
)

// suspicion gathers what speaks against the generator.
type suspicion struct {
	d       *Document
	stamped bool // receipts carry the kernel's time
	grade   string
	reasons []string
}

// trust grades the generator by its own metrics and gives the reasons, in words and numbers.
func trust(d *Document) (grade string, reasons []string) {
	s := &suspicion{d: d, stamped: d.Run.TimeOfReceipt == ReceiptKernel, grade: Trusted, reasons: []string{}}
	s.lag()
	s.pauses()
	s.schedule()
	s.busy()
	s.starved()
	s.buffers()
	s.stamps()
	s.clock()
	s.cores()
	return s.grade, s.reasons
}

// note adds a reason.
func (s *suspicion) note(limited bool, format string, args ...any) {
	switch {
	case limited:
		s.grade = GeneratorLimited
	case s.grade == Trusted:
		s.grade = Degraded
	}
	s.reasons = append(s.reasons, fmt.Sprintf(format, args...))
}

// hold adds a reason where the value is over the first limit; the second may be zero: there is none.
func (s *suspicion) hold(what string, value, degraded, limited float64, unit Unit, consequence string) {
	if value <= degraded {
		return
	}
	beyond := limited > 0 && value > limited
	limit := degraded
	if beyond {
		limit = limited
	}
	s.note(beyond, "%s is %s, over %s: %s", what, Format(value, unit), Format(limit, unit), consequence)
}

// lag compares, in each phase, how late receipts were handled with the figure that they are part of.
func (s *suspicion) lag() {
	worst, lag, figure, of, where := 0.0, tail{}, tail{}, ID(0), ""
	for _, p := range s.d.Phases {
		late := tailOf(p.Metrics, GeneratorLag)
		if late.value <= lagFloor || p.Warmup {
			continue
		}
		for _, id := range []ID{FanoutLatency, ObservedLatency} {
			if latency := tailOf(p.Metrics, id); latency.known && late.value > worst*max(latency.value, 1) {
				worst, lag, figure, of, where = late.value/max(latency.value, 1), late, latency, id, p.Name
			}
		}
	}
	if worst <= lagShareDegraded {
		return
	}
	consequence := "receipts carry the kernel's time and were handled that much later"
	if !s.stamped {
		consequence = "receipts were stamped that late, so the figure is partly the generator's"
	}
	s.note(!s.stamped && worst > lagShareLimited, "generator.lag %s in phase %s is %s, over %s of the %s of %s %s: %s",
		lag.name, where, Format(lag.value, UnitNanoseconds), Format(lagShareDegraded, UnitRatio), Format(figure.value, UnitNanoseconds), of, figure.name, consequence)
}

// pauses stand in for the lag where the kernel does not say when receipts came.
func (s *suspicion) pauses() {
	if pauses := s.d.Metrics[GeneratorGCPause.String()].Histogram; !s.stamped && pauses != nil && pauses.Count > 0 {
		s.hold("generator.gc_pause max", pauses.Max, gcPauseDegraded, 0, UnitNanoseconds, "receipts in that pause were read late")
	}
}

// schedule: the publishes of a hold phase may be few beside the dials of a ramp, so each phase is judged by itself, and the worst counts.
func (s *suspicion) schedule() {
	worst, where := tail{}, ""
	for _, p := range s.d.Phases {
		if late := tailOf(p.Metrics, GeneratorScheduleLag); !p.Warmup && late.value > worst.value {
			worst, where = late, p.Name
		}
	}
	s.hold("generator.schedule_lag "+worst.name+" in phase "+where, worst.value, scheduleLagDegraded, scheduleLagLimited, UnitNanoseconds,
		"publishes and dials left late, and every latency counts from when they were due")
	late := tailOf(s.d.Metrics, ConnectLag)
	s.hold("connect.lag "+late.name, late.value, connectLagDegraded, connectLagLimited, UnitNanoseconds, "the generator did not keep up with the ramp")
}

// busy: the mean over the busiest phase in which events were expected.
func (s *suspicion) busy() {
	cores := float64(s.d.Environment.Cores)
	if cores == 0 {
		return
	}
	worst, where := 0.0, ""
	for _, p := range s.d.Phases {
		if cpu := p.Metrics[GeneratorCPU.String()].Value; cpu != nil && p.Kind == PhaseHold && !p.Warmup && *cpu > worst {
			worst, where = *cpu, p.Name
		}
	}
	s.hold(fmt.Sprintf("generator.cpu in phase %s over its %s", where, plural(cores, "core")), worst/cores, busyDegraded, busyLimited, UnitRatio,
		"receipts waited for a core before they were read")
}

// starved: a generator that gets no CPU is late with everything that it does, also where it is on time to see that it is due.
func (s *suspicion) starved() {
	waited, ran := s.of(GeneratorRunDelay), s.of(GeneratorCPU)
	if waited <= starvedWaited || waited <= starvedTimes*ran {
		return
	}
	reason, limited := "what it did was late", false
	lag, latency := s.d.Metrics[PublishLag.String()].Histogram, s.d.Metrics[FanoutLatency.String()].Histogram
	if lag != nil && lag.P50 != nil && latency != nil && latency.P50 != nil && *lag.P50 > starvedLagLimited**latency.P50 {
		limited = true
		reason = fmt.Sprintf("hook calls started late, by %s of the %s of fanout.latency p50", Format(*lag.P50, UnitNanoseconds), Format(*latency.P50, UnitNanoseconds))
	}
	s.note(limited, "generator.run_delay is %s, and generator.cpu %s: its threads waited for a CPU several times as long as they ran, and %s",
		Format(waited, UnitRatio), Format(ran, UnitCores), reason)
}

func (s *suspicion) buffers() {
	full := s.of(GeneratorBuffersFull)
	if full == 0 {
		return
	}
	s.note(full > buffersFullLimited*s.of(EventsReceived), "generator.buffers_full is %s: what came was not read in time, so the server had to wait for the generator",
		Format(full, UnitOne))
}

func (s *suspicion) stamps() {
	if !s.stamped {
		return // which the run's time_of_receipt tells
	}
	unstamped := s.of(ReadsUnstamped)
	all := unstamped + s.of(ReadsStamped)
	if unstamped-s.of(ConnectionsOpened) > unstampedDegraded*all {
		s.note(false, "reads.unstamped is %s of %s reads: the kernel's stamp was missing, and the time after the read took its place",
			Format(unstamped, UnitOne), Format(all, UnitOne))
	}
}

// clock: only times that the system clock tells can be spoilt by setting it.
func (s *suspicion) clock() {
	steps := s.of(MachineClockSteps)
	_, observed := s.d.Metrics[ObservedLatency.String()]
	if steps > 0 && (s.stamped || observed) {
		s.note(false, "machine.clock_steps is %s: the system clock was set during the run, and latencies around that moment are wrong by as much", Format(steps, UnitOne))
	}
}

// cores: a generator on the server's machine takes from it what the server needs. A server that is slow by itself leaves cores idle, or
// uses them alone.
func (s *suspicion) cores() {
	cores := float64(s.d.Environment.Cores)
	generator, server := s.of(GeneratorCPU), s.of(ServerCPU)
	switch {
	case cores == 0:
	case server > 0:
		waited := s.of(ServerRunDelay) / server
		if waited > serverWaitedDegraded && generator+server > coresTogether*cores && generator > generatorHadShare*(generator+server) {
			s.note(waited > serverWaitedLimited && generator > server,
				"server.run_delay is %s, %s of the time that the server ran: it waited for a CPU while the generator used %s of the %s and the server %s",
				Format(s.of(ServerRunDelay), UnitRatio), Format(waited, UnitRatio), Format(generator, UnitCores), plural(cores, "core"), Format(server, UnitCores))
		}
	case s.d.Run.Wire != nil && s.d.Run.Wire.Layer == WireLoopback:
		if pressure := s.of(MachineCPUPressure); pressure > pressureDegraded && generator > generatorHadShare*cores {
			s.note(false, "machine.cpu_pressure is %s while the generator used %s of the %s: a server on this machine waited for a CPU",
				Format(pressure, UnitRatio), Format(generator, UnitCores), plural(cores, "core"))
		}
	}
}

// of gives the value of a counter or a gauge, zero where there is none.
func (s *suspicion) of(id ID) float64 {
	if v := s.d.Metrics[id.String()].Value; v != nil {
		return *v
	}
	return 0
}

// tail is the end of a distribution, as far as it is known.
type tail struct {
	name  string // p99 where that many values support it, else a lower percentile; of a few values the maximum
	value float64
	known bool
}

// tailOf returns the tail of a metric's values; where it lies among those that never came it is infinite.
func tailOf(metrics map[string]Value, id ID) tail {
	s := metrics[id.String()].Histogram
	if s == nil || s.Count == 0 {
		return tail{}
	}
	found := tail{"max", s.Max, true}
	for _, p := range s.percentiles() {
		switch {
		case p.percentile > 99:
		case *p.value == nil:
			found = tail{p.field, infinite, true}
		case s.Supports(p.field):
			found = tail{p.field, **p.value, true}
		}
	}
	return found
}

func plural(n float64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Format(n, UnitOne) + " " + one + "s"
}
