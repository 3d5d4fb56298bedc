package loadgen

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"

	"ssebench/loadgen/stamp"
	"ssebench/results"
	"ssebench/scenarios"
)

// run is the state of one Run: what the conductor (runner.go), the streams (subscription.go), the sender and the ticker share.
type run struct {
	runner   *Runner
	plan     *scenarios.Plan
	header   *results.Header
	timeline *timeline
	topics   []*topic
	lanes    []*Lane
	sender   *sender  // nil: the server emits by itself
	senders  *senders // nil: subscribers only listen
	notes    notes
	refused  notes // of attempts to open a stream

	// Fixed before the first stream.
	number     uint64 // the run ID in marks
	lateAfter  int64
	concurrent bool
	sequence   *extractor
	sentAt     func(data []byte) (unix int64, digits int, ok bool)
	gapComment *regexp.Regexp // nil: no comment declares a gap
	polling    *polling       // nil: subscribers do not poll
	envelope   *envelope      // of a WebSocket's messages; nil: they are the events' data
	lots       lots
	read       func(data []byte, says *reading)
	account    func(s *subscription, says *reading, data []byte, now int64)

	// Of the conductor alone.
	subscriptions []*subscription
	slab          []subscription // that new ones are taken from
	begun         int64          // subscriptions that were opened, also of those who left
	lastBegun     int64          // when the last of them was due
	absent        []absentee     // at the start of the drain, and not back yet
	end           results.End
	places        map[place]*place
	requests      requests
	publishing    bool
	partial       bool
	wire          struct{ received, sent int64 } // as it was at the last look

	// Counted at the openings and endings of streams.
	settled, opened, openNow, peak atomic.Int64
	reading                        atomic.Int64 // of those open now, without slow readers
	openSamples                    openSamples
	queued                         atomic.Int64 // first openings that wait for a free place
	buffered                       atomic.Int64 // streams of a server that emits by itself
	away                           atomic.Int64 // subscribers that lost their stream and will come back
	unanswered                     atomic.Int64 // attempts whose request was sent and whose response headers never came
	ending                         atomic.Bool  // the run ends its streams: what ends now says nothing of the server
	lastDrop                       atomic.Int64 // when one did last

	// Set by the conductor: the phase of the outage that runs, 0 for none, when it began, and whether the server is down by our hand.
	disrupted   atomic.Int32
	disruptedAt atomic.Int64
	serverDown  atomic.Bool
	reopener    *reopener  // nil: the plan has no outage
	streams     sync.Mutex // guards subscription.stream; never taken with a lane held
	departures  departures
	buffers     *Buffers

	hostClosed atomic.Bool

	crashOnce sync.Once
	crash     chan struct{} // closed with the first panic

	handing sync.Mutex // of what follows: whoever hands intervals on
	ended   bool       // the last one was

	failOnce sync.Once
	failed   chan struct{} // closed with the first failure
	reason   string        // read after failed is closed

	mu         sync.Mutex // of all below: the ticker and the drain
	recorder   *recorder
	folder     *results.Folder
	events     eventBook
	tick       tick
	stallWatch *stallWatch // nil: nothing is published
	rhythm     *rhythm     // nil: something is, or subscribers poll
	closedAt   int64       // when the accounts were closed
	received   bool        // an expected event came, to whoever
	lost       bool        // one did not, to somebody
}

