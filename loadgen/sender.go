package loadgen

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"
	"time"

	"ssebench/loadgen/stamp"
	"ssebench/results"
	"ssebench/scenarios"
)

// sender publishes on an open schedule: a slow hook never moves a due time. Event n goes to topic n mod topics; the calls of one
// topic are serial, so that their order is known, unless the plan says otherwise, and waiting shows in publish.lag.
type sender struct {
	run      *run
	plan     *scenarios.PublishPlan
	hook     Publisher
	schedule Schedule
	template *template.Template // nil: the payload alone
	start    int64              // of the schedule, on the timeline

	until   atomic.Int64  // due times from here on are not published; 0: open
	changed chan struct{} // until was set
	lane    *Lane         // the sender's own share of the recorder
	queues  []*queue
	calls   sync.WaitGroup

	notes     notes
	succeeded atomic.Int64
	failed    atomic.Int64
	inRow     atomic.Int64           // of the failed, those since a call last succeeded
	answer    atomic.Pointer[string] // the start of what the hook answered first

	cutMu  sync.Mutex // of what follows
	cutOff int        // calls under way when the run ended
	oldest int64      // when the first of them started
}

// queue holds the due times of one topic that wait for the call before.
type queue struct {
	mu      sync.Mutex
	waiting []int64
	busy    bool
}

// failuresBeforeGivingUp: a hook that never worked ends the run after so many calls.
const failuresBeforeGivingUp = 5

func newSender(r *run, hook Publisher, plan *scenarios.PublishPlan, lane *Lane) (*sender, error) {
	s := &sender{run: r, plan: plan, hook: hook, lane: lane, changed: make(chan struct{}, 1), notes: notes{redact: r.plan.Secrets().Redact}}
	if plan.Template != "" {
		t, err := template.New("publish.payload.template").Funcs(TemplateFuncs).Option("missingkey=error").Parse(plan.Template)
		if err != nil {
			return nil, err
		}
		s.template = t
	}
	for range r.topics {
		s.queues = append(s.queues, new(queue))
	}
	return s, nil
}

// end fixes the instant from which nothing is due any more; a later one than before changes nothing.
func (s *sender) end(until int64) {
	for old := s.until.Load(); (old == 0 || until < old) && !s.until.CompareAndSwap(old, until); old = s.until.Load() {
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// over says whether nothing is due at the instant or later.
func (s *sender) over(due int64) bool {
	until := s.until.Load()
	return until > 0 && due >= until
}

// napAhead is from when on the dispatcher waits in the kernel, and not for a timer, which can be a millisecond late.
const napAhead = 4 * time.Millisecond

// dispatch hands out the due times until the schedule is over or ctx is done. It returns when the last one was handed out; what was
// due when ctx ended is handed out too, since it was due.
func (s *sender) dispatch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := int64(0); ; n++ {
		at := s.schedule.At(n)
		due := s.start + int64(at)
		if due < s.start { // never
			due = int64(1<<63 - 1)
		}
		if ctx.Err() != nil {
			s.end(s.run.timeline.now())
		}
		for !s.over(due) && s.run.timeline.now() < due {
			left := time.Duration(due - s.run.timeline.now())
			if s.run.runner.Host != nil {
				if left < napAhead {
					s.run.runner.Host.Nap(left)
					continue
				}
				left -= napAhead / 2
			}
			timer.Reset(left)
			select {
			case <-timer.C:
			case <-s.changed:
			case <-ctx.Done():
				s.end(s.run.timeline.now())
			}
		}
		if s.over(due) {
			return
		}
		s.enqueue(ctx, int(n%int64(len(s.queues))), due)
	}
}

func (s *sender) enqueue(ctx context.Context, topic int, due int64) {
	s.lane.Hold()
	v := s.lane.shard.of(s.run.timeline.phaseAt(due))
	v.Add(results.PublishDue, 1)
	v.Record(results.GeneratorScheduleLag, s.run.timeline.now()-due)
	s.lane.Release()
	if s.plan.Concurrent && ctx.Err() == nil { // numbered in the order of their due times, whichever goroutine runs first
		seq, started := s.begin(topic, due)
		s.calls.Go(func() {
			defer s.run.recovered("the publisher")
			s.call(ctx, topic, seq, due, started)
		})
		return
	}
	q := s.queues[topic]
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, due)
	if !q.busy {
		q.busy = true
		s.calls.Go(func() {
			defer s.run.recovered("the publisher")
			s.empty(ctx, topic)
		})
	}
}

// empty makes the calls of one topic until none waits.
func (s *sender) empty(ctx context.Context, topic int) {
	q := s.queues[topic]
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 || ctx.Err() != nil {
			q.busy = false
			q.mu.Unlock()
			return
		}
		due := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		seq, started := s.begin(topic, due)
		s.call(ctx, topic, seq, due, started)
	}
}

// begin enters the start of a call.
func (s *sender) begin(topic int, due int64) (seq uint64, started int64) {
	started = s.run.timeline.now()
	seq = s.run.topics[topic].begin(due, started)
	s.run.stallWatch.start(eventKey{uint32(topic), seq}, started)
	s.lane.Hold()
	v := s.lane.shard.of(s.run.timeline.phaseAt(due))
	v.Add(results.PublishCount, 1)
	v.Record(results.PublishLag, started-due)
	s.lane.Release()
	return seq, started
}

