package results

import "fmt"

// moreCalls is what lets more calls of the hook out.
const moreCalls = "calls of one topic wait for each other: set publish.concurrent: true, use more topics, or lower publish.rate"

// loadNotOffered tells of events that were due and never sent: the server was not held against the load that was asked for.
func loadNotOffered(d *Document) []Warning {
	due, unsent := d.Metrics[PublishDue.String()].Value, d.Metrics[PublishUnsent.String()].Value
	if due == nil || unsent == nil || *unsent == 0 {
		return nil
	}
	message := fmt.Sprintf("%s of %s events that were due were never sent: the hook is slower than the rate, and %s",
		Format(*unsent, UnitOne), Format(*due, UnitOne), moreCalls)
	if waited, latency, ok := d.waiting(); ok {
		message += fmt.Sprintf("; of fanout.latency p50, %s, waiting for the hook is %s", Format(latency, UnitNanoseconds), Format(waited, UnitNanoseconds))
	}
	return []Warning{{Token: "load_not_offered", Message: message}}
}

// publishWaited says where latencies are mostly those of events that waited to be sent, though all were.
func publishWaited(d *Document) []Warning {
	const worthTelling = 10e6
	waited, latency, ok := d.waiting()
	if !ok || waited < worthTelling || waited < latency/2 || len(loadNotOffered(d)) > 0 {
		return nil
	}
	if late := d.Metrics[GeneratorScheduleLag.String()].Histogram; late != nil && late.P50 != nil && *late.P50 > waited/2 {
		return nil // it is the generator that was late
	}
	return []Warning{{Token: "publish_waited", Message: fmt.Sprintf(
		"fanout.latency p50 is %s, and %s of it passed before the hook was called: %s (fanout.from_send counts from the call)",
		Format(latency, UnitNanoseconds), Format(waited, UnitNanoseconds), moreCalls)}}
}

// waiting returns how much of the median latency passed before the hook was called.
func (d *Document) waiting() (waited, latency float64, ok bool) {
	whole, sent := d.Metrics[FanoutLatency.String()].Histogram, d.Metrics[FanoutFromSend.String()].Histogram
	if whole == nil || sent == nil || whole.P50 == nil || sent.P50 == nil || *whole.P50 <= 0 {
		return 0, 0, false
	}
	return max(*whole.P50-*sent.P50, 0), *whole.P50, true
}
