package reference

import (
	"sync"
	"sync/atomic"
	"time"
)

// lane is a loop with its share of the subscribers. All it owns is touched by
// its goroutine alone; others post commands, in the hub's order.
type lane struct {
	hub     *hub
	no      int // index in the hub's lanes and in each topic's members
	backlog int
	policy  SlowPolicy
	beat    time.Duration
	maxBody int64 // bytes of a published event
	counts  *counts
	poll    *poller

	mu     sync.Mutex
	room   sync.Cond // there is room in the inbox, or the lane has ended
	inbox  []command
	asleep bool
	ended  bool

	work   []command // what is being worked on
	all    []*subscriber
	dirty  []*subscriber
	sinks  []flusher // connections with bytes to write, for all their streams
	timers timers
	pulse  *event // the heartbeat
	beatAt time.Time
	run    run
	vec    vector // scratch
	sent   uint64 // deliveries written to sockets
	stop   bool
	hearing

	sentNow atomic.Uint64 // sent, for others to read
}

// flusher is a connection that gathers what a batch has for its streams.
type flusher interface{ flushBatch() }

type doing uint8

const (
	doPublish doing = iota // ev to the topic's members
	doJoin                 // sub's stream begins, with what is queued
	doLeave                // sub's client has left
	doFlush                // sub's way is free again
	doEnd                  // end all streams, with a farewell or at once
	doCall                 // call fn
	doStop                 // end the lane
)

type command struct {
	do       doing
	topic    *topic
	ev       *event
	faults   *Faults // in force when ev was published; nil none
	sub      *subscriber
	farewell func() []byte
	call     func()
}

// inboxLimit is how far publishers may be ahead of a lane; runLimit how many
// events go into one write.
const (
	inboxLimit = 4096
	runLimit   = 64
)

// run is a row of events of one topic, written at once.
type run struct {
	evs         []*event
	streamBytes int // of all events as event stream bytes
	rows        [formCount]row
}

// row is a run in one form, as sockets get it.
type row struct {
	made  bool
	bytes int
	vec   vector
}

// in returns the run in a form.
func (r *run) in(f form) *row {
	w := &r.rows[f]
	if !w.made {
		w.made, w.bytes = true, 0
		for _, ev := range r.evs {
			w.bytes += len(ev.wire(f))
		}
		w.vec.set(r.evs, f)
	}
	return w
}

// start makes an empty run.
func (r *run) start() {
	r.evs, r.streamBytes = r.evs[:0], 0
	for f := range r.rows {
		r.rows[f].made = false
	}
}

// post hands c to the lane. It says no when the lane has ended; only a join has
// to be undone then.
func (l *lane) post(c command) bool {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		if c.ev != nil {
			c.ev.release()
		}
		if c.call != nil {
			c.call()
		}
		return false
	}
	l.inbox = append(l.inbox, c)
	wake := l.asleep
	l.asleep = false
	l.mu.Unlock()
	if wake {
		l.poll.wake()
	}
	return true
}

// awaitRoom waits until the lane's inbox is below its limit.
func (l *lane) awaitRoom() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.inbox) >= inboxLimit && !l.ended {
		l.room.Wait()
	}
}

func (l *lane) hasRoom() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.inbox) < inboxLimit || l.ended
}

// serve is the lane's goroutine.
func (l *lane) serve() {
	if l.beat > 0 {
		l.pulse = notice([]byte(":\n\n"))
		l.beatAt = time.Now().Add(l.beat)
	}
	for !l.stop {
		l.poll.wait(l.sleep(), l.ready)
		l.hearAll()
		l.mu.Lock()
		l.asleep = false
		l.inbox, l.work = l.work[:0], l.inbox
		l.room.Broadcast()
		l.mu.Unlock()
		l.handle(l.work)
		clear(l.work)
		l.tick()
		l.flush()
		l.sentNow.Store(l.sent)
	}
	l.close()
}

