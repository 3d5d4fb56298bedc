package loadgen

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"ssebench/results"
)

// Stalls are looked for in tenths of a second, once all that came in one has surely been handled. A time is one in which an event was
// sent, or its call hangs, and no tenth of the streams that it was for got anything.
const (
	binWidth = int64(100 * time.Millisecond)
	binsLate = 50 // how long after its end a bin is judged
	binsLong = 20 // shortest stall: a server may gather its events for a second
	fewLost  = 3  // so many events that nobody ever got are more than a loss
)

// binOf returns the bin of an instant.
func binOf(at int64) uint32 { return uint32(max(at, 0) / binWidth) }

// binCount is how many receipts came in a bin.
type binCount struct{ bin, n uint32 }

// binReceipts are receipts of one event in one bin.
type binReceipts struct {
	key eventKey
	binCount
}

// stallWatch finds the longest stall of a run. What is not its own mutex's is used with run.mu held.
type stallWatch struct {
	run         *run
	openSamples *openSamples

	mu      sync.Mutex // of what follows
	started map[uint32][]eventKey

	receipts map[uint32][]binReceipts
	next     uint32 // the bin to judge
	pending  map[uint32][]*pendingEvent
	window   stallWindow
	longest  results.Stall
}

// pendingEvent is an event that was sent and has not reached a tenth of its streams, or whose call has no answer.
type pendingEvent struct {
	seq      uint64
	bin      uint32 // in which it was sent
	expected int64
	got      int64
	inWindow int64
	reached  bool
}

// stallWindow is a time in which something is pending and no tenth of the streams got anything.
type stallWindow struct {
	isOpen      bool
	since       uint32
	most, least int64            // streams open at its start, and fewest since
	owed        map[uint32]int64 // streams that something was sent to, by topic
	best        map[uint32]int64 // most receipts of one event, by topic: each from another stream
	older       int64            // receipts of events that are not pending any more
}

func newStallWatch(r *run) *stallWatch {
	return &stallWatch{
		run: r, openSamples: &r.openSamples, started: make(map[uint32][]eventKey),
		receipts: make(map[uint32][]binReceipts), pending: make(map[uint32][]*pendingEvent),
	}
}

// start enters a call of the hook. Any goroutine may call it.
func (s *stallWatch) start(k eventKey, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bin := binOf(at)
	s.started[bin] = append(s.started[bin], k)
}

// receive enters what the recorder collected. What comes for a bin that was judged shows that the generator was far behind.
func (s *stallWatch) receive(all []binReceipts) {
	for _, r := range all {
		if r.bin < s.next {
			r.bin = s.next
			s.openSamples.markLate(r.bin)
		}
		s.receipts[r.bin] = append(s.receipts[r.bin], r)
	}
}

// judge goes through the bins that lie long enough back.
func (s *stallWatch) judge(now int64) {
	for bin := binOf(now); s.next+binsLate < bin; s.next++ {
		s.step(s.next)
	}
}

// finish judges what is left, up to the instant at which the accounts were closed.
func (s *stallWatch) finish(at int64) *results.Stall {
	for ; s.next < binOf(at); s.next++ {
		s.step(s.next)
	}
	if w := &s.window; w.isOpen && s.next-w.since >= binsLong {
		if from, unreached := s.stuck(); unreached {
			s.longest.ToTheEnd = s.next-from >= binsLong
			s.record(from, s.next, w.reached())
		}
	}
	s.longest.ShortestNS = binsLong * binWidth
	if poll := s.run.plan.Target.Poll; poll != nil {
		s.longest.ShortestNS = max(s.longest.ShortestNS, 3*int64(poll.Interval))
	}
	s.longest.Paced = s.run.polling != nil || s.run.plan.Publish.Conflates
	return &s.longest
}

// step judges a bin.
func (s *stallWatch) step(bin uint32) {
	g, known := s.openSamples.take(bin)
	s.mu.Lock()
	started := s.started[bin]
	delete(s.started, bin)
	s.mu.Unlock()
	receipts := s.receipts[bin]
	delete(s.receipts, bin)
	switch w := &s.window; {
	case !known || s.run.isExcluded(bin), w.isOpen && g.open*10 < w.most*9: // who lost his stream is owed nothing
		clear(s.pending)
		w.isOpen = false
		if !known || s.run.isExcluded(bin) {
			return
		}
	case g.late && w.isOpen:
		s.open(bin+1, g.open)
	}
	for _, k := range started {
		s.begin(k, bin, g.open)
	}
	s.window.least = min(s.window.least, g.open)
	before := s.window.reached()
	oldest := bin // of those that came now
	for _, r := range receipts {
		if p := s.arrive(r, g.open); p != nil {
			oldest = min(oldest, p.bin)
		}
	}
	if w := &s.window; w.isOpen && w.reached() > 0 && w.reached()*10 >= w.streams() {
		if bin-w.since >= binsLong {
			from := max(w.since, oldest)
			if first, unreached := s.unreached(bin); unreached >= fewLost {
				from = min(from, first)
			}
			s.record(from, bin, before)
		}
		s.prune(bin)
		s.open(bin+1, g.open)
		return
	}
	s.prune(bin)
	s.window.isOpen = s.window.isOpen && len(s.pending) > 0
}

