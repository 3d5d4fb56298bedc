package loadgen

import (
	"math"
	"math/rand/v2"
	"time"

	"ssebench/scenarios"
)

// Schedule gives the due time of the n-th event or opening, counted from zero, as a distance from the schedule's start. It is a
// pure function of n: nothing that happens in the run moves a due time, so a slow server or hook cannot hide its own delay
// (coordinated omission). At never decreases with n. Each caller has its own Schedule; a Poisson one remembers where it was.
type Schedule interface{ At(n int64) time.Duration }

// Constant is a steady rate: At(n) = n / rate. A rate of zero or less means all at once.
type Constant struct{ PerSecond float64 }

// At implements Schedule.
func (c Constant) At(n int64) time.Duration {
	if c.PerSecond <= 0 {
		return 0
	}
	return seconds(float64(n) / c.PerSecond)
}

// Burst is Events at once, again after each Every: At(n) = ⌊n / events⌋ · every.
type Burst struct {
	Events int64
	Every  time.Duration
}

// At implements Schedule.
func (b Burst) At(n int64) time.Duration { return time.Duration(n/b.Events) * b.Every }

// RateRamp goes from one rate to another in a straight line over a time and stays there. With N(t) = from·t + (to−from)·t²/(2·over)
// events until t, At(n) is the t for which N(t) = n.
type RateRamp struct {
	From, To float64 // for each second
	Over     time.Duration
}

// At implements Schedule.
func (r RateRamp) At(n int64) time.Duration {
	if n == 0 {
		return 0
	}
	over := r.Over.Seconds()
	inRamp := (r.From + r.To) / 2 * over
	if float64(n) >= inRamp {
		if r.To <= 0 {
			return math.MaxInt64 // the rate has come down to nothing: never
		}
		return seconds(over + (float64(n)-inRamp)/r.To)
	}
	a := (r.To - r.From) / (2 * over)
	// The form of the quadratic's root that neither divides by a = 0 nor cancels.
	return seconds(2 * float64(n) / (r.From + math.Sqrt(r.From*r.From+4*a*float64(n))))
}

// Poisson is a random process of a mean rate: the gaps are exponential, At(n) is the sum of the first n gaps. The seed fixes it.
type Poisson struct {
	PerSecond float64
	Seed      uint64

	gaps *rand.Rand
	n    int64
	sum  float64
}

// At implements Schedule. Asking in order of n costs one gap each; going back starts again.
func (p *Poisson) At(n int64) time.Duration {
	if p.gaps == nil || n < p.n {
		p.gaps = rand.New(rand.NewPCG(p.Seed, 0x706f6973736f6e))
		p.n, p.sum = 0, 0
	}
	for ; p.n < n; p.n++ {
		p.sum += p.gaps.ExpFloat64() / p.PerSecond
	}
	return seconds(p.sum)
}

// NewSchedule gives the schedule of a plan's publishing; over is the length of publishing, for a ramp that names none.
func NewSchedule(s scenarios.Schedule, seed uint64, over time.Duration) Schedule {
	switch {
	case s.Poisson > 0:
		return &Poisson{PerSecond: float64(s.Poisson), Seed: seed}
	case s.Burst != nil:
		return Burst{Events: int64(s.Burst.Events), Every: time.Duration(s.Burst.Every)}
	case s.Ramp != nil:
		if s.Ramp.Over > 0 {
			over = time.Duration(s.Ramp.Over)
		}
		return RateRamp{From: float64(s.Ramp.From), To: float64(s.Ramp.To), Over: over}
	default:
		return Constant{PerSecond: float64(s.Constant)}
	}
}

func seconds(s float64) time.Duration {
	if s >= math.MaxInt64/1e9 {
		return math.MaxInt64
	}
	return time.Duration(math.Round(s * 1e9))
}
