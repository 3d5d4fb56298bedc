package results

import "fmt"

// imbalance names the first sum of the ledger that does not add up, over the whole run and over the part that is shown. It is
// empty when all do. Observed runs have no fan-out latency that the deliveries could be held against.
func imbalance(kept, whole *Values) string {
	for _, v := range []*Values{whole, kept} {
		received, lost := v.Counter(DeliveriesReceived), v.Counter(DeliveriesLost)
		if expected := v.Counter(DeliveriesExpected); expected != received+lost {
			return fmt.Sprintf("deliveries.expected %d is not received %d + lost %d", expected, received, lost)
		}
		mid, gap, tail := v.Counter(DeliveriesLostMidstream), v.Counter(DeliveriesLostGap), v.Counter(DeliveriesLostTail)
		if lost != mid+gap+tail {
			return fmt.Sprintf("deliveries.lost %d is not midstream %d + gap %d + tail %d", lost, mid, gap, tail)
		}
		latency, replayed := v.Histogram(FanoutLatency), v.Histogram(FanoutReplayed)
		if latency == nil && replayed == nil {
			continue
		}
		direct, censored, again := int64(0), int64(0), int64(0)
		if latency != nil {
			direct, censored = latency.Count(), latency.Censored
		}
		if replayed != nil {
			again = replayed.Count()
		}
		if received != direct+again {
			return fmt.Sprintf("deliveries.received %d is not fanout.latency's %d + fanout.replayed's %d", received, direct, again)
		}
		if lost != censored {
			return fmt.Sprintf("deliveries.lost %d is not fanout.latency's %d censored", lost, censored)
		}
	}
	attempted, opened := whole.Counter(ConnectionsAttempted), whole.Counter(ConnectionsOpened)
	failed, abandoned := whole.Counter(ConnectionsFailed), whole.Counter(ConnectionsAbandoned)
	if attempted != opened+failed+abandoned {
		return fmt.Sprintf("connections.attempted %d is not opened %d + failed %d + abandoned %d", attempted, opened, failed, abandoned)
	}
	return ""
}