func newRun(runner *Runner, plan *scenarios.Plan) (*run, error) {
	r := &run{
		runner: runner, plan: plan, timeline: newTimeline(), lanes: runner.Transport.Lanes(),
		lateAfter: int64(plan.LateAfter), failed: make(chan struct{}), crash: make(chan struct{}), places: make(map[place]*place),
		requests: requests{
			cookies: plan.Target.Cookies, webSocket: webSocketOf(plan), polling: pollingOf(&plan.Target, plan.Gap), tabs: plan.Tabs,
			secrets: plan.Secrets(), agent: UserAgentOf(plan.Reconnect.Profile),
		},
		subscriptions: make([]*subscription, 0, plan.Clients),
		buffers:       runner.Buffers,
	}
	if r.requests.webSocket != nil {
		r.requests.webSocket.Buffers = r.buffers
	}
	r.notes.redact, r.refused.redact = plan.Secrets().Redact, plan.Secrets().Redact
	r.lots, r.departures.run = newLots(plan), r
	r.polling = r.requests.polling
	r.envelope = newEnvelope(plan.Target.WebSocket)
	var err error
	if plan.Gap != nil && plan.Gap.Comment != "" {
		if r.gapComment, err = regexp.Compile(plan.Gap.Comment); err != nil {
			return nil, fmt.Errorf("load.gap.comment: %w", err)
		}
	}
	if r.number, err = stamp.RunNumber(plan.RunID); err != nil {
		return nil, fmt.Errorf("run ID %q: %w", plan.RunID, err)
	}
	for i, name := range plan.Topics {
		r.topics = append(r.topics, &topic{name: name, index: uint32(i)})
	}
	own := new(Lane)
	r.recorder = newRecorder(append(append([]*Lane(nil), r.lanes...), own), r.timeline)
	for _, l := range r.lanes {
		l.run.Store(r)
	}
	r.startRecording()
	if err := r.chooseAccount(own); err != nil {
		return nil, err
	}
	r.events = eventBook{run: r, waiting: make(map[eventKey]awaited)}
	r.header = r.newHeader()
	r.folder = results.NewFolder(r.header)
	return r, nil
}

// chooseAccount settles, once, how an event is accounted for.
func (r *run) chooseAccount(own *Lane) (err error) {
	switch {
	case r.plan.Publish != nil:
		if r.runner.Publisher == nil {
			return fmt.Errorf("the plan publishes and no publisher is given")
		}
		r.concurrent = r.plan.Publish.Concurrent
		r.read, r.account = r.readMarks, (*subscription).marks
		if r.plan.Publish.Sequence != nil {
			r.read, r.account = r.readSequence, (*subscription).extracted
		}
		if r.sequence, err = newExtractor(r.plan.Publish.Sequence); err != nil {
			return err
		}
		if duplex, ok := r.runner.Publisher.(Duplex); ok {
			r.senders = newSenders(r)
			duplex.Through(r.senders)
		}
		r.stallWatch = newStallWatch(r)
		r.sender, err = newSender(r, r.runner.Publisher, r.plan.Publish, own)
	case r.plan.Observe != nil:
		r.read, r.account = r.readEmission, (*subscription).emitted
		r.sentAt = newClock(r.plan.Observe)
		r.sequence, err = newExtractor(r.plan.Observe.Sequence)
	default:
		r.read, r.account = func([]byte, *reading) {}, (*subscription).counted
	}
	if r.plan.Publish == nil && r.polling == nil {
		r.rhythm = newRhythm(r)
	}
	return err
}

// fail ends the run with a reason; the first one counts. Any goroutine may call it.
func (r *run) fail(reason string) {
	r.failOnce.Do(func() {
		r.reason = r.plan.Secrets().Redact(reason)
		close(r.failed)
	})
}

// failure gives the reason of fail; empty if there was none.
func (r *run) failure() string {
	select {
	case <-r.failed:
		return r.reason
	default:
		return ""
	}
}

// listens says whether subscribers listen to events of a type.
func (r *run) listens(event []byte) bool {
	if len(r.plan.Target.Listen) == 0 {
		return true
	}
	return slices.ContainsFunc(r.plan.Target.Listen, func(to string) bool { return to == string(event) })
}

// isDisrupted says whether an outage ran at some moment between two instants. Any goroutine may call it.
func (r *run) isDisrupted(from, to int64) bool {
	for phase := r.timeline.phaseAt(from); phase <= r.timeline.phaseAt(to) && phase < len(r.plan.Phases); phase++ {
		if r.plan.Phases[phase].Outage != nil {
			return true
		}
	}
	return false
}

func (r *run) streamOpened(isSlow bool) {
	r.opened.Add(1)
	if !isSlow {
		r.reading.Add(1)
	}
	n := r.openNow.Add(1)
	for {
		peak := r.peak.Load()
		if n <= peak || r.peak.CompareAndSwap(peak, n) {
			return
		}
	}
}

