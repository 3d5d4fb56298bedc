package loadgen

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ssebench/results"
	"ssebench/scenarios"
)

// memory is a server and the transport to it without sockets, for runs in virtual time. The functions may be nil.
type memory struct {
	stalled bool // what Stalled reports
	lanes   []*Lane
	// answer gives the status of an opening; 0: the headers stay pending; memoryRefused.
	answer func(client, opening int) int
	// queue gives how long an opening waits for a place in its browser first.
	queue func(client, opening int) time.Duration
	// deliver gives the bytes that a stream gets for an event, and after which delay; nil bytes: nothing.
	deliver func(stream *memoryStream, ev *Event) (data string, delay time.Duration)
	// publish is what the hook does beside delivering.
	publish func(ev *Event) error
	// replay gives what a stream gets first after the last event ID, all at once.
	replay  func(stream *memoryStream, lastEventID string) []string
	account Account
	// greeting is what each stream gets first; answersCut: the server ends a stream just before the cut that the run asked for arrives.
	greeting   string
	answersCut bool
	// handling is called before each call of a handler with bytes, with the lane held.
	handling func()

	mu      sync.Mutex
	streams []*memoryStream
	clients map[StreamHandler]int
	wait    sync.WaitGroup
	looks   int64 // at the wire
}

type memoryStream struct {
	server  *memory
	client  int
	lane    *Lane
	handler StreamHandler
	request *Request

	// With the lane held.
	openings int
	open     bool
	over     bool
	paced    bool // nothing is read
	unread   []string
	cut      chan struct{}
	once     sync.Once
}

// memoryRefused is the answer of a port that nobody listens on.
const memoryRefused = -1

func newMemory() *memory { return &memory{lanes: []*Lane{new(Lane), new(Lane)}} }

func (m *memory) Lanes() []*Lane { return m.lanes }

func (m *memory) Open(l *Lane, r *Request, at time.Time, h StreamHandler) Stream {
	m.mu.Lock()
	defer m.mu.Unlock()
	client, known := m.clients[h] // one that was cut by an outage comes again
	if !known {
		if m.clients == nil {
			m.clients = make(map[StreamHandler]int)
		}
		client = len(m.clients)
		m.clients[h] = client
	}
	s := &memoryStream{server: m, client: client, lane: l, handler: h, request: r, cut: make(chan struct{})}
	m.streams = append(m.streams, s)
	m.wait.Go(func() { s.connect(at) })
	return s
}

// Wire is as if each look found as much more.
func (m *memory) Wire() (received, sent int64) {
	if m.account.WireLayer != "" {
		m.looks++
	}
	return m.looks * 1000, m.looks * 300
}

func (m *memory) Stalled() bool { return m.stalled }

func (m *memory) Account() Account {
	if m.account.TimeOfReceipt == "" {
		return Account{TimeOfReceipt: results.ReceiptRead}
	}
	return m.account
}

func (m *memory) Close() error {
	m.wait.Wait()
	return nil
}

// connect opens the stream at the instant; a millisecond for the dial, another for the headers.
func (s *memoryStream) connect(at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.cut:
		s.end(Ending{At: time.Now(), Token: TokenCut})
		return
	}
	dial := time.Now()
	time.Sleep(2 * time.Millisecond)
	status := http.StatusOK
	s.lane.Hold()
	s.openings++
	openings := s.openings
	s.lane.Release()
	if s.server.queue != nil && !s.wait(s.server.queue(s.client, openings), dial) {
		return
	}
	requested := time.Now().Add(-time.Millisecond)
	if s.server.answer != nil {
		status = s.server.answer(s.client, openings)
	}
	if status == memoryRefused {
		s.end(Ending{At: time.Now(), Token: "dial_refused", Message: "connection refused", DialStart: dial})
		return
	}
	if status == 0 {
		s.lane.Hold()
		s.over = false
		s.lane.Release()
		<-s.cut
		s.end(Ending{At: time.Now(), Token: TokenCut, DialStart: dial, Requested: requested})
		return
	}
	o := Opening{
		Due: at, DialStart: dial, Dialed: requested, Requested: requested, Headers: time.Now(), Status: status,
		Header: http.Header{"Content-Type": {"text/event-stream"}}, Protocol: "HTTP/1.1", URL: s.request.URL,
	}
	s.lane.Hold()
	err := s.handler.Opened(o)
	s.open = err == nil
	if s.open && s.server.greeting != "" {
		_ = s.handler.Bytes([]byte(s.server.greeting), time.Now())
	}
	if s.server.replay != nil && s.open {
		for _, data := range s.server.replay(s, lastEventID(s.handler)) {
			_ = s.handler.Bytes([]byte(data), time.Now())
		}
	}
	s.lane.Release()
	if err != nil {
		s.end(Ending{At: time.Now(), Token: token(err), Message: message(err), DialStart: dial, Requested: requested})
	}
}

// wait waits for a place; false: the stream was cut before it had one.
func (s *memoryStream) wait(d time.Duration, since time.Time) bool {
	if d == 0 {
		return true
	}
	tell := func(waits bool) {
		s.lane.Hold()
		defer s.lane.Release()
		s.handler.(Queuer).Queued(waits)
	}
	tell(true)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		tell(false)
		return true
	case <-s.cut:
		tell(false)
		s.end(Ending{At: time.Now(), Token: TokenCut, DialStart: since, QueuedAt: since, Limit: "browser_limit"})
		return false
	}
}

