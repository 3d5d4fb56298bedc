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
		"a minute but for three":     {func(h *Histogram) { endings(h, 1, 3, 7, 12.5); endings(h, 30, 60.01) }, 60},
		"a minute among others":      {func(h *Histogram) { endings(h, 1, 3, 7, 12.5, 19, 26, 41, 88); endings(h, 30, 60.01) }, 0},
		"early, as nginx is":         {func(h *Histogram) { endings(h, 20, 4.71, 5.02) }, 5},
		"evenly spread":              {func(h *Histogram) { spreadEndings(h, 0, 100) }, 0},
		"spread about half a minute": {func(h *Histogram) { spreadEndings(h, 25, 35) }, 0},
		"no round time":              {func(h *Histogram) { endings(h, 100, 37) }, 0},
		"a small part":               {func(h *Histogram) { spreadEndings(h, 0, 29); endings(h, 20, 60) }, 0},
		"not early":                  {func(h *Histogram) { endings(h, 100, 29.2) }, 0},
	} {
		h := NewHistogram()
		c.fill(h)
		if got, n := timeoutIn(h); got != c.want || n > 0 != (c.want > 0) {
			t.Errorf("%s: got %v, %d", name, got, n)
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
		age, idle float64 // of the first stream of fifty
		ageStep   float64 // from each to the next
		idleStep  float64
		silence   float64 // of another stream, which stayed
		oldest    float64 // age of a stream that nothing broke off
		proper    bool
		phase     int
		want      string
	}{
		"silent for half a minute, of any age":  {age: 95, ageStep: 0.1, idle: 30, phase: 1, want: "idle_timeout: 50 of 50 streams that were broken off had been silent for 30 s"},
		"early and late, of any age":            {age: 9.5, ageStep: 0.1, idle: 4.72, idleStep: 0.02, phase: 1, want: "idle_timeout: 50 of 50 streams that were broken off had been silent for 5 s"},
		"a minute old, while events came":       {age: 60.3, idle: 0.2, phase: 1, want: "total_timeout: 50 of 50 streams that were broken off were 60 s old"},
		"silent from the start":                 {age: 60, idle: 60, phase: 1, want: "timeout: 50 of 50 streams that were broken off had been silent for 60 s and were 60 s old: either"},
		"silent, and another grew older":        {age: 60, idle: 60, oldest: 70, phase: 1, want: "idle_timeout: 50 of 50"},
		"silent, and another was silent longer": {age: 60, idle: 60, silence: 64, phase: 1, want: "total_timeout: 50 of 50"},
		"silent, and another did both":          {age: 60, idle: 60, silence: 64, oldest: 70, phase: 1},
		"silent, and another a little older":    {age: 60, idle: 60, oldest: 61, phase: 1, want: "timeout: 50 of 50"},
		"of one age, and another grew older":    {age: 60, ageStep: 0.01, idle: 0.2, oldest: 80, phase: 1},
		"of one age, and silent for one time":   {age: 10.1, idle: 4.9, phase: 1, want: "timeout: 50 of 50 streams that were broken off had been silent for 5 s and were 10 s old: either"},
		"another one outlived a longer silence": {age: 10.1, idle: 4.9, silence: 9, phase: 1, want: "total_timeout: 50 of 50"},
		"ended properly after ten events":       {age: 10, idle: 1, proper: true, phase: 1},
		"in an outage":                          {age: 30, idle: 30, phase: 2},
		"at no round time":                      {age: 37, idle: 3, phase: 1},
		"at any time":                           {age: 10, ageStep: 1, idle: 3, idleStep: 0.4, phase: 1},
	} {
		i := second(0).with(c.phase, func(v *Values) {
			for n := range 50 {
				age, idle := int64((c.age+float64(n)*c.ageStep)*1e9), int64((c.idle+float64(n)*c.idleStep)*1e9)
				v.Record(StreamAge, age)
				v.Record(StreamIdle, idle)
				v.Record(StreamSilence, idle)
				if !c.proper {
					v.Record(StreamBrokenAge, age)
					v.Record(StreamBrokenIdle, idle)
				}
			}
			if c.silence > 0 {
				v.Record(StreamSilence, int64(c.silence*1e9))
			}
		}).close(End{OldestNS: int64(c.oldest * 1e9)})
		d, err := Fold(h, []*Interval{i})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(d.Warnings) > 0 {
			got = d.Warnings[0].Token + ": " + d.Warnings[0].Message
		}
		if len(d.Warnings) > 1 || (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %v, want %s", name, d.Warnings, c.want)
		}
	}
}
