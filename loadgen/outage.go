package loadgen

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ssebench/results"
	"ssebench/scenarios"
)

// outage is an outage while it lasts. The conductor goes through it; what the streams see of it is counted where they are.
type outage struct {
	*run
	plan     *scenarios.OutagePlan
	phase    int
	start    int64 // on the timeline
	deadline int64 // after which nobody is waited for
	open     int64 // streams at the start
	back     int64 // when the server could be reached again; zero: it always could
}

// calmFor is how long no stream may have dropped before an outage is over: a proxy or a server with a grace drops them one by one.
const calmFor = time.Second

// outage breaks what the phase says, waits until all that were dropped are back, and gives the start of the next phase.
func (r *run) outage(ctx context.Context, phase int, begun int64) (next int64, err error) {
	o := &outage{run: r, plan: r.plan.Phases[phase].Outage, phase: phase, start: begun, open: r.openNow.Load()}
	o.deadline = begun + int64(o.plan.Until)
	r.lastDrop.Store(begun)
	r.disruptedAt.Store(begun)
	r.disrupted.Store(int32(phase))
	err = o.carryOut(ctx)
	if err == nil {
		err = r.await(ctx, o.deadline, o.calm)
	}
	next = r.boundary(phase + 1)
	r.disrupted.Store(0)
	o.takeStock()
	return next, err
}

// carryOut goes through the nodes.
func (o *outage) carryOut(ctx context.Context) error {
	for node := 0; node < o.plan.Nodes; node += o.plan.AtATime {
		next := min(node+o.plan.AtATime, o.plan.Nodes)
		if err := o.strike(ctx, node, next); err != nil {
			return err
		}
		o.lastDrop.Store(o.timeline.now())
		if next == o.plan.Nodes {
			break
		}
		var err error
		if o.plan.Pause > 0 {
			err = o.wait(ctx, o.timeline.now()+int64(o.plan.Pause))
		} else {
			err = o.await(ctx, o.deadline, o.calm)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// calm says whether everybody is back who will come back, and nobody else has dropped for a while.
func (o *outage) calm() bool {
	return o.away.Load() == 0 && o.timeline.now()-o.lastDrop.Load() >= int64(calmFor)
}

// strike breaks the nodes from one to another, which count from 0.
func (o *outage) strike(ctx context.Context, node, next int) error {
	switch {
	case o.plan.Server != "":
		return o.bounce(ctx)
	case o.plan.Restarts():
		return o.restart(ctx, node, next)
	}
	if o.plan.Door != "" {
		if o.runner.Breaker == nil {
			return o.broken(errors.New("there is no door to shut"))
		}
		if err := o.runner.Breaker.ShutDoor(ctx, o.plan); err != nil {
			return o.broken(err)
		}
		o.back = o.timeline.now() + int64(o.plan.Shut)
	}
	if o.plan.Cut > 0 {
		o.cut(node, next)
	}
	if o.plan.Door == "" {
		return nil
	}
	return o.wait(ctx, o.back)
}

// cut cuts the streams of some nodes on our side.
func (o *outage) cut(node, next int) {
	how := cuts[o.plan.By]
	for client, s := range o.subscriptions {
		if o.lots.cuts(o.plan, client, node, next) {
			o.sever(s, how)
		}
	}
}

var cuts = map[string]Cut{"fin": CutFIN, "rst": CutRST, "silence": CutSilent}

// bounce ends the server's process and starts it again.
func (o *outage) bounce(ctx context.Context) error {
	server := o.runner.Server
	if server == nil {
		return o.broken(errors.New("there is no server to end"))
	}
	o.serverDown.Store(true)
	defer o.serverDown.Store(false)
	if err := server.Down(ctx, o.plan.Server == "kill"); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o.notes.add("server_stop", err.Error(), 1) // it did not heed SIGTERM, and is gone
	}
	if err := o.wait(ctx, o.timeline.now()+int64(o.plan.Shut)); err != nil {
		return err
	}
	if err := server.Up(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return o.broken(err)
	}
	o.back = o.timeline.now()
	return nil
}

// restart runs the command for each of some nodes, together.
func (o *outage) restart(ctx context.Context, node, next int) error {
	if o.runner.Breaker == nil {
		return o.broken(errors.New("there is nothing that runs a command"))
	}
	bounded, cancel := context.WithDeadlineCause(ctx, o.timeline.at(o.deadline), fmt.Errorf("the outage's limit of %s", o.plan.Until))
	defer cancel()
	failed := make([]error, next-node)
	var commands sync.WaitGroup
	for n := node; n < next; n++ {
		command, err := o.plan.RestartCommand(n + 1)
		if err != nil {
			return o.broken(err)
		}
		commands.Go(func() {
			defer o.recovered("a restart")
			failed[n-node] = o.runner.Breaker.Restart(bounded, command, o.plan.Dir)
		})
	}
	commands.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := errors.Join(failed...); err != nil {
		return o.broken(err)
	}
	o.back = o.timeline.now()
	return nil
}

// broken fails the run: what should have been broken was not, or was not mended.
func (o *outage) broken(err error) error {
	o.fail(fmt.Sprintf("phase %s: %v", o.run.plan.Phases[o.phase].Name, err))
	return errors.New(o.failure())
}

// takeStock says who is back. An outage that ended by its limit leaves some away.
func (o *outage) takeStock() {
	stock := &results.OutageStock{Open: o.open, Recovery: results.NewHistogram()}
	if o.back > 0 {
		stock.BackNS = o.back - o.start
	}
	for _, s := range o.subscriptions {
		s.lane.Hold()
		if s.out != nil && s.out.outage == int32(o.phase) {
			stock.Dropped++
			switch {
			case s.isOpen:
				stock.Recovered++
				stock.Recovery.Record(s.opened - o.start)
			case s.out.stranded:
				stock.Stranded++
			case s.isDisplaced():
				stock.Displaced++
			default:
				stock.Away++
			}
		}
		s.lane.Release()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.recorder.storm(int32(o.phase)).Stock = stock
}