// unsent counts the events that were due and not handed to the hook yet.
func (s *sender) unsent() (n int) {
	for _, q := range s.queues {
		q.mu.Lock()
		n += len(q.waiting)
		q.mu.Unlock()
	}
	return n
}

// account enters what was due and never sent, and names the calls that the end of the run cut off. No call is under way any more.
func (s *sender) account() {
	s.lane.Hold()
	for _, q := range s.queues {
		for _, due := range q.waiting {
			s.lane.shard.of(s.run.timeline.phaseAt(due)).Add(results.PublishUnsent, 1)
		}
	}
	s.lane.Release()
	if s.cutOff == 0 {
		return
	}
	message := fmt.Sprintf("hook calls were under way and unanswered when the run ended: %d, the oldest for %s",
		s.cutOff, time.Duration(s.run.timeline.now()-s.oldest).Round(time.Millisecond))
	if s.succeeded.Load() == 0 {
		message += "; none was ever answered, so nothing is known to be published: does the hook's server have a connection left for it, and does it answer before the subscribers leave?"
	}
	s.notes.add("publish_cut_off", message, 1)
}

// call makes one call of the hook and enters its answer into the topic. A call that the end of the run cut off has none: it straddles
// the end of every subscription, and is no failure of the hook.
func (s *sender) call(ctx context.Context, index int, seq uint64, due, started int64) {
	tl, t := s.run.timeline, s.run.topics[index]
	ev := Event{Topic: t.name, Type: s.plan.Event, ID: fmt.Sprintf("%d-%d", index, seq), Seq: seq, Due: tl.at(due)}
	mark := stamp.Mark{Run: s.run.number, Topic: t.index, Seq: seq, Due: tl.unix(due), Sent: tl.unix(started)}
	ev.Payload = stamp.Append(make([]byte, 0, max(s.plan.Size, 128)), &mark, s.plan.Size)
	err := s.fill(&ev)
	if err == nil {
		err = s.hook.Publish(ctx, &ev)
	}
	ended := tl.now()
	if err != nil && ctx.Err() != nil {
		s.cut(started)
		return
	}
	c := t.end(seq, ended, err != nil)

	s.lane.Hold()
	v := s.lane.shard.of(tl.phaseAt(due))
	v.Record(results.PublishDuration, ended-started)
	switch {
	case err != nil:
		v.AddBy(results.PublishFailed, token(err), 1)
	case s.run.senders != nil:
		v.Add(results.PayloadSent, int64(len(ev.Payload)))
	}
	s.lane.Release()

	if err == nil {
		s.inRow.Store(0)
		if s.succeeded.Add(1) == 1 {
			s.answer.Store(&ev.Answer)
		}
		if c.expected > 0 {
			s.run.events.answer(eventKey{t.index, seq})
		}
		return
	}
	s.notes.add(token(err), s.explain(err), 1)
	if token(err) == TokenPanicked {
		s.run.fail(message(err))
	}
	if s.run.isDisrupted(started, ended) {
		return // no failure of the hook's: the server was to break
	}
	s.inRow.Add(1)
	if s.failed.Add(1) >= failuresBeforeGivingUp && s.succeeded.Load() == 0 {
		s.run.fail(fmt.Sprintf("the publish hook failed %d times in a row from the start: %s", failuresBeforeGivingUp, s.explain(err)))
	}
}

// explain is the line of a failed call, with what to do about the hook's setup if it never worked.
func (s *sender) explain(err error) string {
	if f, ok := errors.AsType[*SetupFailure](err); ok && s.succeeded.Load() == 0 {
		return f.Message + "; " + f.Advice
	}
	return message(err)
}

// verdict says how the hook failed; empty: it did not, or as a threshold of the scenario's may tolerate.
func (s *sender) verdict() string {
	failed, worked, inRow := s.failed.Load(), s.succeeded.Load(), s.inRow.Load()
	if failed == 0 || worked > 0 && s.run.plan.Judges(results.PublishFailed) {
		return ""
	}
	token, top := s.notes.most()
	if worked == 0 || inRow < failed || inRow < failuresBeforeGivingUp {
		return fmt.Sprintf("the publish hook failed %d of %d calls, mostly with %s (%s)", failed, failed+worked, token, top.message)
	}
	verdict := fmt.Sprintf("the publish hook worked for %d calls and then failed %d in a row until the end, mostly with %s (%s)", worked, inRow, token, top.message)
	if strings.HasSuffix(token, "_refused") {
		verdict += ": the server is gone"
	}
	return verdict
}

// cut counts a call that the end of the run cut off.
func (s *sender) cut(started int64) {
	s.cutMu.Lock()
	defer s.cutMu.Unlock()
	if s.cutOff == 0 || started < s.oldest {
		s.oldest = started
	}
	s.cutOff++
}

// fill executes the payload's template.
func (s *sender) fill(ev *Event) error {
	if s.template == nil {
		return nil
	}
	data := map[string]any{"Payload": string(ev.Payload), "Seq": ev.Seq, "Topic": ev.Topic, "Event": ev.Type, "ID": ev.ID}
	payload, err := Fill(s.template, data)
	if err != nil {
		return &Failure{"hook_template", err.Error()}
	}
	ev.Payload = []byte(payload)
	return nil
}

// token gives an error its token, and message its line.
func token(err error) string {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Token
	}
	return "internal"
}

func message(err error) string {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Message
	}
	return err.Error()
}
