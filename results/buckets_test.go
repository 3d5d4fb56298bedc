package results

import (
	"math"
	"math/rand/v2"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

// slots gives the counts by slot.
func slots(b *buckets) map[int]int64 {
	all := make(map[int]int64)
	b.each(func(slot int, n int64) bool {
		all[slot] = n
		return true
	})
	return all
}

// samples gives values over the whole range: its ends, those beside every power of two, and some at random.
func samples() []int64 {
	values := []int64{0, 1, histogramLowest, histogramHighest - 1, histogramHighest}
	for power := int64(1); power < histogramHighest; power *= 2 {
		values = append(values, power-1, power, power+1)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		values = append(values, int64(math.Exp(random.Float64()*math.Log(float64(histogramHighest)))))
	}
	return values
}

func TestBucketsAreThoseOfHdrHistogram(t *testing.T) {
	var mine buckets
	theirs := hdr.New(histogramLowest, histogramHighest, histogramDigits)
	for i, v := range samples() {
		n := int64(1)
		if i%7 == 0 {
			n = int64(1) << (i % 50)
		}
		if err := theirs.RecordValues(v, n); err != nil {
			t.Fatal(err)
		}
		mine.add(v)
		if err := mine.addMany(slotOf(v), n-1); err != nil {
			t.Fatal(err)
		}
		lowest, width := bounds(slotOf(v))
		if v < lowest || v >= lowest+width || !theirs.ValuesAreEquivalent(lowest, lowest+width-1) || theirs.ValuesAreEquivalent(lowest, lowest+width) {
			t.Fatalf("%d lies in the slot from %d, %d wide", v, lowest, width)
		}
	}
	if mine.total != theirs.TotalCount() {
		t.Errorf("%d values, want %d", mine.total, theirs.TotalCount())
	}
	if got, want := mine.mean(), theirs.Mean(); math.Abs(got-want) > want*1e-9 {
		t.Errorf("mean %g, want %g", got, want)
	}
	encoded, err := mine.encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := hdr.Decode([]byte(encoded))
	if err != nil {
		t.Fatal(err)
	}
	if !decoded.Equals(theirs) {
		t.Error("HdrHistogram reads something else than was encoded")
	}
	foreign, err := theirs.EncodeV2()
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeHistogram(string(foreign), 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(slots(&mine), slots(&back.buckets)); d != "" {
		t.Errorf("what HdrHistogram encoded is read as something else (-want +got):\n%s", d)
	}
}

func TestRankedValuesAreThoseOfHdrHistogram(t *testing.T) {
	var mine buckets
	theirs := hdr.New(histogramLowest, histogramHighest, histogramDigits)
	for _, v := range samples() {
		mine.add(v)
		if err := theirs.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	for rank := int64(1); rank <= mine.total; rank++ {
		if got, want := mine.valueAt(rank), theirs.ValueAtPercentile(100*float64(rank)/float64(mine.total)); got != want {
			t.Fatalf("the value of rank %d is %d, want %d", rank, got, want)
		}
	}
}

func TestAnEmptyHistogramIsEncoded(t *testing.T) {
	encoded, err := new(buckets).encode()
	if err != nil {
		t.Fatal(err)
	}
	if h, err := hdr.Decode([]byte(encoded)); err != nil || h.TotalCount() != 0 {
		t.Errorf("it is read as %v, %v", h, err)
	}
}

func TestResetGivesBackWhatWasNotUsed(t *testing.T) {
	var b buckets
	used := func() (n int) {
		for _, p := range b.pages {
			if p != nil {
				n++
			}
		}
		return n
	}
	b.add(5e6)
	b.add(7e9)
	b.reset()
	b.add(5e6)
	if b.reset(); used() != 1 {
		t.Errorf("%d pages are kept, want the one that was in use", used())
	}
	if allocs := testing.AllocsPerRun(100, func() { b.add(5e6) }); allocs != 0 {
		t.Errorf("%g allocations for a value where one was before", allocs)
	}
}
