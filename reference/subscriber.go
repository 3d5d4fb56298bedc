package reference

import (
	"sync"
	"time"
)

// SlowPolicy says what happens to a subscriber whose backlog is full.
type SlowPolicy string

const (
	DropOldest SlowPolicy = "drop-oldest" // its oldest waiting event is dropped and counted; the default
	Disconnect SlowPolicy = "disconnect"  // its stream is cut
	Block      SlowPolicy = "block"       // everybody on its lane waits for it: how many servers behave, for comparison
)

// act is what a delivery asks of the writer beside its bytes.
type act uint8

const (
	actSend  act = iota // write ev, or b as event stream bytes
	actAlone            // the same, in a write of its own
	actEnd              // end the stream as the protocol wants it
	actCut              // close the connection in the middle of the body
	actReset            // close it with an RST
	actHalf             // end our direction of the connection, in the middle of the body
	actStall            // write nothing more and leave the stream open
)

// delivery is one thing to write to a subscriber: a shared event, or bytes of
// its own in event stream format.
type delivery struct {
	ev  *event
	b   []byte
	act act
	due int64 // ns of time.Time.UnixNano; 0: at once
}

func (d *delivery) stream() []byte {
	if d.ev != nil {
		return d.ev.stream()
	}
	return d.b
}

// sink writes for subscribers that have no socket of their own on the lane: a
// goroutine behind TLS, or a stream on an HTTP/2 connection. The lane calls it.
type sink interface {
	// send takes a run of events at once, and says no where they have to queue.
	send(s *subscriber, r *run) bool
	// flush writes what is queued as far as it can without waiting.
	flush(s *subscriber)
	// cut ends the stream at once.
	cut(s *subscriber)
}

// slot is where a subscriber stands in a topic's list on its lane.
type slot struct {
	topic *topic
	index int
}

// subscriber is one open event stream. Its lane owns it from join on; a sink
// may take from the queue on another goroutine, under the lock. The order of the
// fields keeps it to 128 bytes, since idle subscribers are many.
type subscriber struct {
	lane   *lane
	out    sink // nil: the socket fd
	slots  []slot
	meant  uint64 // events meant for it since it opened
	odd    *disturber
	index  int32  // in the lane's list of all
	serial uint32 // numbers the server's streams
	fd     int32  // a non-blocking socket, owned by the lane

	mu      sync.Mutex
	written int32 // bytes of queue[0] that are written already
	queue   []delivery
	head    *answerHead // what is left to write of the answer's head; sockets only
	flags   flags
	form    form
}

// answerHead is what is left to write of an answer's head.
type answerHead struct{ bytes []byte }

type flags uint8

const (
	flagDirty     flags = 1 << iota // on the lane's list of those to flush
	flagEnding                      // nothing more is queued
	flagStalled                     // nothing more is written
	flagPlain                       // HTTP/1.0: no chunks
	flagFull                        // the socket took no more; the poller tells when it does
	flagHeld                        // the head waits for the first bytes of the body
	flagPublishes                   // what it sends is published: WebSockets only
)

func (s *subscriber) is(f flags) bool { return s.flags&f != 0 }

// enqueue adds d to the queue; d's reference goes with it. It says false where
// the queue was full and an event gave way.
func (s *subscriber) enqueue(d delivery, backlog int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := true
	if len(s.queue) >= backlog && d.act == actSend && d.due == 0 {
		room = false
		if i := s.oldest(); i >= 0 {
			if ev := s.queue[i].ev; ev != nil {
				ev.release()
			}
			n := copy(s.queue[i:], s.queue[i+1:])
			s.queue = s.queue[:i+n]
		}
	}
	s.queue = append(s.queue, d)
	return room
}

// oldest returns the index of the oldest event that may be dropped whole.
func (s *subscriber) oldest() int {
	for i := range s.queue {
		if s.queue[i].act == actSend && (i > 0 || s.written == 0) {
			return i
		}
	}
	return -1
}

// waiting returns how many deliveries are queued.
func (s *subscriber) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// drop releases what is queued.
func (s *subscriber) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.queue {
		if ev := s.queue[i].ev; ev != nil {
			ev.release()
		}
	}
	s.queue = nil
}

// done takes the first n deliveries out of the queue. The lock is held. The
// memory goes when nothing waits, since idle subscribers are many.
func (s *subscriber) done(n int) {
	for i := range s.queue[:n] {
		if ev := s.queue[i].ev; ev != nil {
			ev.release()
		}
	}
	if n == len(s.queue) {
		s.queue = nil
		return
	}
	left := copy(s.queue, s.queue[n:])
	clear(s.queue[left:])
	s.queue = s.queue[:left]
}

// later is when the first thing that waits for its time is due; 0 none.
func (s *subscriber) later() int64 {
	if s.odd == nil {
		return 0
	}
	return s.odd.next()
}

func nanos(t time.Time) int64 { return t.UnixNano() }
