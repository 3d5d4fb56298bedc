package results

// seriesInterval is the nominal distance of two rows in nanoseconds; t_ns is exact.
const seriesInterval = int64(1e9)

// seriesColumn is a number of every interval.
type seriesColumn struct {
	name string
	id   ID
	at   float64 // a histogram's percentile; 100 is its exact maximum
}

// seriesColumns are those that a chart needs. A column that no row fills is left out.
var seriesColumns = []seriesColumn{
	{name: "connections.open", id: ConnectionsOpen},
	{name: "connections.opened", id: ConnectionsOpened},
	{name: "connections.failed", id: ConnectionsFailed},
	{name: "connections.closed_by_server", id: ConnectionsClosedByServer},
	{name: "reconnect.count", id: ReconnectCount},
	{name: "publish.count", id: PublishCount},
	{name: "events.received", id: EventsReceived},
	{name: "deliveries.received", id: DeliveriesReceived},
	{name: "deliveries.missing", id: DeliveriesMissing},
	{name: "bytes.received", id: BytesReceived},
	{name: "fanout.latency.p50", id: FanoutLatency, at: 50},
	{name: "fanout.latency.p99", id: FanoutLatency, at: 99},
	{name: "fanout.latency.max", id: FanoutLatency, at: 100},
	{name: "observed.latency.p50", id: ObservedLatency, at: 50},
	{name: "observed.latency.p99", id: ObservedLatency, at: 99},
	{name: "observed.latency.max", id: ObservedLatency, at: 100},
	{name: "generator.schedule_lag.max", id: GeneratorScheduleLag, at: 100},
	{name: "generator.cpu", id: GeneratorCPU},
	{name: "generator.rss", id: GeneratorRSS},
	{name: "server.cpu", id: ServerCPU},
	{name: "server.rss", id: ServerRSS},
	{name: "machine.cpu_pressure", id: MachineCPUPressure},
}

// seriesFold collects the rows of all columns.
type seriesFold struct {
	times  []float64
	rows   [][]*float64
	filled [NumMetrics]bool
}

func (s *seriesFold) add(i *Interval, total *Values, gauges map[ID]float64) {
	row := make([]*float64, len(seriesColumns))
	for n, c := range seriesColumns {
		switch Catalogue[c.id].Kind {
		case KindCounter:
			value := float64(total.Counter(c.id))
			row[n] = &value
			s.filled[c.id] = s.filled[c.id] || value != 0
		case KindGauge:
			if value, ok := gauges[c.id]; ok {
				row[n] = &value
				s.filled[c.id] = true
			}
		case KindHistogram:
			row[n] = shownAt(total.Histogram(c.id), c.at)
			s.filled[c.id] = s.filled[c.id] || row[n] != nil
		}
	}
	s.times = append(s.times, float64(i.EndNS))
	s.rows = append(s.rows, row)
}

// shownAt gives a percentile of the values that came; what never comes is known only when the run ends, and is not of a second.
func shownAt(h *Histogram, percentile float64) *float64 {
	if h == nil || h.Count() == 0 {
		return nil
	}
	value := float64(h.Max())
	if percentile < 100 {
		nanos, ok := h.ValueAt(percentile)
		if !ok {
			return nil
		}
		value = float64(nanos)
	}
	return &value
}

// series gives the rows of the columns that were filled or that the run could have filled.
func (s *seriesFold) series(produced map[ID]bool) Series {
	out := Series{IntervalNS: seriesInterval, Columns: []string{"t_ns"}, Rows: make([][]*float64, len(s.rows))}
	var kept []int
	for n, c := range seriesColumns {
		if s.filled[c.id] || produced[c.id] && Catalogue[c.id].Kind == KindCounter {
			kept = append(kept, n)
			out.Columns = append(out.Columns, c.name)
		}
	}
	for r, row := range s.rows {
		shown := make([]*float64, 0, len(kept)+1)
		shown = append(shown, &s.times[r])
		for _, n := range kept {
			shown = append(shown, row[n])
		}
		out.Rows[r] = shown
	}
	return out
}
