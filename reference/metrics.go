package reference

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// exposition serves the server's counts in the Prometheus format.
func (s *Server) exposition() http.Handler {
	reg := prometheus.NewRegistry()
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "reference", Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() uint64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "reference", Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge("streams_open", "Open event streams.", func() float64 { return float64(s.counts.open.Load()) })
	gauge("topics", "Topics held.", func() float64 { return float64(s.hub.topicCount()) })
	counter("streams_opened_total", "Event streams opened.", s.counts.opened.Load)
	counter("events_published_total", "Events published.", s.counts.published.Load)
	counter("deliveries_sent_total", "Events and comments written to a stream.", s.sent)
	counter("deliveries_dropped_total", "Events dropped for a subscriber that is too slow.", s.counts.dropped.Load)
	counter("streams_disconnected_total", "Streams ended as too slow.", s.counts.disconnected.Load)
	counter("requests_refused_total", "Requests answered with an error.", s.counts.refused.Load)
	counter("replays_total", "Streams that were given what they had missed.", s.counts.replays.Load)
	counter("events_replayed_total", "Events given to them.", s.counts.replayed.Load)
	counter("gaps_declared_total", "Streams that were told of events that are gone.", s.counts.gaps.Load)
	counter("events_gone_total", "Events that were gone when a stream came back for them.", s.counts.gone.Load)
	for i := range faultTable {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "reference", Name: "faults_done_total", Help: "What the faults affected.",
			ConstLabels: prometheus.Labels{"fault": faultTable[i].Name},
		}, func() float64 { return float64(s.faults.done[i].Load()) }))
	}
	for i, kind := range doorKinds {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "reference", Name: "door_turned_away_total", Help: "Requests for streams that met a shut door.",
			ConstLabels: prometheus.Labels{"door": string(kind)},
		}, func() float64 { return float64(s.door.turned[i].Load()) }))
	}
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}

// sent is how many deliveries were written.
func (s *Server) sent() uint64 {
	n := s.counts.sent.Load()
	for _, l := range s.hub.lanes {
		n += l.sentNow.Load()
	}
	return n
}

func (h *hub) topicCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.topics)
}
