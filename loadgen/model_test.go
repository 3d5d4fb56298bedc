package loadgen

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// model is a server in virtual time that is wrong in every way a schedule draws: it drops, repeats, delays and reorders, ends streams, and
// replays something or other. It keeps a log of the bytes that subscribers were really given, by which a run's account is judged.
type model struct {
	lanes []*Lane
	lots  *rand.Rand // guarded by mu
	tick  int64      // makes every instant its own, so that the order of two things is never in doubt

	mu      sync.Mutex // taken before a lane
	start   time.Time
	topics  map[string]*modelTopic
	clients []*modelClient
	streams []*modelStream
	byOwner map[StreamHandler]*modelClient
	wait    sync.WaitGroup
	closed  bool
}

// modelTopic is what was published to it.
type modelTopic struct {
	calls  []modelCall // calls[seq-1]
	frames []string    // empty: the call failed and published nothing
}

type modelCall struct {
	started, ended time.Time // ended is zero while it is under way
	failed         bool
}

// modelClient is all that a subscriber was given.
type modelClient struct {
	topic    *modelTopic
	attempts []time.Time // when a request was written that opened a stream
	streams  []*modelLog
	left     time.Time // zero: it did not leave by plan
}

// modelLog is what came on one stream.
type modelLog struct {
	opened, ended time.Time // ended is zero where the run's end ended it
	receipts      []modelReceipt
	severed       bool
	declared      bool
}

type modelReceipt struct {
	seq uint64
	at  time.Time
}

// modelStream is a Stream: a connection that comes back as its handler wishes.
type modelStream struct {
	m       *model
	lane    *Lane
	handler StreamHandler
	request *Request
	client  *modelClient

	// With m.mu held.
	log  *modelLog // of the stream that is open; nil: none is
	life int       // of the opening, so that what was meant for an earlier one is known
	over bool
	gone bool // was cut
}

func newModel(seed uint64) *model {
	return &model{
		lanes: []*Lane{new(Lane), new(Lane)}, lots: rand.New(rand.NewPCG(seed, 1)), start: time.Now(), byOwner: make(map[StreamHandler]*modelClient),
		topics: make(map[string]*modelTopic),
	}
}

func (m *model) topic(name string) *modelTopic {
	if m.topics[name] == nil {
		m.topics[name] = new(modelTopic)
	}
	return m.topics[name]
}

func (m *model) Lanes() []*Lane { return m.lanes }
func (m *model) Stalled() bool  { return false }

func (m *model) Account() Account { return Account{} }

func (m *model) Wire() (received, sent int64) { return 0, 0 }

func (m *model) Open(l *Lane, r *Request, at time.Time, h StreamHandler) Stream {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.byOwner[h]
	if c == nil || !c.left.IsZero() { // the memory of those who left is used again
		c = &modelClient{topic: m.topic(r.URL.Query().Get("topic"))}
		m.clients = append(m.clients, c)
		m.byOwner[h] = c
	}
	s := &modelStream{m: m, lane: l, handler: h, request: r, client: c}
	m.streams = append(m.streams, s)
	s.after(time.Until(at), s.open)
	return s
}

func (m *model) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.wait.Wait()
	return nil
}

// chance says yes so often.
func (m *model) chance(share float64) bool { return m.lots.Float64() < share }

// within draws a duration of whole microseconds, at least one.
func (m *model) within(most time.Duration) time.Duration {
	return time.Duration(1+m.lots.Int64N(int64(most/time.Microsecond))) * time.Microsecond
}

// after does something later, at an instant of its own, if the stream still lives the same life. m.mu is held, here and there.
func (s *modelStream) after(d time.Duration, do func()) {
	m := s.m
	m.tick++
	life := s.life
	m.wait.Add(1)
	time.AfterFunc(max(d, 0)+time.Duration(1+m.tick%997), func() {
		defer m.wait.Done()
		m.mu.Lock()
		defer m.mu.Unlock()
		if s.life == life && !s.over && !m.closed {
			do()
		}
	})
}

// open opens the stream, or refuses it.
func (s *modelStream) open() {
	m := s.m
	dial := time.Now()
	s.after(m.within(3*time.Millisecond), func() {
		requested := time.Now()
		s.after(m.within(3*time.Millisecond), func() {
			if m.chance(0.2) {
				s.end(Ending{At: time.Now(), Token: "dial_refused", Message: "refused", DialStart: dial, Requested: requested})
				return
			}
			now := time.Now()
			from := s.lastEventID()
			s.log = &modelLog{opened: now}
			s.client.attempts = append(s.client.attempts, requested)
			s.client.streams = append(s.client.streams, s.log)
			s.lane.Hold()
			err := s.handler.Opened(Opening{
				DialStart: dial, Dialed: requested, Requested: requested, Headers: now, Status: http.StatusOK,
				Header: http.Header{"Content-Type": {"text/event-stream"}}, Protocol: "HTTP/1.1", URL: &url.URL{Scheme: "http", Host: "model"},
			})
			s.lane.Release()
			if err != nil {
				panic(err)
			}
			if len(s.client.streams) > 1 {
				s.replay(from)
			}
			if m.chance(0.6) {
				s.after(m.within(1500*time.Millisecond), func() {
					s.end(Ending{At: time.Now(), Token: "reset", Message: "reset", DialStart: dial, Requested: requested, Opened: true})
				})
			}
		})
	})
}