// sleep says how long the poller may wait: 0 not at all, negative for ever.
func (l *lane) sleep() time.Duration {
	l.mu.Lock()
	if len(l.inbox) > 0 {
		l.mu.Unlock()
		return 0
	}
	l.asleep = true
	l.mu.Unlock()
	wait := l.nap()
	if len(l.timers) > 0 {
		if d := max(0, time.Duration(l.timers[0].odd.armed-nanos(time.Now()))); wait < 0 || d < wait {
			wait = d
		}
	}
	if l.beat > 0 && len(l.all) > 0 {
		if d := max(0, time.Until(l.beatAt)); wait < 0 || d < wait {
			wait = d
		}
	}
	return wait
}

// handle works through a batch of commands. Neighbouring events of one topic
// make a run.
func (l *lane) handle(batch []command) {
	for i := 0; i < len(batch); {
		c := &batch[i]
		if c.do != doPublish {
			l.one(c)
			i++
			continue
		}
		l.run.start()
		for i < len(batch) && len(l.run.evs) < runLimit && batch[i].do == doPublish && batch[i].topic == c.topic && batch[i].faults == c.faults {
			l.run.evs = append(l.run.evs, batch[i].ev)
			l.run.streamBytes += len(batch[i].ev.stream())
			i++
		}
		l.broadcast(c.topic, c.faults)
		for _, ev := range l.run.evs {
			ev.release()
		}
	}
}

func (l *lane) one(c *command) {
	switch c.do {
	case doJoin:
		l.join(c.sub)
	case doLeave:
		l.leave(c.sub)
	case doFlush:
		if c.sub.index >= 0 {
			l.mark(c.sub)
		}
	case doEnd:
		l.endAll(c.farewell)
	case doCall:
		c.call()
	case doStop:
		l.stop = true
	}
}

// broadcast gives the run to each member of the topic. Members may leave while
// it goes on, and then the last one takes the place.
func (l *lane) broadcast(t *topic, f *Faults) {
	for i := 0; i < len(t.members[l.no]); {
		s := t.members[l.no][i]
		l.deliver(s, f)
		if m := t.members[l.no]; i < len(m) && m[i] == s {
			i++
		}
	}
}

// deliver gives the run to one subscriber.
func (l *lane) deliver(s *subscriber, f *Faults) {
	if s.flags&(flagEnding|flagStalled) != 0 {
		return
	}
	if f != nil || s.odd != nil {
		l.distort(s, f)
		return
	}
	s.meant += uint64(len(l.run.evs))
	var took bool
	if s.out == nil {
		took = l.sendSocket(s)
	} else {
		took = s.out.send(s, &l.run)
	}
	if took {
		return
	}
	for _, ev := range l.run.evs {
		ev.hold(1)
		if !l.queue(s, delivery{ev: ev}) {
			return
		}
	}
	l.mark(s)
}

func (l *lane) mark(s *subscriber) {
	if !s.is(flagDirty) {
		s.flags |= flagDirty
		l.dirty = append(l.dirty, s)
	}
}

func (l *lane) flush() {
	for i := 0; i < len(l.dirty); i++ {
		s := l.dirty[i]
		s.flags &^= flagDirty
		if s.index >= 0 {
			l.flushOne(s)
		}
	}
	clear(l.dirty)
	l.dirty = l.dirty[:0]
	for i, c := range l.sinks {
		c.flushBatch()
		l.sinks[i] = nil
	}
	l.sinks = l.sinks[:0]
}

func (l *lane) flushOne(s *subscriber) {
	if s.out == nil {
		l.flushSocket(s)
	} else {
		s.out.flush(s)
	}
}

// close ends what is left when the lane stops.
func (l *lane) close() {
	for len(l.all) > 0 {
		l.cut(l.all[len(l.all)-1])
	}
	l.mu.Lock()
	l.ended = true
	rest := l.inbox
	l.inbox = nil
	l.room.Broadcast()
	l.mu.Unlock()
	for i := range rest {
		switch c := &rest[i]; c.do {
		case doJoin:
			l.join(c.sub)
			l.cut(c.sub)
		case doCall:
			c.call()
		}
	}
	l.poll.close()
}
