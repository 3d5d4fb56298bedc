package loadgen

import (
	"context"
	"sync"
)

// Subscribers are those of a run, for a Publisher that has them send its events. Each call is made by a subscriber of the topic whose stream is
// open, in turn; who reads slowly sends nothing. What finds a stream closed at that moment goes on to the next. The errors are *Failure or that of
// ctx, with TokenNoSubscriber where no stream of the topic is open. Any goroutine that holds no lane may call them.
type Subscribers interface {
	// Send sends a text message on the subscriber's WebSocket. There is no answer: it returns when the message is written.
	Send(topic string, message []byte) error
	// Post sends a request beside the subscriber's stream, with its cookies, and waits for the answer.
	Post(ctx context.Context, topic string, r *Request) (*Answer, error)
}

// Duplex is a Publisher whose events the subscribers send. The Runner calls Through once, before the first Publish.
type Duplex interface {
	Publisher
	Through(Subscribers)
}

// TokenNoSubscriber is the token of what nobody is there to send.
const TokenNoSubscriber = "no_subscriber"

// senders are the subscriptions that can send, by topic. It is written where streams open and end, with their lanes held, and read by publishers;
// nothing on the path of a received event touches it.
type senders struct {
	run    *run
	topics map[string]*turns
}

// turns are the senders of a topic.
type turns struct {
	mu    sync.Mutex // taken with a lane held
	here  []*subscription
	place map[*subscription]int // in here
	busy  map[*subscription]int // calls under way
	next  int                   // whose turn it is
}

func newSenders(r *run) *senders {
	d := &senders{run: r, topics: make(map[string]*turns, len(r.topics))}
	for _, t := range r.topics {
		d.topics[t.name] = &turns{place: make(map[*subscription]int), busy: make(map[*subscription]int)}
	}
	return d
}

// enter is called when a stream opens; d may be nil. The lane is held.
func (d *senders) enter(s *subscription) {
	if d == nil || s.special&(slow|leaving) != 0 {
		return
	}
	t := d.topics[s.topic.name]
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, here := t.place[s]; !here {
		t.place[s] = len(t.here)
		t.here = append(t.here, s)
	}
}

// leave is called when a stream ends or is about to; d may be nil. The lane is held.
func (d *senders) leave(s *subscription) {
	if d == nil {
		return
	}
	t := d.topics[s.topic.name]
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(s)
}

// part is leave for a subscriber that leaves by plan, and false while a call of his is under way: he stays until it is answered, since that it was
// cut off would be no failure of the server's.
func (d *senders) part(s *subscription) bool {
	if d == nil {
		return true
	}
	t := d.topics[s.topic.name]
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[s] > 0 {
		return false
	}
	t.remove(s)
	return true
}

// remove takes a subscription out. mu is held.
func (t *turns) remove(s *subscription) {
	at, here := t.place[s]
	if !here {
		return
	}
	last := t.here[len(t.here)-1]
	t.here[at], t.place[last] = last, at
	t.here[len(t.here)-1] = nil
	t.here = t.here[:len(t.here)-1]
	delete(t.place, s)
}

// turn gives who sends now, until done, and how many there are; nil: nobody.
func (t *turns) turn() (s *subscription, of int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.here) == 0 {
		return nil, 0
	}
	t.next %= len(t.here)
	s = t.here[t.next]
	t.next++
	t.busy[s]++
	return s, len(t.here)
}

// done ends a turn.
func (t *turns) done(s *subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[s]--; t.busy[s] == 0 {
		delete(t.busy, s)
	}
}

// inTurn has a subscriber of the topic do it, or the next where the stream was found closed.
func (d *senders) inTurn(topic string, do func(Stream, *subscription) error) error {
	t := d.topics[topic]
	for tried := 1; ; tried++ {
		s, of := t.turn()
		if s == nil {
			return &Failure{TokenNoSubscriber, "no stream of the topic " + topic + " is open"}
		}
		d.run.streams.Lock()
		stream := s.stream
		d.run.streams.Unlock()
		err := do(stream, s)
		t.done(s)
		if err == nil || token(err) != TokenNotOpen || tried >= of {
			return err
		}
	}
}

// Send implements Subscribers.
func (d *senders) Send(topic string, message []byte) error {
	return d.inTurn(topic, func(stream Stream, _ *subscription) error {
		return stream.(Sender).Send(message)
	})
}

// Post implements Subscribers.
func (d *senders) Post(ctx context.Context, topic string, r *Request) (answer *Answer, err error) {
	err = d.inTurn(topic, func(stream Stream, s *subscription) error {
		own := r
		if jar := s.client.Request.Jar; jar != nil {
			with := *r
			with.Jar = jar
			own = &with
		}
		answer, err = stream.(Poster).Post(ctx, own)
		return err
	})
	return answer, err
}
