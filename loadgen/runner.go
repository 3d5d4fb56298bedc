package loadgen

import (
	"context"
	"errors"
	"slices"
	"time"

	"ssebench/results"
	"ssebench/scenarios"
)

// Runner carries out a Plan. Fill in the fields and call Run once.
type Runner struct {
	Transport Transport
	Publisher Publisher       // nil: the server emits by itself
	Server    Server          // nil: unknown
	Breaker   Breaker         // nil: the plan has no outage that needs one
	Host      Host            // nil: nothing is known of our own process
	Stop      <-chan struct{} // closed: end the phase and drain; ctx ends at once
	Buffers   *Buffers        // bounds what all streams hold of events that have not ended; nil: only each by itself
	// Environment and Warnings go into the document.
	Environment results.Environment
	Warnings    []results.Warning
	// Started is called with the header before the first connection, OnInterval once a second and at the end, both from one goroutine at
	// a time. The interval's values are valid until it returns. An error fails the run.
	Started    func(*results.Header) error
	OnInterval func(*results.Interval) error
	// Flights is filled by Run: the last bytes of the streams that went worst, where the plan has a flight recorder.
	Flights []results.Flight
	// Settled, where set, is called after each ramp, when its openings are over: what they took for a moment can be given back.
	Settled func()
	// Close, where set, is called once when the load is over, before the last interval ends: it stops the server and the hook, and says
	// what they have to say of the run.
	Close func() []results.Warning
}

// Host is this machine and our own process.
type Host interface {
	Sample() (results.ProcessSample, error)
	GCPauses() []int64      // stop-the-world pauses since the last call, nanoseconds
	Share() (float64, bool) // share of time since the last call that work waited for a CPU; false: unknown
	Nap(time.Duration)      // sleeps for less than napAhead, as exactly as the system can
	// Disturbances are what happened since the last call behind our back: times that a receive buffer of the machine filled up, and
	// that the system clock was set.
	Disturbances() (buffersFull, clockSteps int64)
}

// errInterrupted ends a wait because of Stop.
var errInterrupted = errors.New("interrupted")

