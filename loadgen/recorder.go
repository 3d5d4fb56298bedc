package loadgen

import (
	"maps"
	"slices"

	"ssebench/loadgen/sse"
	"ssebench/results"
)

// shard is a lane's share of the recorder: what was measured since the last swap, by phase, and when
// an event came last. Only the holder of the lane touches it.
type shard struct {
	timeline *timeline // nil until a run takes the lane
	page     *page
	now      int64          // of the read that is being parsed
	bytes    []byte         // that it brought; valid while it is parsed
	inRead   int            // events of it so far
	lastRead int64          // when an event came last
	repeats  [16]sse.Repeat // a topic has one, so that broadcasts of some topics at once do not push each other out
	readings readings
	answers  answers
	bodies   [][]byte // of answers, for the next ones
	opened   openedMessage
	flights  flights
	queued   map[*subscription]bool  // whose opening waits for a free place
	tabs     map[int]int             // open streams of each browser
	buffered map[*subscription]int64 // bytes of buffers that are accounted for

	held       held
	unreadable unread // events that nothing tells from others, in publish mode
	untimed    unread // events without the time that they should hold, where the server emits by itself
	timed      int64  // those with it
	digits     int    // most decimal digits of a second that such a time had
	latePolls  int64  // those due before the answer to the one before had come
	oldest     int64  // age of the oldest stream that nothing broke off
	freed      int64  // events that came when the accounts were closed

	lone results.Values // counts what arrives before or after a run
}

// startRead says from when the events are that follow. Many streams of a connection can have their part in one read.
func (s *shard) startRead(b []byte, now int64) {
	s.bytes, s.held.block = b, block{}
	if now != s.now {
		s.now, s.inRead = now, 0
	}
}

// page is what a swap hands over.
type page struct {
	values []*results.Values // by phase
	events map[eventKey]*eventShare
	free   []*eventShare
	storms map[int32]*results.OutagePart // by the outage's phase
	closed results.Endings               // of streams, outside outages

	// When events came, where the server emits by itself; a page is swapped once a second.
	flow     [16]binCount
	flowUsed int

	// The receipts of one event tend to follow each other.
	lastKey   eventKey
	lastShare *eventShare
}

type eventKey struct {
	topic uint32
	seq   uint64
}

// eventShare is what one lane saw of one event. Instants are nanoseconds since the run's start.
type eventShare struct {
	first, last int64
	sure        int64       // distinct pairs received that were surely expected
	bins        [4]binCount // when they came
	bin         int         // of these, the one in use
}

// countIn enters a receipt in its bin, and returns which of them is in use. What does not fit counts in the last.
func countIn(bins []binCount, used int, bin uint32) int {
	b := &bins[used]
	if b.bin != bin && b.n > 0 && used < len(bins)-1 {
		used++
		b = &bins[used]
	}
	if b.n == 0 {
		b.bin = bin
	}
	b.n++
	return used
}

func newPage() *page { return &page{events: make(map[eventKey]*eventShare)} }

// of gives the values of a phase.
func (s *shard) of(phase int) *results.Values {
	if s.page == nil {
		return &s.lone
	}
	for phase >= len(s.page.values) {
		s.page.values = append(s.page.values, nil)
	}
	if s.page.values[phase] == nil {
		s.page.values[phase] = new(results.Values)
	}
	return s.page.values[phase]
}

// current gives the values of the phase that runs.
func (s *shard) current() *results.Values {
	if s.timeline == nil {
		return &s.lone
	}
	return s.of(s.timeline.current())
}

// receipt enters a distinct receipt of an event.
func (p *page) receipt(k eventKey, at int64, sure bool) {
	e := p.lastShare
	if e == nil || p.lastKey != k {
		if e = p.events[k]; e == nil {
			e = p.newShare(at)
			p.events[k] = e
		}
		p.lastKey, p.lastShare = k, e
	}
	e.first, e.last = min(e.first, at), max(e.last, at)
	if sure {
		e.sure++
		e.bin = countIn(e.bins[:], e.bin, binOf(at))
	}
}

func (p *page) newShare(at int64) *eventShare {
	n := len(p.free)
	if n == 0 {
		return &eventShare{first: at, last: at}
	}
	e := p.free[n-1]
	p.free = p.free[:n-1]
	*e = eventShare{first: at, last: at}
	return e
}

