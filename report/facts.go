package report

import (
	"fmt"
	"strings"

	"ssebench/results"
)

func connectionFacts(p *page) []string {
	if _, ok := p.value(results.ConnectionsAttempted); !ok {
		return nil
	}
	balance := p.sum(results.ConnectionsAttempted, results.ConnectionsOpened, results.ConnectionsFailed, results.ConnectionsAbandoned)
	closed := p.shown(nil, results.ConnectionsClosedByServer)
	if n := p.d.Metrics[results.ConnectionsClosedByServer.String()].By[properEnd]; n > 0 {
		closed += fmt.Sprintf(" (%s properly)", results.Format(float64(n), results.UnitOne))
	}
	for _, fact := range []string{
		p.shown([]results.ID{results.ConnectionsPeak}, results.ConnectionsNeverOpen), closed, p.shown(nil, results.ConnectionsCut, results.ConnectionsLeft),
	} {
		if fact != "" {
			balance += " · " + fact
		}
	}
	opened := p.d.Metrics[results.ConnectionsOpened.String()].By
	return filled(balance, tokens("opened by address: ", opened))
}

// sharingFacts says that streams shared connections. With streams_per_connection what is measured then is a gateway's load and not that of
// as many users; of browsers it says how many of their tabs starved.
func sharingFacts(p *page) []string {
	f := p.d.Facts()
	queued := p.shown(nil, results.ConnectionsQueued)
	if queued != "" {
		queued = " · " + queued + " for a free place"
	}
	if f.Tabs > 0 {
		has := "6 connections"
		if f.Protocol == "http2" || f.Protocol == "h2c" {
			has = fmt.Sprintf("1 connection of up to %s streams", results.Format(float64(streamsOn(p.d, 256)), results.UnitOne))
		}
		return []string{
			fmt.Sprintf("browsers: %s each, %s to an origin%s", plural(float64(f.Tabs), "tab", "tabs"), has, queued),
			starvedFact(p),
		}
	}
	if f.Sharing <= 1 {
		return nil
	}
	most, limited := streamsOn(p.d, int64(f.Sharing)), ""
	if most < int64(f.Sharing) {
		limited = fmt.Sprintf(" (the server allows no more; asked for %s)", results.Format(float64(f.Sharing), results.UnitOne))
	}
	return []string{fmt.Sprintf("up to %s streams on an HTTP/2 connection, as behind a gateway%s", results.Format(float64(most), results.UnitOne), limited) + queued}
}

// streamsOn returns how many streams of those asked for an HTTP/2 connection carries: no more than the server allows.
func streamsOn(d *results.Document, asked int64) int64 {
	if d.Run.StreamLimit > 0 {
		return min(asked, d.Run.StreamLimit)
	}
	return asked
}

// starvedFact says how many streams got no place until the run ended, and for how long half of them waited.
func starvedFact(p *page) string {
	starved, _ := p.value(results.ConnectionsStarved)
	attempted, _ := p.value(results.ConnectionsAttempted)
	fact := fmt.Sprintf("%s of %s starved", results.Format(starved, results.UnitOne), plural(attempted, "stream", "streams"))
	if displaced, _ := p.value(results.ConnectionsDisplaced); displaced > 0 {
		fact += fmt.Sprintf(", %s of them displaced", results.Format(displaced, results.UnitOne))
	}
	if waited := p.d.Metrics[results.ConnectStarved.String()].Histogram; waited != nil && waited.Count > 0 {
		fact += ", waited " + results.Format(*waited.P50, results.UnitNanoseconds) + " p50"
	}
	return fact
}

// requestFacts counts the requests of subscribers that ask again and again.
func requestFacts(p *page) []string {
	if d := p.d.Metrics[results.RequestsDuration.String()].Histogram; d == nil || d.Count == 0 {
		return nil
	}
	return filled(p.shown([]results.ID{results.RequestsCount, results.RequestsEmpty}))
}

// fanoutFacts says how many events stand behind the receipts: receipts of one event are correlated.
func fanoutFacts(p *page) []string {
	if _, ok := p.d.Metrics[results.FanoutLatency.String()]; !ok {
		return nil
	}
	events, ok := 0.0, false
	if first := p.d.Metrics[results.FanoutFirst.String()].Histogram; first != nil && first.Count > 0 {
		events, ok = float64(first.Count), true
	} else if published, known := p.value(results.PublishCount); known {
		failed, _ := p.value(results.PublishFailed)
		events, ok = published-failed, true
	}
	if !ok {
		return nil
	}
	receipts := "receipts of " + plural(events, "event", "events")
	if c := p.d.Environment.Calibration; c != nil {
		receipts += fmt.Sprintf(" · noise floor p50 %s, p99 %s",
			results.Format(c.LatencyP50, results.UnitNanoseconds), results.Format(c.LatencyP99, results.UnitNanoseconds))
	}
	return []string{receipts}
}

func plural(n float64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return results.Format(n, results.UnitOne) + " " + many
}

func publishFacts(p *page) []string {
	return filled(p.shown([]results.ID{results.PublishCount, results.PublishFailed}))
}