// Run opens the streams, publishes, drains, closes every account and gives the document. The error is non-nil only where there is
// no document to give; a failed run has one, with Run.Failure set.
func (r *Runner) Run(ctx context.Context, plan *scenarios.Plan) (*results.Document, error) {
	run, err := newRun(r, plan)
	if err != nil {
		return nil, err
	}
	if r.Started != nil {
		if err := r.Started(run.header); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	whole := run.closeWithin(func() {
		ticker := run.startTicking(cancel)
		run.load(ctx)
		ticker.stop()
		run.finish()
	})
	return run.conclude(whole)
}

// load goes through the phases and the drain.
func (r *run) load(ctx context.Context) {
	defer r.recovered("the conductor")
	publishing, stopPublishing := context.WithCancel(ctx)
	defer stopPublishing()
	if hasOutages(r.plan) {
		reopening, stopReopening := context.WithCancel(ctx)
		r.reopener = r.startReopening(reopening)
		defer func() {
			stopReopening()
			<-r.reopener.done
		}()
	}
	dispatched := make(chan struct{})
	defer func() { // also where a panic ends the load
		stopPublishing()
		if r.publishing {
			<-dispatched
			r.sender.calls.Wait()
		}
	}()
	begun := r.timeline.now()
	for i, phase := range r.plan.Phases {
		r.timeline.enter(i, begun)
		var err error
		if phase.Kind == scenarios.KindRamp {
			err = r.ramp(ctx, phase)
			r.weigh(i)
			begun = r.boundary(i + 1)
		} else {
			if r.sender != nil && !r.publishing && i >= r.plan.Publish.From {
				r.startPublishing(begun)
				go func() {
					defer close(dispatched)
					defer r.recovered("the dispatcher of the publisher")
					r.sender.dispatch(publishing)
				}()
			}
			begun, err = r.steady(ctx, i, begun)
			r.weigh(i)
		}
		if err != nil {
			r.partial = errors.Is(err, errInterrupted) || ctx.Err() != nil
			break
		}
	}
	drain := len(r.plan.Phases)
	if r.partial || r.failure() != "" {
		begun = r.boundary(drain)
	}
	r.timeline.enter(drain, begun)
	r.listAbsent()
	if r.publishing {
		r.sender.end(begun)
		<-dispatched
		r.drain(ctx)
		stopPublishing()
		r.sender.calls.Wait()
		r.sender.account()
		if r.sender.unsent() > 0 {
			// The last call was answered just now: its event gets the time that one needs.
			_ = r.await(ctx, r.timeline.now()+int64(quiet), r.arrived)
		}
	}
	r.closedAt = r.timeline.now()
	r.awaitStreams(ctx, begun)
	r.readSlowReaders(ctx)
	r.timeline.leave(r.timeline.now())
}

// steady goes through a phase with streams open, and gives the start of the next.
func (r *run) steady(ctx context.Context, i int, begun int64) (next int64, err error) {
	phase := &r.plan.Phases[i]
	if phase.Kind == scenarios.KindOutage {
		return r.outage(ctx, i, begun)
	}
	r.foresee(i, begun)
	if rest := r.plan.Phases[i:]; r.publishing && allTimed(rest) {
		r.sender.end(begun + int64(total(rest)))
	}
	next = begun + int64(phase.Duration)
	if phase.Kind == scenarios.KindChurn {
		return next, r.churn(ctx, i, begun, next)
	}
	return next, r.wait(ctx, next)
}

// boundary fixes the start of a phase a moment ahead and waits for it, so that everybody agrees to which phase an event belongs.
func (r *run) boundary(phase int) int64 {
	const ahead = 2 * time.Millisecond
	at := r.timeline.now() + int64(ahead)
	r.timeline.foresee(phase, at)
	time.Sleep(time.Duration(at - r.timeline.now()))
	return at
}

// foresee fixes the starts of the phases that follow as long as it is known when each ends.
func (r *run) foresee(first int, begun int64) {
	for i := first; isTimed(r.plan.Phases[i]); i++ {
		begun += int64(r.plan.Phases[i].Duration)
		r.timeline.foresee(i+1, begun)
		if i+1 == len(r.plan.Phases) {
			return
		}
	}
}

// isTimed says whether the length of a phase is known before. An opening may hang, and an outage lasts until all are back.
func isTimed(p scenarios.PlanPhase) bool {
	return p.Kind == scenarios.KindHold || p.Kind == scenarios.KindChurn
}

func allTimed(phases []scenarios.PlanPhase) bool {
	return !slices.ContainsFunc(phases, func(p scenarios.PlanPhase) bool { return !isTimed(p) })
}

func total(phases []scenarios.PlanPhase) (d time.Duration) {
	for _, p := range phases {
		d += p.Duration
	}
	return d
}

// openAhead is how long before its due time an opening is handed to the transport.
const openAhead = 20 * time.Millisecond

// ramp opens streams at their due times until the phase's number of connections is reached, then waits until every opening is
// over or waits for a free place in its browser, but no longer than Plan.OpenWithin.
func (r *run) ramp(ctx context.Context, phase scenarios.PlanPhase) error {
	begun := r.timeline.now()
	schedule := Constant{PerSecond: phase.Rate}
	for n := int64(0); len(r.subscriptions) < phase.Connections; n++ {
		due := begun + int64(schedule.At(n))
		if err := r.wait(ctx, due-int64(openAhead)); err != nil {
			return err
		}
		s, err := r.open(len(r.subscriptions), due)
		if err != nil {
			r.fail(err.Error())
			return err
		}
		r.subscriptions = append(r.subscriptions, s)
	}
	deadline := r.timeline.now() + int64(r.plan.OpenWithin)
	err := r.await(ctx, deadline, func() bool { return r.settled.Load()+r.queued.Load() == r.begun })
	if err != nil {
		return err
	}
	if r.runner.Settled != nil {
		r.runner.Settled()
	}
	if settled := r.settled.Load(); settled > 0 && r.opened.Load() == 0 && settled == r.begun {
		r.fail(r.nothingOpened())
		return errors.New(r.failure())
	}
	return nil // some servers send no headers before the first event: what is pending may open yet
}

// open starts the subscription of one client.
func (r *run) open(client int, due int64) (*subscription, error) {
	request, err := r.plan.Request(client)
	if err != nil {
		return nil, err
	}
	s := r.newSubscription(client)
	s.client = Subscriber{Sink: s, Seed: uint32(r.plan.Seed) + uint32(client)}
	s.client.Limit(int64(r.plan.Target.EventLimit))
	var resume string
	if s.client.Request, resume, err = r.requests.build(client, request); err != nil {
		return nil, err
	}
	if r.polling != nil && r.polling.cursor != nil {
		s.own.polls.cursor = []byte(resume)
	} else {
		s.client.StartFrom(resume)
	}
	r.begun++
	r.lastBegun = due
	r.openStream(s, r.timeline.at(due))
	return s, nil
}

// startPublishing makes a subscription of every stream whose headers are still pending, and starts the schedule.
func (r *run) startPublishing(at int64) {
	for _, s := range r.subscriptions {
		s.lane.Hold()
		if !s.isSettled && !s.lane.shard.queued[s] && !s.ledger.Started() && s.special&slow == 0 {
			s.isPending = true
			s.topic.subscribePending()
			s.ledger.Start(1, 1, 0) // no stream came before its first
		}
		s.lane.Release()
	}
	r.publishing = true
	r.sender.start = at
	r.sender.schedule = NewSchedule(r.plan.Publish.Schedule, r.plan.Seed, total(r.plan.Phases[r.plan.Publish.From:]))
}

// quiet is how long nothing may have come before a drain that has all it waits for is over: duplicates travel behind.
const quiet = 200 * time.Millisecond

// drain waits until every call was answered, every expected pair came and the streams are quiet, but no longer than Plan.Drain.
func (r *run) drain(ctx context.Context) {
	deadline := r.timeline.now() + int64(r.plan.Drain)
	err := r.await(ctx, deadline, r.drained)
	if errors.Is(err, errInterrupted) { // the first interrupt: drain on, but say so
		r.partial = true
		err = r.await(ctx, deadline, r.drained)
	}
	r.partial = r.partial || err != nil && ctx.Err() != nil
}

// wait sleeps until the instant. Stop ends it with errInterrupted, a failed run or ctx with another error.
func (r *run) wait(ctx context.Context, until int64) error {
	return r.await(ctx, until, nil)
}

// await is wait that ends early when done, where it is not nil, says so; it asks every 20 ms.
func (r *run) await(ctx context.Context, until int64, done func() bool) error {
	const every = int64(20 * time.Millisecond)
	stop := r.runner.Stop
	if r.partial {
		stop = nil // the drain after an interrupt
	}
	for {
		select {
		case <-stop:
			return errInterrupted
		case <-r.failed:
			return errors.New(r.failure())
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		left := until - r.timeline.now()
		if left <= 0 || done != nil && done() {
			return nil
		}
		if done != nil {
			left = min(left, every)
		}
		timer := time.NewTimer(time.Duration(left))
		select {
		case <-timer.C:
		case <-stop:
		case <-r.failed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
