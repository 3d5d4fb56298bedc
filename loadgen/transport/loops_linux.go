package transport

import (
	"runtime"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// loops is the engine of Linux: a loop for each lane.
type loops struct {
	t      *Transport
	byLane map[*lane]*loop
}

func newEngine(t *Transport) (engine, error) { return newLoops(t) }

// spareProcessors is how many processors the scheduler has beside those of the loops.
const spareProcessors = 2

func newLoops(t *Transport) (engine, error) {
	e := &loops{t: t, byLane: make(map[*lane]*loop)}
	h := &handshaker{t}
	for _, l := range t.lanes {
		lane := t.byLane[l]
		p, err := newLoop(t, lane, h)
		if err != nil {
			for _, made := range e.byLane {
				made.poller.close()
			}
			return nil, err
		}
		e.byLane[lane] = p
	}
	// A loop that naps keeps its processor of the scheduler: what publishes and records needs some of its own.
	if need := len(t.lanes) + spareProcessors; runtime.GOMAXPROCS(0) < need {
		runtime.GOMAXPROCS(need)
	}
	for _, p := range e.byLane {
		p.ended.Go(p.run)
	}
	return e, nil
}

func (e *loops) open(l *lane, r *loadgen.Request, at time.Time, h loadgen.StreamHandler) loadgen.Stream {
	return e.byLane[l].open(r, at, h)
}

func (e *loops) close() {
	for _, p := range e.byLane {
		p.post(message{do: doStop})
	}
	for _, p := range e.byLane {
		p.ended.Wait()
	}
}

func (e *loops) weigh() (sum carriage) {
	for _, p := range e.byLane {
		sum.add(p.weigh())
	}
	return sum
}

// account adds the loops up.
func (e *loops) account() loadgen.Account {
	a := loadgen.Account{TimeOfReceipt: results.ReceiptKernel}
	for _, p := range e.byLane {
		p.lane.Hold()
		a.Stamped += p.stamps
		a.Unstamped += p.unstamped
		if limit := int64(p.limit); limit > 0 && (a.StreamLimit == 0 || limit < a.StreamLimit) {
			a.StreamLimit = limit
		}
		a.ClockSteps = max(a.ClockSteps, p.clock.steps) // of one clock
		p.lane.Release()
		if layer, header := p.wire.layer(); layer != "" {
			a.WireLayer, a.WireHeader = layer, header
		}
	}
	return a
}
