package results

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

// within says that a value agrees with the truth at the histogram's three digits.
func within(got int64, want float64) bool { return math.Abs(float64(got)-want) <= want/1000+1024 }

func milliseconds(values ...int64) *Histogram {
	h := NewHistogram()
	for _, ms := range values {
		h.Record(ms * 1e6)
	}
	return h
}

func oneToHundred() *Histogram {
	h := NewHistogram()
	for ms := range int64(100) {
		h.Record((ms + 1) * 1e6)
	}
	return h
}

func TestPercentilesByNearestRank(t *testing.T) {
	h := oneToHundred()
	for _, c := range []struct{ percentile, wantMS float64 }{
		{0, 1}, {1, 1}, {1.5, 2}, {50, 50}, {90, 90}, {99, 99}, {99.01, 100}, {99.9, 100}, {100, 100},
	} {
		if got, ok := h.ValueAt(c.percentile); !ok || !within(got, c.wantMS*1e6) {
			t.Errorf("p%g = %d, %v, want %g ms", c.percentile, got, ok, c.wantMS)
		}
	}
	if h.Min() != 1e6 || h.Max() != 100e6 {
		t.Errorf("min %d, max %d, want them exact", h.Min(), h.Max())
	}
	if !within(int64(h.Mean()), 50.5e6) {
		t.Errorf("mean %g, want 50.5 ms", h.Mean())
	}
	thousand := NewHistogram()
	for range 999 {
		thousand.Record(1e6)
	}
	thousand.Record(1e9)
	if got, _ := thousand.ValueAt(99.9); !within(got, 1e6) {
		t.Errorf("p99.9 of 999 small and one large value is %d: rounding took rank 1000 for 999", got)
	}
}

func TestCensoredValuesAreLaterThanAllOthers(t *testing.T) {
	h := oneToHundred()
	h.Censored = 100 // of 200
	for _, c := range []struct {
		percentile float64
		wantMS     float64
		came       bool
	}{{25, 50, true}, {50, 100, true}, {50.5, 0, false}, {99, 0, false}, {100, 0, false}} {
		got, ok := h.ValueAt(c.percentile)
		if ok != c.came || ok && !within(got, c.wantMS*1e6) {
			t.Errorf("p%g = %d, %v, want %g ms, %v", c.percentile, got, ok, c.wantMS, c.came)
		}
	}
	if h.Count() != 100 {
		t.Errorf("count %d: censored values must not count as recorded", h.Count())
	}
	if h.Empty() {
		t.Error("a histogram with censored values is not empty")
	}
}

func TestValuesBesideTheRangeKeepTheirRank(t *testing.T) {
	h := NewHistogram()
	h.Record(-5e6)
	h.Record(500) // under a microsecond
	h.Record(3e6)
	h.Record(2 * 3600e9)
	if h.Negatives != 1 || h.OutOfRange != 1 || h.Count() != 4 {
		t.Fatalf("negatives %d, out of range %d, count %d", h.Negatives, h.OutOfRange, h.Count())
	}
	want := map[float64]float64{25: -5e6, 75: 3e6, 100: 2 * 3600e9}
	for p, nanos := range want {
		if got, ok := h.ValueAt(p); !ok || !within(got, nanos) && got != int64(nanos) {
			t.Errorf("p%g = %d, want %g", p, got, nanos)
		}
	}
	if got, _ := h.ValueAt(50); got < 0 || got > 1023 {
		t.Errorf("p50 = %d, want the lowest buckets", got)
	}
	if _, ok := NewHistogram().ValueAt(50); ok {
		t.Error("an empty histogram has no percentile")
	}
}

func TestMergeIsTheSumOfBoth(t *testing.T) {
	a, b := milliseconds(1, 2, 3), milliseconds(10, 20)
	b.Record(-1)
	b.Record(2 * 3600e9)
	b.Censored = 4
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if a.Count() != 7 || a.Negatives != 1 || a.OutOfRange != 1 || a.Censored != 4 {
		t.Errorf("count %d, negatives %d, out of range %d, censored %d", a.Count(), a.Negatives, a.OutOfRange, a.Censored)
	}
	if a.Min() != -1 || a.Max() != 2*3600e9 {
		t.Errorf("min %d, max %d", a.Min(), a.Max())
	}
	if b.Count() != 4 {
		t.Errorf("the merged histogram changed: count %d", b.Count())
	}
	if err := a.Merge(nil); err != nil {
		t.Error(err)
	}
}

func TestMergeThatDropsValuesIsAnError(t *testing.T) {
	a, b := milliseconds(1), milliseconds(1)
	if err := b.buckets.addMany(slotOf(1e6), math.MaxInt64-1); err != nil {
		t.Fatal(err)
	}
	err := a.Merge(b)
	if err == nil || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("error %v, want one that counts the dropped values", err)
	}
}

func TestResetEmpties(t *testing.T) {
	h := milliseconds(1, -1)
	h.Censored, h.OutOfRange = 2, 3
	h.Reset()
	if !h.Empty() || h.Min() != 0 || h.Max() != 0 {
		t.Errorf("after Reset: %+v", h)
	}
	h.Record(7e6)
	if h.Min() != 7e6 || h.Max() != 7e6 {
		t.Errorf("min %d, max %d remember what was before", h.Min(), h.Max())
	}
}

func TestHistogramSurvivesItsJSON(t *testing.T) {
	h := oneToHundred()
	h.Record(-3)
	h.Record(2 * 3600e9)
	h.Censored = 5
	line, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var back Histogram
	if err := json.Unmarshal(line, &back); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(slots(&back.buckets), slots(&h.buckets)) || back.Negatives != 1 || back.OutOfRange != 1 || back.Censored != 5 || back.Min() != -3 || back.Max() != 2*3600e9 {
		t.Errorf("read back %+v", back)
	}
}

func TestDamagedHistogramsAreRefused(t *testing.T) {
	otherRange, err := hdr.New(1, 1000, 2).EncodeV2()
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		`{"hdr":"???"}`:                            "damaged",
		`{"hdr":"` + string(otherRange) + `"}`:     "range 1 ns to 1000 ns at 2 digits",
		`{"hdr":"","censored":-1}`:                 "negative",
		`{"hdr":"","negatives":1,"min":3,"max":2}`: "minimum",
	} {
		var h Histogram
		if err := json.Unmarshal([]byte(line), &h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", line, err, want)
		}
	}
}
