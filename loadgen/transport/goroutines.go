package transport

import (
	"io"
	"sync"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// goroutines is the engine that every system has: a goroutine for each stream.
type goroutines struct {
	t       *Transport
	pool    pool
	windows windows
	links   links
	wait    sync.WaitGroup // for the goroutines of streams

	mu      sync.Mutex
	closed  bool
	streams map[*stream]struct{}
	silent  []io.Closer // connections of streams that were cut silently
	// Of the streams whose subscribers post.
	outboxes map[*stream]*outbox
}

func newGoroutines(t *Transport) *goroutines {
	g := &goroutines{t: t, streams: make(map[*stream]struct{})}
	g.pool.start(t)
	return g
}

func (g *goroutines) open(l *lane, r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream {
	s := &stream{exchange: exchange{request: r, handler: wrap(l, r, h)}, engine: g, lane: l}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return s
	}
	g.streams[s] = struct{}{}
	g.wait.Add(1)
	go s.run(at)
	return s
}

func (g *goroutines) close() {
	g.mu.Lock()
	g.closed = true
	left := make([]*stream, 0, len(g.streams))
	for s := range g.streams {
		left = append(left, s)
	}
	g.mu.Unlock()
	for _, s := range left {
		s.Cut(loadgen.CutFIN)
	}
	g.pool.cancel()
	g.endSilence()
	g.wait.Wait()
	g.pool.close()
}

func (g *goroutines) account() loadgen.Account {
	a := loadgen.Account{TimeOfReceipt: results.ReceiptRead, StreamLimit: g.pool.limited()}
	a.WireLayer, a.WireHeader = g.links.wire.layer()
	return a
}

func (g *goroutines) weigh() carriage { return g.links.weigh() }

func (g *goroutines) stalled() bool { return g.links.stalled() }

// forget is called by a stream's goroutine when it is over.
func (g *goroutines) forget(s *stream) {
	g.mu.Lock()
	delete(g.streams, s)
	c := g.outboxes[s]
	delete(g.outboxes, s)
	g.mu.Unlock()
	if c != nil {
		g.dismiss(c, loadgen.Cut(s.cutHow.Load()-1))
	}
	g.wait.Done()
}

// silence keeps what a silently cut stream leaves behind, open and unread until close.
func (g *goroutines) silence(c io.Closer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		c.Close()
		return
	}
	g.silent = append(g.silent, c)
}

func (g *goroutines) endSilence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.silent {
		c.Close()
	}
	g.silent = nil
}
