package results

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
)

// One value range everywhere, so that histograms of every worker, phase and run merge: 1 µs to 1 h at three digits.
const (
	histogramLowest  = int64(1000)
	histogramHighest = int64(3600e9)
	histogramDigits  = 3
)

// The geometry that HdrHistogram gives such a range. A value belongs to an octave by its highest bit, and to one of 1,024 slots
// of its octave by the ten bits below it; the first octave has two halves, as everything below 2^20 ns is told apart in steps of
// 2^9 ns, the largest power of two below the lowest value.
const (
	unitBits   = 9
	halfBits   = 10
	half       = 1 << halfBits
	lowestMask = int64(2*half-1) << unitBits
	allSlots   = 24 << halfBits
)

// Counts lie in pages that exist once something falls into them: the values of a run span a few octaves of the 23, so a histogram
// takes some kilobytes of the 197 that all slots would take.
const (
	pageBits  = 7
	pageSlots = 1 << pageBits
)

// countPage has the lower halves of neighbouring counts.
type countPage [pageSlots]uint32

// buckets counts values by slot.
type buckets struct {
	total int64
	pages [allSlots / pageSlots]*countPage
	upper map[int]int64 // the upper halves by slot; nil: all are zero
}

// slotOf gives the slot of a value from 0 to histogramHighest.
func slotOf(nanos int64) int {
	shift := bits.Len64(uint64(nanos|lowestMask)) - halfBits - 1
	return (shift-unitBits)<<halfBits + int(nanos>>shift)
}

// bounds gives the lowest value of a slot and how many values share it.
func bounds(slot int) (lowest, width int64) {
	octave, step := slot>>halfBits-1, slot&(half-1)+half
	if octave < 0 {
		octave, step = 0, step-half
	}
	return int64(step) << (octave + unitBits), 1 << (octave + unitBits)
}

// add counts one value. It allocates only where no value was before.
func (b *buckets) add(nanos int64) {
	b.put(slotOf(nanos), 1)
	b.total++
}

// addMany counts n values in a slot.
func (b *buckets) addMany(slot int, n int64) error {
	if n < 0 || n > math.MaxInt64-b.total {
		return fmt.Errorf("%d values are more than a histogram can count", n)
	}
	b.put(slot, n)
	b.total += n
	return nil
}

func (b *buckets) put(slot int, n int64) {
	p := b.pages[slot>>pageBits]
	if p == nil {
		p = takePage()
		b.pages[slot>>pageBits] = p
	}
	lower := &p[slot&(pageSlots-1)]
	sum := uint64(*lower) + uint64(n)
	*lower = uint32(sum)
	if sum > math.MaxUint32 {
		if b.upper == nil {
			b.upper = make(map[int]int64)
		}
		b.upper[slot] += int64(sum >> 32)
	}
}

// merge adds o. Together they must not have more values than can be counted; then nothing is added.
func (b *buckets) merge(o *buckets) error {
	if o.total > math.MaxInt64-b.total {
		return fmt.Errorf("merging histograms dropped %d values", o.total)
	}
	b.total += o.total
	o.each(func(slot int, n int64) bool {
		b.put(slot, n)
		return true
	})
	return nil
}

// sparePages are those that no histogram needs for now: latencies wander, and the page that one leaves is another's next. Unlike a sync.Pool
// it forgets nothing at a collection.
var sparePages struct {
	mu   sync.Mutex
	free []*countPage // empty ones
}

const mostSparePages = 2048 // a MiB

func takePage() *countPage {
	sparePages.mu.Lock()
	defer sparePages.mu.Unlock()
	n := len(sparePages.free)
	if n == 0 {
		return new(countPage)
	}
	p := sparePages.free[n-1]
	sparePages.free = sparePages.free[:n-1]
	return p
}

func sparePage(p *countPage) {
	sparePages.mu.Lock()
	defer sparePages.mu.Unlock()
	if len(sparePages.free) < mostSparePages {
		sparePages.free = append(sparePages.free, p)
	}
}

// reset empties b and keeps the memory of pages that were in use.
func (b *buckets) reset() {
	for i, p := range b.pages {
		if p == nil {
			continue
		}
		if *p == (countPage{}) && b.upper == nil {
			b.pages[i] = nil
			sparePage(p)
		} else {
			clear(p[:])
		}
	}
	b.upper = nil
	b.total = 0
}

// each calls visit for every slot that has values, ascending, until it returns false.
func (b *buckets) each(visit func(slot int, n int64) bool) {
	for i, p := range b.pages {
		if p == nil {
			continue
		}
		for offset, lower := range p {
			slot := i<<pageBits + offset
			n := int64(lower)
			if b.upper != nil {
				n += b.upper[slot] << 32
			}
			if n != 0 && !visit(slot, n) {
				return
			}
		}
	}
}

// valueAt gives the highest value of the slot in which the value of that rank, from 1 to total, lies.
func (b *buckets) valueAt(rank int64) (nanos int64) {
	b.each(func(slot int, n int64) bool {
		lowest, width := bounds(slot)
		nanos = lowest + width - 1
		rank -= n
		return rank > 0
	})
	return nanos
}

// mean gives the mean of all values, each taken for the middle of its slot.
func (b *buckets) mean() (mean float64) {
	b.each(func(slot int, n int64) bool {
		lowest, width := bounds(slot)
		mean += float64(n) * float64(lowest+width/2) / float64(b.total)
		return true
	})
	return mean
}