func (s *modelStream) lastEventID() (seq uint64) {
	s.lane.Hold()
	defer s.lane.Release()
	_, _ = fmt.Sscan(lastEventID(s.handler), &seq)
	return seq
}

// replay gives back what was missed, in one of the ways that servers have.
func (s *modelStream) replay(from uint64) {
	m, topic := s.m, s.client.topic
	missed := len(topic.calls) - int(from)
	if m.chance(0.3) {
		s.after(m.within(2*time.Millisecond), func() {
			s.log.declared = true
			s.give("event: gap\ndata: x\n\n")
		})
	}
	times := 1
	switch {
	case m.chance(0.2):
		return // nothing
	case m.chance(0.2):
		times = 2
	case m.chance(0.2):
		from -= min(from, 2) // too much
	}
	spread := time.Duration(missed+1) * time.Millisecond
	if m.chance(0.2) {
		spread = 400 * time.Millisecond // live events come between
	}
	shuffled, lossy := m.chance(0.2), m.chance(0.2)
	at := time.Duration(0)
	for range times {
		for seq := from + 1; seq <= uint64(len(topic.calls)); seq++ {
			if lossy && m.chance(0.3) {
				continue
			}
			at += spread / time.Duration(missed+1)
			delay := at
			if shuffled {
				delay = m.within(spread)
			}
			s.after(delay, func() { s.receipt(seq) })
		}
	}
}

// receipt gives the stream an event.
func (s *modelStream) receipt(seq uint64) {
	data := s.client.topic.frames[seq-1]
	if data == "" {
		return
	}
	s.log.receipts = append(s.log.receipts, modelReceipt{seq, time.Now()})
	s.give(data)
}

func (s *modelStream) give(data string) {
	s.lane.Hold()
	defer s.lane.Release()
	if err := s.handler.Bytes([]byte(data), time.Now()); err != nil {
		panic(err)
	}
}

// end ends an opening and follows the handler's wish. m.mu is held.
func (s *modelStream) end(e Ending) {
	e.Opened = s.log != nil
	if s.log != nil && !s.m.closed {
		s.log.ended = e.At
	}
	s.log = nil
	s.life++
	s.lane.Hold()
	reopen := s.handler.Ended(e)
	s.lane.Release()
	if s.over = reopen.IsZero() || e.Token == TokenCut; !s.over {
		s.after(time.Until(reopen), s.open)
	}
}

// Cut implements Stream: churn falls silent, an outage resets, and the end of the run is orderly.
func (s *modelStream) Cut(how Cut) {
	m := s.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.gone {
		return
	}
	s.gone = true
	switch how {
	case CutSilent:
		s.client.left = time.Now()
	case CutRST:
		if s.log != nil {
			s.log.severed = true
		}
	}
	last := s.log
	s.log = nil // nothing is received any more
	s.life++
	m.wait.Add(1)
	time.AfterFunc(0, func() {
		defer m.wait.Done()
		m.mu.Lock()
		defer m.mu.Unlock()
		if s.over {
			return
		}
		switch s.log = last; {
		case how == CutFIN:
			m.closed = true // the end of the run: no stream's end counts
		case how == CutSilent && len(s.client.topic.frames) > 0 && m.chance(0.5):
			s.give(s.client.topic.frames[len(s.client.topic.frames)-1]) // it was read already when the cut came
		}
		s.end(Ending{At: time.Now(), Token: TokenCut})
	})
}

// Publish implements Publisher.
func (m *model) Publish(_ context.Context, ev *Event) error {
	m.mu.Lock()
	topic := m.topic(ev.Topic)
	for len(topic.calls) < int(ev.Seq) {
		topic.calls, topic.frames = append(topic.calls, modelCall{}), append(topic.frames, "")
	}
	failed := m.chance(0.1)
	topic.calls[ev.Seq-1] = modelCall{started: time.Now(), failed: failed}
	if !failed || m.chance(0.3) { // a hook that fails may have published all the same
		topic.frames[ev.Seq-1] = frame(ev)
		for _, s := range m.streams {
			if s.log != nil && s.client.topic == topic {
				m.live(s, ev.Seq)
			}
		}
	}
	took := m.within(30 * time.Millisecond)
	m.mu.Unlock()
	time.Sleep(took)
	m.mu.Lock()
	defer m.mu.Unlock()
	topic.calls[ev.Seq-1].ended = time.Now()
	if failed {
		return &Failure{"hook_failed", "drawn by lot"}
	}
	return nil
}

// live sends an event to an open stream as it is published, or not, or twice.
func (m *model) live(s *modelStream, seq uint64) {
	if m.chance(0.1) {
		return
	}
	for range 1 + m.lots.IntN(10)/9 {
		delay := m.within(20 * time.Millisecond)
		if m.chance(0.1) {
			delay = m.within(300 * time.Millisecond)
		}
		s.after(delay, func() { s.receipt(seq) })
	}
}
