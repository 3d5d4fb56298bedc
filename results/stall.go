package results

import "fmt"

// Stall is a time in which events were due and had been sent, and fewer than a tenth of the open streams received any.
type Stall struct {
	AtNS     int64 `json:"at_ns"` // since the run started
	LengthNS int64 `json:"length_ns"`
	Streams  int64 `json:"streams"` // that got nothing
	Of       int64 `json:"of"`      // that something had been sent to
	ToTheEnd bool  `json:"to_the_end,omitempty"`
	// ShortestNS is how long one lasts at least to count. Where the publisher does not decide when an event comes (polls, a server that
	// conflates), it also depends on what the run measured.
	ShortestNS int64 `json:"shortest_ns"`
	Paced      bool  `json:"paced,omitempty"`
	// Inferred: nobody knows what was sent, but events came steadily before, none came, and what was missing came at once after.
	Inferred bool `json:"inferred,omitempty"`
}

// String says when it was, how long, and of whom.
func (s *Stall) String() string {
	if s.Inferred {
		return fmt.Sprintf("from %s on, for %s, none of %s streams received an event: they came steadily before, and those that were missing at once after",
			Format(float64(s.AtNS), UnitNanoseconds), Format(float64(s.LengthNS), UnitNanoseconds), Format(float64(s.Of), UnitOne))
	}
	end := ""
	if s.ToTheEnd {
		end = ", to the end of the run"
	}
	return fmt.Sprintf("from %s on, for %s%s, events were sent and %s of %s streams received none",
		Format(float64(s.AtNS), UnitNanoseconds), Format(float64(s.LengthNS), UnitNanoseconds), end, Format(float64(s.Streams), UnitOne), Format(float64(s.Of), UnitOne))
}

// stallTimes is how many times longer than what is usual in the run a stall lasts.
const stallTimes = 3

// stalled puts the longest stall into the document, if it is longer than what is usual in this run: a hook that takes long, and a server or
// a poller that has a rhythm of its own.
func (f *Folder) stalled(d *Document, whole *Values) {
	if f.end == nil || f.end.Stall == nil {
		return
	}
	s := *f.end.Stall
	usual := func(id ID, percentile float64) {
		if h := whole.Histogram(id); h != nil {
			if v, ok := h.ValueAt(percentile); ok {
				s.ShortestNS = max(s.ShortestNS, stallTimes*v)
			}
		}
	}
	usual(FanoutFromSend, 10)
	usual(PublishDuration, 50)
	if s.Paced {
		usual(FanoutFromSend, 50)
		usual(EventsInterval, 50)
	}
	length := 0.0
	if s.LengthNS > 0 && s.LengthNS >= s.ShortestNS {
		length = float64(s.LengthNS)
		d.Run.Stall = &s
	}
	d.Metrics[DeliveriesStalled.String()] = constantGauge(DeliveriesStalled, length)
}
