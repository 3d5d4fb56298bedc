package reference

import (
	"bytes"
	"strconv"
	"sync"
)

// hub orders events over all topics, keeps what can be replayed, and knows who
// subscribes to what. One lock covers an event's number, its place in the ring
// and its way to the subscribers, so a subscriber gets every event either by
// replay or live, never both and never neither.
type hub struct {
	ring      int // events kept for each topic
	maxTopics int

	mu     sync.Mutex
	seq    uint64 // of the last event
	first  uint64 // the seq before the first event of this server's life
	topics map[string]*topic
	subs   map[*subscriber]struct{}
	closed bool
}

type topic struct {
	name    string
	ring    []*event // a circle once it is full
	oldest  int      // index in ring
	evicted uint64   // seq of the last event that fell out of the ring
	subs    []*subscriber
}

// slot is where a subscriber stands in a topic's list.
type slot struct {
	topic *topic
	index int
}

func (h *hub) topic(name string) (*topic, error) {
	if t := h.topics[name]; t != nil {
		return t, nil
	}
	if len(h.topics) >= h.maxTopics {
		return nil, refuse(503, "topics_limit", "the server holds its limit of "+strconv.Itoa(h.maxTopics)+" topics")
	}
	t := &topic{name: name, evicted: h.first}
	h.topics[name] = t
	return t, nil
}

// publish gives e the next number and hands it to every subscriber of the
// topic. It returns the event's id and how many subscribers there were.
func (h *hub) publish(name string, e *Event) (id string, subscribers int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return "", 0, refuse(503, "closing", "the server is closing")
	}
	t, err := h.topic(name)
	if err != nil {
		return "", 0, err
	}
	ev := &event{}
	if err := ev.encode(h.seq+1, e); err != nil {
		return "", 0, err
	}
	h.seq++
	t.keep(ev, h.ring)
	for _, s := range t.subs {
		s.live(ev)
	}
	return string(ev.id()), len(t.subs), nil
}

// keep puts ev in the ring of at most size events.
func (t *topic) keep(ev *event, size int) {
	if size <= 0 {
		t.evicted = ev.seq
		return
	}
	if len(t.ring) < size {
		t.ring = append(t.ring, ev)
		return
	}
	t.evicted = t.ring[t.oldest].seq
	t.ring[t.oldest] = ev
	t.oldest = (t.oldest + 1) % size
}

// at returns the i-th event of the ring, oldest first.
func (t *topic) at(i int) *event { return t.ring[(t.oldest+i)%len(t.ring)] }

// subscribe adds s to the topics and gives it what it missed since lastID ("":
// nothing was missed).
func (h *hub) subscribe(s *subscriber, names []string, lastID string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return refuse(503, "closing", "the server is closing")
	}
	topics := make([]*topic, len(names))
	for i, name := range names {
		t, err := h.topic(name)
		if err != nil {
			return err
		}
		topics[i] = t
	}
	if lastID != "" {
		after, known := h.find(topics, lastID)
		if !known {
			s.push(delivery{b: gapEvent(lastID)})
		}
		for ev := range since(topics, after) {
			s.push(delivery{ev: ev})
		}
	}
	for _, t := range topics {
		s.slots = append(s.slots, slot{t, len(t.subs)})
		t.subs = append(t.subs, s)
	}
	h.subs[s] = struct{}{}
	return nil
}

// unsubscribe takes s out of its topics.
func (h *hub) unsubscribe(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, sl := range s.slots {
		subs := sl.topic.subs
		last := subs[len(subs)-1]
		subs[sl.index] = last
		subs[len(subs)-1] = nil
		sl.topic.subs = subs[:len(subs)-1]
		for i := range last.slots {
			if last.slots[i].topic == sl.topic {
				last.slots[i].index = sl.index
			}
		}
		if len(sl.topic.subs) == 0 && len(sl.topic.ring) == 0 {
			delete(h.topics, sl.topic.name)
		}
	}
	s.slots = nil
	delete(h.subs, s)
}

// find returns the seq that lastID stands for. known is false where events
// after it may be gone: they left the ring, or the id was never ours.
func (h *hub) find(topics []*topic, lastID string) (after uint64, known bool) {
	for _, t := range topics {
		for i := range t.ring {
			if ev := t.at(i); bytes.Equal(ev.id(), []byte(lastID)) {
				after, known = ev.seq, true
			}
		}
	}
	if !known {
		n, err := strconv.ParseUint(lastID, 10, 64)
		if err != nil || n < h.first || n > h.seq {
			return 0, false
		}
		after = n
	}
	for _, t := range topics {
		if after < t.evicted {
			return after, false
		}
	}
	return after, true
}

// since yields the events of the topics' rings with a seq above after, in
// their order.
func since(topics []*topic, after uint64) func(func(*event) bool) {
	return func(yield func(*event) bool) {
		next := make([]int, len(topics))
		for {
			var best *event
			var from int
			for i, t := range topics {
				for next[i] < len(t.ring) && t.at(next[i]).seq <= after {
					next[i]++
				}
				if next[i] < len(t.ring) {
					if ev := t.at(next[i]); best == nil || ev.seq < best.seq {
						best, from = ev, i
					}
				}
			}
			if best == nil {
				return
			}
			next[from]++
			if !yield(best) {
				return
			}
		}
	}
}

// gapEvent tells a client that events after its last event ID are gone. It has
// no id: the client keeps its own until the next event.
func gapEvent(lastID string) []byte {
	data := append([]byte(`{"lastEventId":`), quoteJSON(lastID)...)
	b, _ := AppendEvent(nil, &Event{Type: "gap", Data: append(data, '}')})
	return b
}

// close refuses whatever comes and ends every stream; farewell, where not nil,
// gives each its last bytes.
func (h *hub) close(farewell func() []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		var last []byte
		if farewell != nil {
			last = farewell()
		}
		s.end(last)
	}
}
