package results

import (
	"strings"
	"testing"
)

// endings are durations in seconds, so many of each.
func endings(h *Histogram, n int, seconds ...float64) {
	for _, s := range seconds {
		for range n {
			h.Record(int64(s * 1e9))
		}
	}
}

func TestClusters(t *testing.T) {
	for name, c := range map[string]struct {
		fill func(h *Histogram)
		want float64 // 0: none
	}{
		"nothing":                    {func(*Histogram) {}, 0},
		"too few":                    {func(h *Histogram) { endings(h, 9, 30) }, 0},
		"thirty":                     {func(h *Histogram) { endings(h, 20, 30.001, 30.2, 30.9) }, 30},
		"a minute among others":      {func(h *Histogram) { endings(h, 1, 3, 7, 12.5, 19, 26, 41, 88); endings(h, 30, 60.01) }, 60},
		"evenly spread":              {func(h *Histogram) { spreadEndings(h, 0, 100) }, 0},
		"spread about half a minute": {func(h *Histogram) { spreadEndings(h, 25, 35) }, 0},
		"no round time":              {func(h *Histogram) { endings(h, 100, 37) }, 0},
		"a small part":               {func(h *Histogram) { spreadEndings(h, 0, 29); endings(h, 20, 60) }, 0},
		"not early":                  {func(h *Histogram) { endings(h, 100, 29.2) }, 0},
	} {
		h := NewHistogram()
		c.fill(h)
		if got, ok := clusterIn(h); got.timeout != c.want || ok != (c.want > 0) {
			t.Errorf("%s: got %+v, %v", name, got, ok)
		}
	}
}

// spreadEndings records a thousand durations evenly between two.
func spreadEndings(h *Histogram, from, to float64) {
	for i := range 1000 {
		h.Record(int64((from + (to-from)*float64(i)/1000) * 1e9))
	}
}

func TestTimeoutsAreNamed(t *testing.T) {
	h := &Header{Phases: []PhaseInfo{{Name: "ramp", Kind: PhaseRamp}, {Name: "hold", Kind: PhaseHold}, {Name: "cut", Kind: PhaseOutage}, {Name: "drain", Kind: PhaseDrain}}}
	for name, c := range map[string]struct {
		age, idle float64
		phase     int
		want      []string
	}{
		"an idle timeout":                    {95, 30, 1, []string{"idle_timeout: 50 of 50 streams that the server or the network ended had been silent for 30 s"}},
		"a total timeout":                    {60.3, 0.2, 1, []string{"total_timeout: 50 of 50 streams that the server or the network ended were 60 s old"}},
		"silent from the start, so the same": {60, 60, 1, []string{"idle_timeout: 50 of 50"}},
		"both":                               {300, 60, 1, []string{"idle_timeout: ", "total_timeout: "}},
		"in an outage":                       {30, 30, 2, nil},
		"neither":                            {37, 3, 1, nil},
	} {
		i := second(0).with(c.phase, func(v *Values) {
			for range 50 {
				v.Record(StreamAge, int64(c.age*1e9))
				v.Record(StreamIdle, int64(c.idle*1e9))
			}
		}).close(End{})
		d, err := Fold(h, []*Interval{i})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Warnings) != len(c.want) {
			t.Errorf("%s: %v", name, d.Warnings)
			continue
		}
		for n, want := range c.want {
			if got := d.Warnings[n].Token + ": " + d.Warnings[n].Message; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}