// end ends an opening and follows the handler's wish.
func (s *memoryStream) end(e Ending) {
	s.lane.Hold()
	if s.over {
		s.lane.Release()
		return
	}
	e.Opened, s.open = s.open, false
	reopen := s.handler.Ended(e)
	s.over = reopen.IsZero() || e.Token == TokenCut
	s.lane.Release()
	if !s.over {
		s.server.wait.Go(func() { s.connect(reopen) })
	}
}

// Cut implements Stream.
func (s *memoryStream) Cut(Cut) {
	s.once.Do(func() {
		close(s.cut)
		s.server.wait.Go(func() {
			s.lane.Hold()
			open := s.open
			s.lane.Release()
			if open && s.server.answersCut {
				s.end(Ending{At: time.Now(), Token: TokenEOF})
			} else if open {
				s.end(Ending{At: time.Now(), Token: TokenCut})
			}
		})
	})
}

// Pace implements Pacer: all or nothing.
func (s *memoryStream) Pace(bytesPerSecond int64) {
	s.lane.Hold()
	defer s.lane.Release()
	s.paced = bytesPerSecond == 0
	for !s.paced && s.open && len(s.unread) > 0 {
		_ = s.handler.Bytes([]byte(s.unread[0]), time.Now())
		s.unread = s.unread[1:]
	}
}

// Publish implements Publisher: the hook answers at once.
func (m *memory) Publish(_ context.Context, ev *Event) error {
	if m.publish != nil {
		if err := m.publish(ev); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.streams {
		data, delay := s.deliverNow(ev)
		if data == "" {
			continue
		}
		m.wait.Go(func() {
			time.Sleep(delay)
			s.write(data)
		})
	}
	return nil
}

func (s *memoryStream) deliverNow(ev *Event) (string, time.Duration) {
	s.lane.Hold()
	defer s.lane.Release()
	if !s.open {
		return "", 0
	}
	if s.server.deliver == nil {
		return frame(ev), time.Millisecond
	}
	return s.server.deliver(s, ev)
}

func (s *memoryStream) write(data string) {
	defer s.lane.Recovered("a stream")
	s.lane.Hold()
	defer s.lane.Release()
	if s.server.handling != nil {
		s.server.handling()
	}
	switch {
	case s.open && s.paced:
		s.unread = append(s.unread, data)
	case s.open:
		_ = s.handler.Bytes([]byte(data), time.Now())
	}
}

func (m *memory) all() []*memoryStream {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]*memoryStream(nil), m.streams...)
}

// outage ends every open stream.
func (m *memory) outage() {
	for _, s := range m.all() {
		s.lane.Hold()
		open := s.open
		s.lane.Release()
		if open {
			s.end(Ending{At: time.Now(), Token: "reset", Message: "connection reset by peer"})
		}
	}
}

func frame(ev *Event) string { return fmt.Sprintf("id: %d\ndata: %s\n\n", ev.Seq, ev.Payload) }

// runMemory runs a scenario against the server.
func runMemory(t *testing.T, m *memory, scenario string, adjust ...func(*Runner)) *results.Document {
	t.Helper()
	return runMemoryContext(t, t.Context(), m, scenario, adjust...)
}

func runMemoryContext(t *testing.T, ctx context.Context, m *memory, scenario string, adjust ...func(*Runner)) *results.Document {
	t.Helper()
	plan := memoryPlan(t, scenario)
	r := &Runner{Transport: m}
	if plan.Publish != nil {
		r.Publisher = m
	}
	for _, a := range adjust {
		a(r)
	}
	d, err := r.Run(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// memoryPlan is the plan of a scenario without a target. One that shuts a door has the bundled server's.
func memoryPlan(t *testing.T, scenario string) *scenarios.Plan {
	t.Helper()
	const address = "url: 'http://127.0.0.1:9/events?topic={{.Topic}}', start: {command: server}"
	target := "target: {" + address + "}"
	if own, ok := strings.CutPrefix(scenario, "target: {"); ok { // what it says of the target beside the address
		target, scenario = "target: {"+address+", ", own
	}
	bundled := strings.Contains(scenario, "door: ")
	if bundled {
		target = "reference: true"
	}
	s, err := scenarios.Decode(scenarios.Source{Name: t.Name(), Bytes: []byte("name: test\n" + target + "\n" + scenario)})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Now()})
	if err == nil && bundled {
		plan, err = plan.WithTarget("http://127.0.0.1:9")
	}
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// wantCounters compares counters of the document.
func wantCounters(t *testing.T, d *results.Document, want map[string]float64) {
	t.Helper()
	for name, n := range want {
		v, ok := d.Metrics[name]
		switch {
		case !ok:
			t.Errorf("%s is not in the document", name)
		case v.Value == nil:
			t.Errorf("%s never came about, want %v", name, n)
		case *v.Value != n:
			t.Errorf("%s = %v, want %v", name, *v.Value, n)
		}
	}
}

// lastEventID is what a handler would send.
func lastEventID(h StreamHandler) string {
	var r Resumption
	h.Resume(&r)
	if len(r.Header) == 0 {
		return ""
	}
	return string(r.Header[0].Value)
}