func deliveryFacts(p *page) []string {
	if _, ok := p.value(results.DeliveriesReceived); !ok {
		return nil
	}
	balance := p.sum(results.DeliveriesExpected, results.DeliveriesReceived, results.DeliveriesLost)
	losses := ""
	if lost, _ := p.value(results.DeliveriesLost); lost > 0 {
		losses = p.sum(results.DeliveriesLost, results.DeliveriesLostMidstream, results.DeliveriesLostGap, results.DeliveriesLostTail)
	}
	hidden := ""
	if n, ok := p.value(results.DeliveriesIDsHideLoss); ok && n > 0 {
		hidden = p.show(results.DeliveriesIDsHideLoss)
	}
	return filled(balance, losses, hidden, p.shown(
		[]results.ID{
			results.DeliveriesDuplicate, results.DeliveriesReordered, results.DeliveriesLate, results.DeliveriesUnexpected, results.DeliveriesCorrupt,
		},
		results.DeliveriesReplayed, results.DeliveriesSuperseded, results.DeliveriesStale,
	))
}

// remarkableSilence is how long a stream has to be silent to be worth a word, in nanoseconds: proxies cut from some seconds on.
const remarkableSilence = 5e9

func streamFacts(p *page) []string {
	events, ok := p.value(results.EventsReceived)
	if !ok {
		return nil
	}
	received := "events " + results.Format(events, results.UnitOne)
	if rate, ok := p.holdRate(results.EventsReceived); ok {
		received += fmt.Sprintf(" (%s while holding)", results.Format(rate, "1/ns"))
	}
	for _, id := range []results.ID{results.EventsComments, results.EventsDiscarded, results.EventsInvalidUTF8, results.ReadsCoalesced} {
		if value, ok := p.value(id); ok && value > 0 {
			received += " · " + p.show(id)
		}
	}
	if silence := p.d.Metrics[results.StreamSilence.String()].Histogram; silence != nil && silence.Count > 0 && silence.Max >= remarkableSilence {
		received += " · longest silence " + results.Format(silence.Max, results.UnitNanoseconds)
	}
	return filled(received)
}

// holdRate gives a counter for each nanosecond of the hold phases outside the warm-up.
func (p *page) holdRate(id results.ID) (float64, bool) {
	var sum, nanos float64
	for _, phase := range p.d.Phases {
		if phase.Kind != results.PhaseHold || phase.Warmup {
			continue
		}
		nanos += float64(phase.EndNS - phase.StartNS)
		if v := phase.Metrics[id.String()].Value; v != nil {
			sum += *v
		}
	}
	return sum / nanos, sum > 0 && nanos > 0
}

func reconnectFacts(p *page) []string {
	if count, _ := p.value(results.ReconnectCount); count == 0 {
		stranded, _ := p.value(results.ReconnectStranded)
		away, _ := p.value(results.ReconnectAway)
		if stranded+away == 0 {
			return nil
		}
	}
	return filled(p.shown(
		[]results.ID{results.ReconnectCount},
		results.ReconnectStranded, results.ReconnectAway, results.ReconnectRecoveredP50, results.ReconnectRecoveredP95, results.ReconnectRecoveredAll,
	))
}

// slowFacts says what slow readers cost the server beside what the others cost it.
func slowFacts(p *page) []string {
	if opened, _ := p.value(results.SlowOpened); opened == 0 {
		return nil
	}
	facts := p.shown([]results.ID{results.SlowOpened, results.SlowCut})
	if low, high, ok := p.holdRange(results.ServerRSS); ok {
		facts += fmt.Sprintf(" · server.rss from %s to %s while holding", results.Format(low, results.UnitBytes), results.Format(high, results.UnitBytes))
	}
	return []string{facts}
}

// holdRange gives the lowest and the highest value of a gauge in the hold phases outside the warm-up.
func (p *page) holdRange(id results.ID) (low, high float64, ok bool) {
	for _, phase := range p.d.Phases {
		v := phase.Metrics[id.String()]
		if phase.Kind != results.PhaseHold || phase.Warmup || v.Min == nil || v.Max == nil {
			continue
		}
		if !ok {
			low, high, ok = *v.Min, *v.Max, true
		}
		low, high = min(low, *v.Min), max(high, *v.Max)
	}
	return low, high, ok
}

func generatorFacts(p *page) []string {
	facts := p.process(results.GeneratorCPU, results.GeneratorRSS, results.GeneratorRSSPerConnection, results.GeneratorRunDelay)
	if pressure, ok := p.value(results.MachineCPUPressure); ok {
		facts = append(facts, results.MachineCPUPressure.String()+" "+results.Format(pressure, results.UnitRatio))
	}
	for _, id := range []results.ID{results.ReadsUnstamped, results.GeneratorBuffersFull, results.MachineClockSteps} {
		if value, ok := p.value(id); ok && value > 0 {
			facts = append(facts, id.String()+" "+results.Format(value, results.UnitOne))
		}
	}
	return filled(strings.Join(facts, " · "))
}

func serverFacts(p *page) []string {
	facts := p.process(results.ServerCPU, results.ServerRSS, results.ServerCPUPerDelivery, results.ServerRSSPerConnection, results.ServerRunDelay)
	return filled(strings.Join(facts, " · "))
}

// process says what a process used: the mean and the peak of its CPU, and what else there is.
func (p *page) process(cpu results.ID, others ...results.ID) []string {
	var facts []string
	if _, ok := p.value(cpu); ok {
		fact := p.show(cpu)
		if most := p.d.Metrics[cpu.String()].Max; most != nil {
			fact += fmt.Sprintf(" (most %s)", strings.TrimSuffix(results.Format(*most, results.UnitCores), " cores"))
		}
		facts = append(facts, fact)
	}
	for _, id := range others {
		if _, ok := p.value(id); ok {
			facts = append(facts, p.show(id))
		}
	}
	return facts
}
