package loadgen

import "ssebench/results"

// rhythm finds the longest time in which a server that emits by itself stood still. Nobody knows what was due, so only that is believed
// which cannot be anything else: events came steadily, then none at all to anybody, and then, at once, a good part of what was missing. It is used
// with run.mu held.
type rhythm struct {
	run     *run
	counts  map[uint32]int64 // events by bin, not yet judged
	next    uint32           // the bin to judge
	recent  []int64          // events of the last bins, up to the silence
	streams int64            // open since the first of them
	quiet   uint32           // bins without any since
	burst   *burst           // nil: none is under way
	longest results.Stall
}

// burst is what follows on a silence.
type burst struct {
	from, to uint32  // the silence
	until    uint32  // how long it is looked at
	rate     float64 // events a bin before
	got      int64
}

// mostRecent bounds the bins that are remembered.
const mostRecent = 600

func newRhythm(r *run) *rhythm { return &rhythm{run: r, counts: make(map[uint32]int64)} }

// receive enters what the recorder collected.
func (y *rhythm) receive(all []binCount) {
	for _, b := range all {
		if b.bin < y.next {
			b.bin = y.next
			y.run.openSamples.markLate(b.bin)
		}
		y.counts[b.bin] += int64(b.n)
	}
}

// judge goes through the bins that lie long enough back.
func (y *rhythm) judge(now int64) {
	for bin := binOf(now); y.next+binsLate < bin; y.next++ {
		y.step(y.next)
	}
}

// finish judges what is left. A silence to the end is none that anybody can judge.
func (y *rhythm) finish(at int64) *results.Stall {
	for ; y.next < binOf(at); y.next++ {
		y.step(y.next)
	}
	y.longest.ShortestNS = binsLong * binWidth
	return &y.longest
}

func (y *rhythm) step(bin uint32) {
	look, known := y.run.openSamples.take(bin)
	n := y.counts[bin]
	delete(y.counts, bin)
	if !known || look.late || y.run.isExcluded(bin) || look.open == 0 || look.open*10 < y.streams*9 || look.open*9 > y.streams*10 {
		*y = rhythm{run: y.run, counts: y.counts, next: y.next, streams: look.open, longest: y.longest}
	}
	if b := y.burst; b != nil {
		y.follow(b, bin, n)
		return
	}
	if n == 0 {
		y.quiet++
		return
	}
	if rate, steady := y.rate(); steady && y.quiet >= binsLong {
		y.burst = &burst{from: bin - y.quiet, to: bin, until: bin + max(y.quiet/5, 3), rate: rate}
		y.follow(y.burst, bin, n)
		return
	}
	if len(y.recent) > 0 {
		y.recent = append(y.recent, make([]int64, min(y.quiet, mostRecent))...)
	}
	y.recent = append(y.recent, n)
	if over := len(y.recent) - mostRecent; over > 0 {
		y.recent = append(y.recent[:0], y.recent[over:]...)
	}
	y.quiet = 0
}

// follow looks at what comes after a silence, and records a stall where at least half of what was missing came beside what is usual.
func (y *rhythm) follow(b *burst, bin uint32, n int64) {
	b.got += n
	if bin+1 < b.until {
		return
	}
	missing := b.rate * float64(b.to-b.from)
	usual := b.rate * float64(b.until-b.to)
	if length := int64(b.to-b.from) * binWidth; float64(b.got) >= usual+missing/2 && length > y.longest.LengthNS {
		y.longest = results.Stall{AtNS: int64(b.from) * binWidth, LengthNS: length, Streams: y.streams, Of: y.streams, Inferred: true}
	}
	y.burst, y.recent, y.quiet = nil, nil, 0
}

// rate returns how many events a bin brought before the silence, and whether they came steadily: in each of five times or more, of a length of
// which the silence has two, half to one and a half times as many as on average.
func (y *rhythm) rate() (perBin float64, steady bool) {
	for _, width := range []int{10, 20, 50} {
		blocks := min(len(y.recent)/width, 20)
		if blocks < 5 || int(y.quiet) < 2*width || len(y.recent) < int(y.quiet) {
			continue
		}
		last := y.recent[len(y.recent)-blocks*width:]
		total := int64(0)
		for _, n := range last {
			total += n
		}
		mean := float64(total) / float64(blocks)
		steady = true
		for ; len(last) > 0; last = last[width:] {
			sum := int64(0)
			for _, n := range last[:width] {
				sum += n
			}
			steady = steady && float64(sum) >= mean/2 && float64(sum) <= mean*3/2
		}
		if steady {
			return mean / float64(width), true
		}
	}
	return 0, false
}