// reset empties the page. It keeps the memory that was in use, and gives back that of phases that are over.
func (p *page) reset() {
	for phase, v := range p.values {
		if v == nil {
			continue
		}
		if v.Empty() {
			p.values[phase] = nil
		} else {
			v.Reset()
		}
	}
	p.free = slices.AppendSeq(p.free, maps.Values(p.events))
	clear(p.events)
	p.lastShare = nil
	p.storms, p.closed = nil, results.Endings{}
	p.flow, p.flowUsed = [16]binCount{}, 0
}

// recorder adds the lanes' pages up to intervals.
type recorder struct {
	lanes   []*Lane
	spare   []*page
	pending []*results.Values // by phase, since the last interval
	used    []*results.Values // of earlier intervals, emptied
	events  map[eventKey]*eventShare
	storms  map[int32]*results.OutagePart // since the last interval
	closed  results.Endings               // since the last interval
	last    int64                         // when an event came last
	binned  []binReceipts                 // since the last look at them
	flow    []binCount                    // the same
}

func newRecorder(lanes []*Lane, tl *timeline) *recorder {
	r := &recorder{lanes: lanes, events: make(map[eventKey]*eventShare)}
	for _, l := range lanes {
		l.Hold()
		l.shard = shard{timeline: tl, page: newPage()}
		l.Release()
		r.spare = append(r.spare, newPage())
	}
	return r
}

// collect swaps every lane's page and adds it up. It gives the events that had receipts, some of them twice.
func (r *recorder) collect() (touched []eventKey, err error) {
	for i, l := range r.lanes {
		l.Hold()
		full := l.shard.page
		l.shard.page = r.spare[i]
		r.last = max(r.last, l.shard.lastRead)
		l.Release()
		for phase, v := range full.values {
			if v == nil {
				continue
			}
			if err := r.of(phase).Merge(v); err != nil {
				return nil, err
			}
		}
		for phase, part := range full.storms {
			if err := r.storm(phase).Merge(part); err != nil {
				return nil, err
			}
		}
		r.closed.Merge(full.closed)
		for k, e := range full.events {
			r.add(k, e)
			touched = append(touched, k)
			for _, b := range e.bins[:e.bin+1] {
				if b.n > 0 {
					r.binned = append(r.binned, binReceipts{k, b})
				}
			}
		}
		for _, b := range full.flow[:full.flowUsed+1] {
			if b.n > 0 {
				r.flow = append(r.flow, b)
			}
		}
		full.reset()
		r.spare[i] = full
	}
	return touched, nil
}

func (r *recorder) add(k eventKey, e *eventShare) {
	sum := r.events[k]
	if sum == nil {
		sum = &eventShare{first: e.first, last: e.last}
		r.events[k] = sum
	}
	sum.first, sum.last = min(sum.first, e.first), max(sum.last, e.last)
	sum.sure += e.sure
}

// of gives the values of a phase since the last interval.
func (r *recorder) of(phase int) *results.Values {
	for phase >= len(r.pending) {
		r.pending = append(r.pending, nil)
	}
	if r.pending[phase] == nil {
		r.pending[phase] = r.fresh()
	}
	return r.pending[phase]
}

func (r *recorder) fresh() *results.Values {
	n := len(r.used)
	if n == 0 {
		return new(results.Values)
	}
	v := r.used[n-1]
	r.used = r.used[:n-1]
	return v
}

// take hands over what was added up since the last call.
func (r *recorder) take() (out []results.PhaseValues) {
	for phase, v := range r.pending {
		if v != nil {
			out = append(out, results.PhaseValues{Phase: phase, Values: v})
		}
	}
	clear(r.pending)
	return out
}

// takeClosed hands over the endings since the last call; nil: there were none.
func (r *recorder) takeClosed() *results.Endings {
	if r.closed.Count == 0 {
		return nil
	}
	e := r.closed
	r.closed = results.Endings{}
	return &e
}

// giveBack takes back what take handed over, once nobody reads it any more.
func (r *recorder) giveBack(phases []results.PhaseValues) {
	for _, p := range phases {
		p.Values.Reset()
		r.used = append(r.used, p.Values)
	}
}
