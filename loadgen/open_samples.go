package loadgen

import "sync"

// openSample is how many streams that read were open at the start of a bin; late: the generator itself did not come to look in time.
type openSample struct {
	open int64
	late bool
}

// openSamples are those that were not taken yet. Safe for use by any goroutine.
type openSamples struct {
	mu   sync.Mutex
	seen map[uint32]openSample
	next uint32 // the next bin to look at
}

// enter notes how many streams are open, up to the bin that has begun.
func (g *openSamples) enter(now, open int64) {
	const inTime = 5 // bins
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		g.seen = make(map[uint32]openSample)
	}
	bin := binOf(now)
	look := openSample{open, bin-g.next > inTime}
	for ; g.next <= bin; g.next++ {
		g.seen[g.next] = look
	}
}

// take hands over the openSample of a bin; false: there was none.
func (g *openSamples) take(bin uint32) (look openSample, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	look, ok = g.seen[bin]
	delete(g.seen, bin)
	return look, ok
}

// markLate marks a bin as one in which the generator was far behind.
func (g *openSamples) markLate(bin uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if look, ok := g.seen[bin]; ok {
		look.late = true
		g.seen[bin] = look
	}
}
