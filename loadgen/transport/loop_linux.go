package transport

import (
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

// dialsInFlight bounds the connections of a loop that are under way, with their TLS handshakes: more would only queue in the server's
// backlog, where SYNs are dropped.
const dialsInFlight = 128

// batch is how many ready sockets a loop takes from the kernel at once.
const batch = 512

// loop owns the sockets of a lane's streams: one goroutine that polls, reads into the lane's buffer and calls the handlers, with the
// lane held for each batch. All fields up to mu are its goroutine's.
type loop struct {
	t          *Transport
	lane       *lane
	handshakes *handshaker
	clock      clock
	poller     poller
	receiver   receiver
	wheel      wheel
	fired      []*looped // scratch of the wheel
	sockets    []socket  // by slot
	slots      []int32   // that are free
	streams    []*looped // not over
	codec      *codec2   // of HTTP/2; nil: HTTP/1.1 is spoken
	due        []*looped // waiting for a place among the dials in flight, first come first served
	dialing    int       // dials in flight
	silent     []int32   // descriptors of silently cut streams, closed at the end
	openings   []*opening
	prepared   map[*loadgen.Request]*prepared
	heads      heads
	newest     knownHead                 // of the answer being handled
	scratch    []byte                    // of requests
	remotes    []remote                  // of connections, a few
	unsent     map[*looped][]byte        // what the kernel did not take
	paces      map[*looped]int64         // bytes a second of the streams that read slowly
	outboxes   map[*looped]*loopedOutbox // of the streams whose subscribers post
	wire       wire
	weighing   weighing

	browsers  map[int]*tabs // over HTTP/1.1
	opportune []*tabs       // where somebody may get a connection

	destinations map[destinationKey]*destination // of HTTP/2 connections that streams share
	crowded      []*destination                  // where streams wait
	writing      []*trunk                        // that have something to be written at the end of the batch
	asking       []*looped                       // whose request is among it

	traffic             // of this batch
	at        time.Time // of the bytes being handled
	read      int64     // the same in the loop's time
	stamps    int64     // reads with the kernel's stamp, and without
	unstamped int64
	limit     uint32 // the least SETTINGS_MAX_CONCURRENT_STREAMS of a connection that streams share; 0: none said
	stall     int64  // when a read came too late for a full buffer, in the loop's time; 0: none did
	turn      uint8  // of the loop; it wraps
	stopping  bool
	over      bool // its goroutine came to its end

	ended sync.WaitGroup
	async sync.WaitGroup // lookups and handshakes under way
	done  chan struct{}  // closed when the loop stops: ends the handshakes

	mu     sync.Mutex
	inbox  []message
	asleep bool // the loop blocks in the poller
	closed bool
	slab   []looped
}

type doing uint8

const (
	doOpen doing = iota // open s at the instant
	doCut               // s was cut
	doCall              // call
	doStop              // end the loop
)

// message is what other goroutines want of a loop.
type message struct {
	do   doing
	s    *looped
	at   time.Time
	call func()
}

func newLoop(t *Transport, l *lane, h *handshaker) (*loop, error) {
	p := &loop{t: t, lane: l, handshakes: h, clock: newClock(), done: make(chan struct{}), unsent: make(map[*looped][]byte), prepared: make(map[*loadgen.Request]*prepared), paces: make(map[*looped]int64)}
	p.lane.buffer = make([]byte, laneBufferSize)
	if t.config.Protocol != HTTP1 {
		p.codec = newCodec2(t.config.HeadLimit)
		p.destinations = make(map[destinationKey]*destination)
	}
	if err := p.poller.open(t.config.Poll != PollBlock); err != nil {
		return nil, fmt.Errorf("event loop: %w; raise the limit on open files (ulimit -n), or use engine %s", err, EngineGoroutines)
	}
	return p, nil
}

// open makes a stream. Any goroutine that does not hold the lane calls it.
func (p *loop) open(r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream {
	s := p.newLooped()
	s.exchange = exchange{request: r, handler: wrap(p.lane, r, h)}
	p.post(message{do: doOpen, s: s, at: at})
	return s
}

// newLooped gives a stream without a connection. Any goroutine calls it, with or without the lane held.
func (p *loop) newLooped() *looped {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.slab) == 0 {
		p.slab = make([]looped, (32<<10)/unsafe.Sizeof(looped{})) // the largest size that the allocator does not round to pages
	}
	s := &p.slab[0]
	p.slab = p.slab[1:]
	s.loop, s.fd, s.slot = p, noSocket, noSlot
	return s
}

// post hands a message over; after the loop ended it is dropped. Any goroutine calls it, with or without the lane held.
func (p *loop) post(m message) {
	p.mu.Lock()
	wake := p.asleep && !p.closed
	if !p.closed {
		p.inbox = append(p.inbox, m)
		p.asleep = false
	}
	p.mu.Unlock()
	if wake {
		p.poller.wake()
	}
}

// run is the loop's goroutine.
func (p *loop) run() {
	defer p.lane.Recovered("an event loop")
	defer p.giveUp()
	var work []message
	for !p.stopping {
		work = p.serve(p.poller.wait(p.pause(), p.dialing == 0), work)
	}
	p.end()
}

// serve handles a batch. It takes and gives back the list of the messages.
func (p *loop) serve(ready []unix.EpollEvent, work []message) []message {
	p.lane.Hold()
	defer p.lane.Release()
	p.turn++
	p.clock.check()
	for i := range ready {
		p.dispatch(&ready[i])
	}
	p.mu.Lock()
	p.asleep = false
	work, p.inbox = p.inbox, work[:0]
	p.mu.Unlock()
	for i := range work {
		p.handle(&work[i])
	}
	work = cleared(work)
	p.tick()
	p.startDials()
	p.serveBrowsers()
	p.serveQueues()
	p.flushTrunks()
	p.lane.count(&p.traffic)
	return work
}

// giveUp closes what a loop has whose goroutine panicked. Its streams are told nothing.
func (p *loop) giveUp() {
	if p.over {
		return
	}
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	p.async.Wait()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for i := range p.sockets {
		if owner := p.sockets[i].owner; owner != nil {
			unix.Close(int(owner.descriptor()))
		}
	}
	for _, fd := range p.silent {
		unix.Close(int(fd))
	}
	p.poller.close()
}

// pause says how long the poller may block: 0 not at all, negative for ever.
func (p *loop) pause() time.Duration {
	p.mu.Lock()
	p.asleep = len(p.inbox) == 0
	asleep := p.asleep
	p.mu.Unlock()
	if !asleep {
		return 0
	}
	return p.wheel.next(p.clock.now())
}

func (p *loop) dispatch(e *unix.EpollEvent) {
	if e.Fd == wakeSlot {
		return
	}
	if k := &p.sockets[e.Fd]; k.owner != nil && k.turn == uint32(e.Pad) {
		k.owner.ready(e.Events)
	}
}

func (p *loop) handle(m *message) {
	switch m.do {
	case doOpen:
		m.s.index = int32(len(p.streams))
		p.streams = append(p.streams, m.s)
		m.s.await(m.at)
	case doCut:
		m.s.wasCut()
	case doCall:
		m.call()
	case doStop:
		p.stopping = true
	}
}

// tick fires the timers that are due.
func (p *loop) tick() {
	p.fired = p.wheel.advance(p.clock.now(), p.fired)
	for _, s := range p.fired {
		s.timeout()
	}
	p.fired = cleared(p.fired)
}

// cleared is a list for the next batch. A batch of everything, as when all streams are opened or cut at once, does not stay in memory.
func cleared[T any](list []T) []T {
	if cap(list) > batch {
		return nil
	}
	clear(list)
	return list[:0]
}

// startDials lets those begin that waited for a place.
func (p *loop) startDials() {
	n := 0
	for ; n < len(p.due) && p.dialing < dialsInFlight; n++ {
		if s := p.due[n]; s.phase == queued {
			s.begin()
		}
	}
	switch {
	case n == len(p.due):
		p.due = cleared(p.due)
	case n > 0:
		p.due = append(p.due[:0], p.due[n:]...)
	}
}

// end ends what is left.
func (p *loop) end() {
	close(p.done)
	p.async.Wait()
	p.mu.Lock()
	p.closed = true
	left := p.inbox
	p.inbox = nil
	p.mu.Unlock()
	p.endStreams(left)
	p.poller.close()
	p.over = true
}

// endStreams ends the streams, and those that the messages left would have opened.
func (p *loop) endStreams(left []message) {
	p.lane.Hold()
	defer p.lane.Release()
	for _, s := range p.streams { // before the rest is handled: what it says is because of us
		s.cutHow.CompareAndSwap(0, int32(loadgen.CutFIN)+1)
	}
	for i := range left {
		if m := &left[i]; m.do == doOpen || m.do == doCall {
			p.handle(m)
		}
	}
	for len(p.streams) > 0 {
		s := p.streams[len(p.streams)-1]
		s.cutHow.CompareAndSwap(0, int32(loadgen.CutFIN)+1)
		s.wasCut()
	}
	p.closeTrunks()
	for _, fd := range p.silent {
		p.closeSocket(fd, noSlot, byFIN)
	}
	p.silent = nil
	p.lane.count(&p.traffic)
}

// newOpening gives an opening, a used one where there is one.
func (p *loop) newOpening() *opening {
	n := len(p.openings)
	if n == 0 {
		return &opening{config: &p.t.config}
	}
	o := p.openings[n-1]
	p.openings = p.openings[:n-1]
	o.resumption.Reset()
	*o = opening{config: &p.t.config, visited: o.visited[:0], resumption: o.resumption}
	return o
}

func (p *loop) freeOpening(o *opening) {
	if len(p.openings) < dialsInFlight {
		p.openings = append(p.openings, o)
	}
}

// remote is a peer, and to which origin the connections to it belong.
type remote struct {
	address netip.AddrPort
	origin  string
	text    string // of the address
}

// remote gives the place of a peer among the remotes. There are as many as targets, redirects and addresses of names; a run that meets
// more than can be numbered shares the last place, whose connections are then never used again.
func (p *loop) remote(a netip.AddrPort, origin string) uint16 {
	for i := range p.remotes {
		if r := &p.remotes[i]; r.address == a && r.origin == origin {
			return uint16(i)
		}
	}
	if len(p.remotes) > math.MaxUint16 {
		p.remotes[math.MaxUint16] = remote{address: a, text: a.String()}
		return math.MaxUint16
	}
	p.remotes = append(p.remotes, remote{a, origin, a.String()})
	return uint16(len(p.remotes) - 1)
}

// instant turns the loop's time into an instant.
func (p *loop) instant(ns int64) time.Time { return p.clock.base.Add(time.Duration(ns)) }
