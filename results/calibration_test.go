package results

import (
	"slices"
	"strings"
	"testing"
)

func TestFiguresNearTheFloorAreWarnedOf(t *testing.T) {
	for _, c := range []struct {
		name     string
		floor    *Calibration
		lost     int64
		warnings []string
	}{
		{"never calibrated", nil, 0, nil},
		{"far above", &Calibration{LatencyP50: 4e6, LatencyP99: 4e6}, 0, nil},
		{"the median near", &Calibration{LatencyP50: 5e6, LatencyP99: 4e6}, 0, []string{"fanout.latency p50 is 10.0 ms, within 2 × of the 5.00 ms"}},
		{"both below", &Calibration{LatencyP50: 50e6, LatencyP99: 50e6}, 0, []string{"fanout.latency p50", "fanout.latency p99"}},
		{"a p99 that is lost", &Calibration{LatencyP50: 1, LatencyP99: 50e6}, 20, nil},
	} {
		h := sampleHeader()
		h.Environment.Calibration = c.floor
		d := mustFold(t, h, []*Interval{second(0).start(2, 0).with(2, func(v *Values) { deliver(v, 100, c.lost, 10e6) }).close(End{})})
		var got []string
		for _, w := range d.Warnings {
			if w.Token == "near_floor" {
				got = append(got, w.Message)
			}
		}
		if !slices.EqualFunc(got, c.warnings, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", c.name, got, c.warnings)
		}
	}
}