// isExcluded reports whether what the bin brings is part of a warm-up or of an outage.
func (r *run) isExcluded(bin uint32) bool {
	at := r.timeline.phaseAt(int64(bin) * binWidth)
	return at < len(r.plan.Phases) && (r.plan.Phases[at].Warmup || r.plan.Phases[at].Outage != nil)
}

// begin enters an event that was sent in the bin.
func (s *stallWatch) begin(k eventKey, bin uint32, open int64) {
	c, _ := s.run.topics[k.topic].call(k.seq)
	if c.failed || c.expected <= 0 || open == 0 {
		return
	}
	s.pending[k.topic] = append(s.pending[k.topic], &pendingEvent{seq: k.seq, bin: bin, expected: c.expected})
	if !s.window.isOpen {
		s.open(bin, open)
	}
	s.window.owed[k.topic] = max(s.window.owed[k.topic], c.expected)
}

// arrive enters receipts, and returns the event if it was pending.
func (s *stallWatch) arrive(r binReceipts, open int64) *pendingEvent {
	all := s.pending[r.key.topic]
	i, found := slices.BinarySearchFunc(all, r.key.seq, func(p *pendingEvent, seq uint64) int { return cmp.Compare(p.seq, seq) })
	if !found {
		s.window.older += int64(r.n)
		return nil
	}
	p := all[i]
	p.got += int64(r.n)
	p.inWindow += int64(r.n)
	s.window.best[r.key.topic] = max(s.window.best[r.key.topic], p.inWindow)
	p.reached = p.reached || p.got*10 >= min(p.expected, open)
	return p
}

// prune forgets what has been reached and answered, and what was overtaken by it in its topic: it is lost, or will be late.
func (s *stallWatch) prune(bin uint32) {
	for topic, all := range s.pending {
		last := -1
		for i, p := range all {
			if p.reached {
				last = i
			}
		}
		kept := all[:0]
		for i, p := range all {
			if i > last || p.reached && !s.isAnswered(topic, p.seq, bin) {
				kept = append(kept, p)
			}
		}
		if len(kept) == 0 {
			delete(s.pending, topic)
		} else {
			s.pending[topic] = kept
		}
	}
}

func (s *stallWatch) isAnswered(topic uint32, seq uint64, bin uint32) bool {
	c, _ := s.run.topics[topic].call(seq)
	return c.ended > 0 && binOf(c.ended) <= bin
}

// unreached counts the events that were published before the bin and that no tenth of their streams got until then, and says since when
// the first of them is pending in the window.
func (s *stallWatch) unreached(bin uint32) (from uint32, n int) {
	from = bin
	for topic, all := range s.pending {
		for _, p := range all {
			if p.bin >= bin || p.got*10 >= p.expected {
				continue
			}
			if c, _ := s.run.topics[topic].call(p.seq); c.ended > 0 && !c.failed {
				from, n = min(from, max(p.bin, s.window.since)), n+1
			}
		}
	}
	return from, n
}

// stuck reports whether the run ended in a stall, and since when: with too many unreached to be lost by themselves, or with a call that hangs as
// none did before, while others wait for it.
func (s *stallWatch) stuck() (from uint32, is bool) {
	from, unreached := s.unreached(s.next)
	if s.run.sender.succeeded.Load() > 0 && s.run.sender.unsent() > 0 {
		for topic, all := range s.pending {
			for _, p := range all {
				if !s.isAnswered(topic, p.seq, s.next) {
					from, is = min(from, max(p.bin, s.window.since)), true
				}
			}
		}
	}
	return from, is || unreached >= fewLost
}

// open begins a window at a bin.
func (s *stallWatch) open(bin uint32, streams int64) {
	if len(s.pending) == 0 && s.window.isOpen {
		s.window.isOpen = false
		return
	}
	s.window = stallWindow{isOpen: true, since: bin, most: streams, least: streams, owed: make(map[uint32]int64), best: make(map[uint32]int64)}
	for topic, all := range s.pending {
		for _, p := range all {
			p.inWindow = 0
			s.window.owed[topic] = max(s.window.owed[topic], p.expected)
		}
	}
}

// reached is at least how many streams got something in the window.
func (w *stallWindow) reached() (n int64) {
	for _, best := range w.best {
		n += best
	}
	return n + w.older
}

// streams is how many something was sent to.
func (w *stallWindow) streams() (n int64) {
	for _, owed := range w.owed {
		n += owed
	}
	return min(n, w.least)
}

// record keeps a stall in which so many streams got something, if it is the longest.
func (s *stallWatch) record(from, to uint32, reached int64) {
	length := int64(to-from) * binWidth
	if to-from < binsLong || length <= s.longest.LengthNS {
		return
	}
	of := s.window.streams()
	s.longest.AtNS, s.longest.LengthNS, s.longest.Streams, s.longest.Of = int64(from)*binWidth, length, max(of-reached, 0), of
}