func (r *run) streamClosed(isSlow bool) {
	r.openNow.Add(-1)
	if !isSlow {
		r.reading.Add(-1)
	}
}

// newHeader says all that is known before the first connection.
func (r *run) newHeader() *results.Header {
	p := r.plan
	h := &results.Header{
		Format: results.JournalFormat,
		Run: results.Run{
			ID: p.RunID, Scenario: p.Name, Variant: p.Variant, Comparison: p.Comparison, Seed: p.Seed,
			Started: r.timeline.start.Format("2006-01-02T15:04:05.000Z07:00"), TimeOfReceipt: r.runner.Transport.Account().TimeOfReceipt, Facts: p.Facts(),
		},
		Scenario: p.Scenario, Environment: r.runner.Environment, Measures: p.Measures(), Warnings: r.redacted(r.runner.Warnings),
	}
	for _, phase := range p.Phases {
		info := results.PhaseInfo{Name: p.Secrets().Redact(phase.Name), Kind: phase.Kind, Warmup: phase.Warmup}
		if phase.Outage != nil {
			info.What = p.Secrets().Redact(phase.Outage.String())
		}
		h.Phases = append(h.Phases, info)
	}
	h.Phases = append(h.Phases, results.PhaseInfo{Name: "drain", Kind: "drain"})
	for _, t := range p.Thresholds {
		h.Thresholds = append(h.Thresholds, t.Expression)
	}
	for _, t := range p.Defaults {
		h.Defaults = append(h.Defaults, t.Expression)
	}
	for id := range results.NumMetrics {
		if r.produces(id) {
			h.Produces = append(h.Produces, id.String())
		}
	}
	return h
}

// produces says whether a run of this kind has a value for the metric even if nothing was counted.
func (r *run) produces(id results.ID) bool {
	m := results.Catalogue[id]
	if m.Kind != results.KindCounter {
		return false
	}
	switch id {
	case results.ConnectFailovers:
		return false // they are where a name has several addresses
	case results.WireReceived, results.WireSent:
		return false // they are where the transport knows the wire
	case results.BodySent, results.PayloadSent:
		return r.senders != nil
	case results.PayloadUnused:
		return len(r.plan.Target.Listen) > 0
	case results.ReadsStamped, results.ReadsUnstamped:
		return r.runner.Transport.Account().TimeOfReceipt == results.ReceiptKernel
	case results.MachineBuffersFull, results.GeneratorBuffersFull:
		return r.runner.Host != nil && !r.stalls()
	case results.MachineClockSteps:
		return r.runner.Host != nil
	case results.ConnectionsLeft:
		return slices.ContainsFunc(r.plan.Phases, func(p scenarios.PlanPhase) bool { return p.Churn != nil })
	case results.ConnectionsCut:
		return hasOutages(r.plan)
	case results.ReconnectAway:
		return r.plan.Reconnect.Profile != "none"
	case results.ConnectionsStarved:
		return r.plan.Tabs > 0
	case results.ConnectionsDisplaced:
		return r.plan.Tabs > 0 && r.plan.Reconnect.Profile != "none"
	case results.DeliveriesUnreadable:
		return r.plan.Publish != nil
	case results.SlowOpened, results.SlowCut:
		return r.plan.SlowReaders.Share > 0
	case results.ReconnectReplays:
		return r.plan.Publish != nil && r.plan.Reconnect.Profile != "none"
	}
	switch group(m.Name) {
	case "deliveries":
		if id == results.DeliveriesSuperseded && (r.plan.Publish == nil || !r.plan.Publish.Conflates) {
			return false
		}
		return r.plan.Publish != nil || r.sequence != nil
	case "publish":
		return r.plan.Publish != nil
	}
	return true
}

// stalls says whether the plan has streams that are not read as fast as the server writes: then full receive buffers are what was asked for.
func (r *run) stalls() bool {
	const silence = "silence"
	return r.plan.SlowReaders.Share > 0 || slices.ContainsFunc(r.plan.Phases, func(p scenarios.PlanPhase) bool {
		return p.Churn != nil && p.Churn.By == silence || p.Outage != nil && p.Outage.By == silence
	})
}
