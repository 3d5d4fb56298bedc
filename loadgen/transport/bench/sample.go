package main

import (
	"bytes"
	"strings"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// sampling is the engine's transport with a handler around those of the sample, whose lag is measured as peers measure it: the server's
// time of writing against the moment after the event was handled. The other streams are as they are in any run.
type sampling struct {
	loadgen.Transport
	meter  *meter
	n      int
	byLane map[*loadgen.Lane]*results.Histogram // touched with the lane held
}

func sample(t loadgen.Transport, m *meter) *sampling {
	s := &sampling{Transport: t, meter: m, byLane: make(map[*loadgen.Lane]*results.Histogram)}
	for _, l := range t.Lanes() {
		s.byLane[l] = results.NewHistogram()
	}
	return s
}

// Open implements loadgen.Transport. The conductor alone calls it.
func (s *sampling) Open(l *loadgen.Lane, r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream {
	if sampled(s.n) {
		own, url := *r, *r.URL // subscriptions share what is the same for all
		url.RawQuery = strings.TrimPrefix(exact, "?")
		own.URL = &url
		r = &own
		h = &sampledHandler{StreamHandler: h, meter: s.meter, lag: s.byLane[l]}
	}
	s.n++
	return s.Transport.Open(l, r, at, h)
}

// lags is called after the run.
func (s *sampling) lags() (lags, error) {
	all := results.NewHistogram()
	for _, h := range s.byLane {
		if err := all.Merge(h); err != nil {
			return lags{}, err
		}
	}
	return lagsOf(all), nil
}

type sampledHandler struct {
	loadgen.StreamHandler
	meter *meter
	lag   *results.Histogram
}

// Bytes implements loadgen.StreamHandler. An event that a read cuts in two is left out.
func (h *sampledHandler) Bytes(b []byte, at time.Time) error {
	err := h.StreamHandler.Bytes(b, at)
	if !h.meter.on.Load() {
		return err
	}
	now := time.Now().UnixNano()
	for line := range bytes.Lines(b) {
		if data, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\n")), []byte("data: ")); ok {
			at, own := written(data)
			if h.meter.config.Objects {
				at = writtenInObject(data)
				own = at > 0
			}
			if own {
				h.lag.Record(now - at)
			}
		}
	}
	return err
}
