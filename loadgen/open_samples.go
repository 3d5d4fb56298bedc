package loadgen

import "sync"

// glance is how many streams that read were open at the start of a bin; late: the generator itself did not come to look in time.
type glance struct {
	open int64
	late bool
}

// glances are those that were not taken yet. Safe for use by any goroutine.
type glances struct {
	mu   sync.Mutex
	seen map[uint32]glance
	next uint32 // the next bin to look at
}

// enter notes how many streams are open, up to the bin that has begun.
func (g *glances) enter(now, open int64) {
	const inTime = 5 // bins
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		g.seen = make(map[uint32]glance)
	}
	bin := binOf(now)
	look := glance{open, bin-g.next > inTime}
	for ; g.next <= bin; g.next++ {
		g.seen[g.next] = look
	}
}

// take hands over the glance of a bin; false: there was none.
func (g *glances) take(bin uint32) (look glance, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	look, ok = g.seen[bin]
	delete(g.seen, bin)
	return look, ok
}

// belate marks a bin as one in which the generator was far behind.
func (g *glances) belate(bin uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if look, ok := g.seen[bin]; ok {
		look.late = true
		g.seen[bin] = look
	}
}
