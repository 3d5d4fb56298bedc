package loadgen

import (
	"math"
	"testing"
	"time"
)

func TestSchedulesAtKnownPoints(t *testing.T) {
	ramp := RateRamp{From: 0, To: 10, Over: 10 * time.Second} // 50 events in the ramp, N(t) = t²/2
	for _, tt := range []struct {
		name string
		s    Schedule
		n    int64
		want time.Duration
	}{
		{"constant", Constant{10}, 0, 0},
		{"constant", Constant{10}, 25, 2500 * time.Millisecond},
		{"constant, a third", Constant{3}, 1, 333333333},
		{"all at once", Constant{}, 1e6, 0},
		{"burst", Burst{5, time.Second}, 4, 0},
		{"burst", Burst{5, time.Second}, 5, time.Second},
		{"burst", Burst{5, time.Second}, 14, 2 * time.Second},
		{"ramp", ramp, 0, 0},
		{"ramp", ramp, 2, 2 * time.Second},
		{"ramp", ramp, 50, 10 * time.Second},
		{"after the ramp", ramp, 60, 11 * time.Second},
		{"ramp down", RateRamp{10, 0, 10 * time.Second}, 32, 4 * time.Second},
		{"ramp down to nothing", RateRamp{10, 0, 10 * time.Second}, 51, math.MaxInt64},
		{"flat ramp", RateRamp{10, 10, 10 * time.Second}, 7, 700 * time.Millisecond},
	} {
		if got := tt.s.At(tt.n); got != tt.want {
			t.Errorf("%s: At(%d) = %v, want %v", tt.name, tt.n, got, tt.want)
		}
	}
}

func TestSchedulesNeverGoBack(t *testing.T) {
	for _, s := range []Schedule{
		Constant{7}, Burst{3, time.Second}, RateRamp{1, 9, 5 * time.Second}, RateRamp{9, 1, 5 * time.Second}, &Poisson{PerSecond: 20, Seed: 4},
	} {
		last := time.Duration(-1)
		for n := range int64(5000) {
			at := s.At(n)
			if at < last {
				t.Fatalf("%T: At(%d) = %v after %v", s, n, at, last)
			}
			last = at
		}
	}
}

func TestPoissonIsAPureFunctionWithTheRightMeanAndSpread(t *testing.T) {
	p := &Poisson{PerSecond: 100, Seed: 7}
	forward := make([]time.Duration, 20001)
	for n := range forward {
		forward[n] = p.At(int64(n))
	}
	for _, n := range []int64{20000, 3, 3, 9999, 0} {
		if got := p.At(n); got != forward[n] {
			t.Errorf("At(%d) = %v, before %v", n, got, forward[n])
		}
	}
	if (&Poisson{PerSecond: 100, Seed: 8}).At(10) == forward[10] {
		t.Error("another seed gives the same times")
	}
	mean, variance := 0.0, 0.0
	for n := 1; n < len(forward); n++ {
		gap := (forward[n] - forward[n-1]).Seconds()
		mean += gap / 20000
		variance += gap * gap / 20000
	}
	variance -= mean * mean
	if mean < 0.0097 || mean > 0.0103 || math.Sqrt(variance)/mean < 0.95 || math.Sqrt(variance)/mean > 1.05 {
		t.Errorf("gaps of mean %v s and relative spread %v, want 0.01 and 1", mean, math.Sqrt(variance)/mean)
	}
}
