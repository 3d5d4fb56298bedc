package reference

import (
	"strconv"
	"sync"
	"time"
)

// hub orders events over all topics, keeps what can be replayed, and passes
// everything on to the lanes. One lock covers an event's number, its place in
// the ring and its place in the lanes' inboxes, so a subscriber gets every
// event either by replay or live, never both and never neither.
//
// Lanes call the hub without holding a lock of their own, and the hub never
// waits for a lane while it holds its lock.
type hub struct {
	ring      int // events kept for each topic
	maxTopics int
	maxSubs   int
	lanes     []*lane
	pool      eventPool
	faults    *faultBox
	counts    *counts
	packer    packer

	mu       sync.Mutex
	seq      uint64 // of the last event
	born     uint64 // the seq before the first event of this server
	first    uint64 // the seq before the first event that is remembered
	topics   map[string]*topic
	subs     int // streams admitted
	next     int // lane of the next subscriber
	closed   bool
	farewell func() []byte
	empty    chan struct{} // closed with the last subscriber, once closed
}

type topic struct {
	name    string
	ring    replayRing
	came    uint64                       // events published to it
	subs    int                          // joined subscribers
	users   int                          // admitted streams: keeps the topic alive
	forms   [formCount]int               // joined subscribers by form
	members [][]*subscriber              // for each lane, owned by it
	waiting map[chan<- struct{}]struct{} // long polls
}

// publish gives e the next number and hands it to every subscriber of the
// topic. It appends the event's id to dst, and tells how many subscribers there
// were. It waits where the lanes are far behind.
func (h *hub) publish(dst []byte, name string, e *Event) (id []byte, subscribers int, err error) {
	h.awaitRoom()
	return h.put(dst, name, e)
}

func (h *hub) awaitRoom() {
	for _, l := range h.lanes {
		l.awaitRoom()
	}
}

// hasRoom reports whether awaitRoom would wait for nobody.
func (h *hub) hasRoom() bool {
	for _, l := range h.lanes {
		if !l.hasRoom() {
			return false
		}
	}
	return true
}

// put is publish for those who must not wait, however far behind the lanes are.
func (h *hub) put(dst []byte, name string, e *Event) (id []byte, subscribers int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return dst, 0, errClosing
	}
	t, err := h.topic(name)
	if err != nil {
		return dst, 0, err
	}
	ev := h.pool.get()
	if err := ev.encode(h.seq+1, e); err != nil {
		ev.release()
		return dst, 0, err
	}
	dst = append(dst, ev.id()...)
	f := h.faults.load()
	t.came++
	if f != nil && nth(f.DropEarly, t.came) {
		h.faults.did(faultDropEarly)
		ev.release()
		return dst, t.subs, nil
	}
	h.seq++
	if t.subs > t.forms[formStream] {
		ev.frame(&t.forms, e, &h.packer)
	}
	ev.hold(len(h.lanes))
	t.ring.keep(ev, h.ring)
	t.tell()
	for _, l := range h.lanes {
		l.post(command{do: doPublish, topic: t, ev: ev, faults: f})
	}
	return dst, t.subs, nil
}

func (h *hub) topic(name string) (*topic, error) {
	if t := h.topics[name]; t != nil {
		return t, nil
	}
	if len(h.topics) >= h.maxTopics {
		return nil, refuse(503, "topics_limit", "the server holds its limit of "+strconv.Itoa(h.maxTopics)+" topics")
	}
	t := &topic{name: name, ring: replayRing{evicted: h.first}, members: make([][]*subscriber, len(h.lanes))}
	if h.ring <= 0 { // nothing is kept, so nothing before now can be replayed
		t.ring.evicted = h.seq
	}
	h.topics[name] = t
	return t, nil
}

// admit looks up the topics of a stream that is about to open, and counts it.
// Every admitted stream ends with left or gone.
func (h *hub) admit(names []string) ([]*topic, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosing
	}
	if h.subs >= h.maxSubs {
		return nil, refuse(503, "subscribers_limit", "the server holds its limit of "+strconv.Itoa(h.maxSubs)+" streams")
	}
	topics := make([]*topic, len(names))
	for i, name := range names {
		t, err := h.topic(name)
		if err != nil {
			return nil, err
		}
		topics[i] = t
	}
	for _, t := range topics {
		t.users++
	}
	h.subs++
	return topics, nil
}

// join gives s what it missed since lastID ("": nothing was missed), and from
// then on what is published. From here on s belongs to its lane.
func (h *hub) join(s *subscriber, topics []*topic, lastID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.slots = make([]slot, len(topics))
	for i, t := range topics {
		s.slots[i].topic = t
		t.subs++
		t.forms[s.form]++
	}
	h.resume(s, topics, lastID)
	if s.lane == nil {
		s.lane = h.takeLane()
	}
	if !s.lane.post(command{do: doJoin, sub: s}) {
		h.lost(s)
		return
	}
	if h.closed { // since it was admitted
		s.lane.post(command{do: doEnd, farewell: h.farewell})
	}
}

// lost ends a stream whose lane has ended. The lock is held.
func (h *hub) lost(s *subscriber) {
	if s.out != nil {
		s.out.cut(s)
	} else {
		closeSocket(s.fd)
	}
	s.drop()
	if s.odd != nil {
		s.odd.abandon()
	}
	for i := range s.slots {
		s.slots[i].topic.forms[s.form]--
		h.release(s.slots[i].topic, true)
	}
	h.forget()
}

// nextLane deals the lanes out to whoever comes.
func (h *hub) nextLane() *lane {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.takeLane()
}

func (h *hub) takeLane() *lane {
	h.next++
	return h.lanes[h.next%len(h.lanes)]
}

// left counts out an admitted stream that never joined.
func (h *hub) left(topics []*topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		h.release(t, false)
	}
	h.forget()
}

// gone counts out a subscriber that had joined.
func (h *hub) gone(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range s.slots {
		s.slots[i].topic.forms[s.form]--
		h.release(s.slots[i].topic, true)
	}
	h.forget()
}

func (h *hub) release(t *topic, joined bool) {
	if joined {
		t.subs--
	}
	t.users--
	if t.users == 0 && len(t.ring.events) == 0 {
		delete(h.topics, t.name)
	}
}

func (h *hub) forget() {
	h.subs--
	if h.closed && h.subs == 0 {
		close(h.empty)
	}
}

// close refuses whatever comes and ends every stream: with its farewell and
// after what is queued for it, or at once where farewell is nil. The channel is
// closed when the last stream has ended.
func (h *hub) close(farewell func() []byte) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		h.empty = make(chan struct{})
		if h.subs == 0 {
			close(h.empty)
		}
	}
	for _, t := range h.topics {
		t.tell()
	}
	h.farewell = farewell
	for _, l := range h.lanes {
		l.post(command{do: doEnd, farewell: farewell})
	}
	return h.empty
}

// settle waits until the lanes have worked through what is in their inboxes,
// or until patience ends.
func (h *hub) settle(patience time.Duration) {
	done := make(chan struct{}, len(h.lanes))
	for _, l := range h.lanes {
		l.post(command{do: doCall, call: func() { done <- struct{}{} }})
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for range h.lanes {
		select {
		case <-done:
		case <-limit.C:
			return
		}
	}
}

// forgetAll empties every ring, as a restart does.
func (h *hub) forgetAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.topics {
		t.ring.clear(h.seq)
	}
	h.first = h.seq
}

var errClosing = refuse(503, "closing", "the server is closing")
