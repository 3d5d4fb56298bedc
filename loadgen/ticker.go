package loadgen

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"ssebench/results"
)

// tick is what the once-a-second work keeps from one second to the next. Guarded by run.mu.
type tick struct {
	end        int64 // of the last interval
	self       results.ProcessSample
	server     results.ProcessSample
	hasServer  bool
	hasSelf    bool
	serverGone bool
	clockSteps int64 // seen so far
}

// ticking is the goroutine that ends an interval each second.
type ticking struct {
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

// startTicking starts it. A recorder or a journal that fails ends the run.
func (r *run) startTicking(cancelRun context.CancelFunc) *ticking {
	if err := r.hand(&results.Interval{Gauges: r.firstGauges()}); err != nil {
		r.fail(err.Error())
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &ticking{cancel: cancel}
	if r.stallWatch != nil || r.rhythm != nil {
		t.workers.Go(func() {
			defer r.recovered("the watch over the streams")
			r.watchStreams(ctx)
		})
	}
	t.workers.Go(func() {
		defer r.recovered("the ticker")
		for n := int64(1); ; n++ {
			timer := time.NewTimer(time.Duration(n*int64(time.Second) - r.timeline.now()))
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
			if err := r.endInterval(nil); err != nil {
				r.fail(err.Error())
				cancelRun()
				return
			}
		}
	})
	return t
}

func (t *ticking) stop() {
	t.cancel()
	t.workers.Wait()
}

// watchStreams looks, in each bin, how many streams are open.
func (r *run) watchStreams(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := r.timeline.now()
		r.openSamples.enter(now, r.reading.Load())
		timer.Reset(time.Duration(binWidth - now%binWidth))
	}
}

// firstGauges takes the samples that later ones are compared with, and reads what has a value before the first stream.
func (r *run) firstGauges() map[string]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sampleFirst()
	return r.gauges(0)
}

// interval is what was recorded since the last one.
func (r *run) interval(end *results.End) (*results.Interval, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.gather()
	now := r.timeline.now()
	r.departures.close(false)
	in := &results.Interval{StartNS: r.tick.end, EndNS: now, Marks: r.timeline.takeMarks(), End: end}
	r.tick.end = now
	in.Gauges = r.gauges(in.EndNS - in.StartNS)
	if end != nil {
		r.addAccount(end)
	}
	in.Phases = r.recorder.take()
	in.Outages = r.recorder.takeStorms()
	in.Closed = r.recorder.takeClosed()
	return in, err
}

// endInterval collects the lanes, closes the interval and hands it on. Nobody who publishes waits for it.
func (r *run) endInterval(end *results.End) error {
	in, err := r.interval(end)
	if err != nil {
		return err
	}
	if end != nil {
		in.Warnings = r.warnings()
	}
	if err := r.hand(in); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorder.giveBack(in.Phases)
	return nil
}

// hand gives an interval to the fold and to whoever listens. What a goroutine hands on that a panic has left behind comes too late.
func (r *run) hand(in *results.Interval) error {
	r.handing.Lock()
	defer r.handing.Unlock()
	if r.ended {
		return nil
	}
	if err := r.folder.Add(in); err != nil {
		return err
	}
	r.ended = in.End != nil
	if r.runner.OnInterval != nil {
		return r.runner.OnInterval(in)
	}
	return nil
}

// gather adds the lanes up and enters the events that are complete. It is called with r.mu held.
func (r *run) gather() error {
	touched, err := r.recorder.collect()
	if err != nil {
		return err
	}
	now := r.timeline.now()
	r.events.update(touched, now)
	if r.stallWatch != nil {
		r.stallWatch.receive(r.recorder.binned)
		r.stallWatch.judge(now)
	}
	if r.rhythm != nil {
		r.rhythm.receive(r.recorder.flow)
		r.rhythm.judge(now)
	}
	r.recorder.binned, r.recorder.flow = r.recorder.binned[:0], r.recorder.flow[:0]
	return nil
}

// arrived says whether all came that is expected of the answered calls.
func (r *run) arrived() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.gather(); err != nil {
		r.fail(err.Error())
		return true
	}
	return r.events.missing == 0
}

// drained says whether every call was answered, every expected receipt came, and the streams are quiet.
func (r *run) drained() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.gather(); err != nil {
		r.fail(err.Error())
		return true
	}
	for _, t := range r.topics {
		if !t.answered() {
			return false
		}
	}
	return r.sender.unsent() == 0 && r.timeline.now()-r.recorder.last >= int64(quiet) && r.events.complete()
}

// sampleFirst takes the samples that later ones are compared with.
func (r *run) sampleFirst() {
	if r.runner.Host != nil {
		if s, err := r.runner.Host.Sample(); err == nil {
			r.tick.self, r.tick.hasSelf = s, true
		}
		r.runner.Host.GCPauses()
		r.runner.Host.Share()
		r.runner.Host.Disturbances()
	}
	if r.runner.Server != nil {
		if s, err := r.runner.Server.Sample(); err == nil {
			r.tick.server, r.tick.hasServer = s, true
		}
	}
}

// gauges reads what has a value at a moment; elapsed is the interval's length.
func (r *run) gauges(elapsed int64) map[string]float64 {
	open := r.openNow.Load()
	g := map[string]float64{
		results.ConnectionsOpen.String(): float64(open),
		results.ConnectionsPeak.String(): float64(r.peak.Load()),
	}
	if r.sender != nil {
		g[results.DeliveriesMissing.String()] = float64(max(r.events.missing, 0))
	}
	if elapsed == 0 { // before the first stream: the base of the memory for each
		if r.tick.hasSelf {
			g[results.GeneratorRSS.String()] = float64(r.tick.self.RSSBytes)
		}
		if r.tick.hasServer {
			g[results.ServerRSS.String()] = float64(r.tick.server.RSSBytes)
		}
		return g
	}
	t := &r.tick
	if t.hasSelf {
		if s, err := r.runner.Host.Sample(); err == nil {
			g[results.GeneratorCPU.String()] = float64(s.CPUNanos-t.self.CPUNanos) / float64(elapsed)
			g[results.GeneratorRSS.String()] = float64(s.RSSBytes)
			if s.RunDelayNanos >= 0 {
				g[results.GeneratorRunDelay.String()] = float64(s.RunDelayNanos-t.self.RunDelayNanos) / float64(elapsed)
			}
			t.self = s
		}
		v := r.recorder.of(r.timeline.current())
		for _, pause := range r.runner.Host.GCPauses() {
			v.Record(results.GeneratorGCPause, pause)
		}
		if share, ok := r.runner.Host.Share(); ok {
			g[results.MachineCPUPressure.String()] = share
		}
		full, steps := r.runner.Host.Disturbances()
		if !r.stalls() {
			v.Add(results.MachineBuffersFull, full)
			if full > 0 && r.runner.Transport.Stalled() { // else another process's
				v.Add(results.GeneratorBuffersFull, full)
			}
		}
		v.Add(results.MachineClockSteps, steps)
		t.clockSteps += steps
	}
	if t.hasServer && !t.serverGone {
		s, err := r.runner.Server.Sample()
		if err != nil && r.serverDown.Load() {
			return g // an outage took it down
		}
		if err != nil {
			t.serverGone = true
			r.notes.add("server_gone", fmt.Sprintf("the server's process can no longer be sampled: %v", err), 1)
			return g
		}
		g[results.ServerCPU.String()] = float64(s.CPUNanos-t.server.CPUNanos) / float64(elapsed)
		g[results.ServerCPUSystem.String()] = float64(s.SystemNanos-t.server.SystemNanos) / float64(elapsed)
		g[results.ServerRSS.String()] = float64(s.RSSBytes)
		if s.RunDelayNanos >= 0 {
			g[results.ServerRunDelay.String()] = float64(s.RunDelayNanos-t.server.RunDelayNanos) / float64(elapsed)
		}
		t.server = s
	}
	return g
}

// warnings gives the notes of the run, and what only its whole shows.
func (r *run) warnings() []results.Warning {
	r.noteHeld()
	r.noteLatePolls()
	if fine := r.resolution(); fine >= millisecond {
		r.notes.add("observe_resolution", fmt.Sprintf("the times that the server writes have a resolution of %s: observed.latency is no finer than that", time.Duration(fine)), 1)
	}
	r.noteUnread()
	r.noteNothingArrived()
	w := append(r.notes.warnings(), r.refused.warnings()...)
	if r.sender != nil {
		w = append(w, r.sender.notes.warnings()...)
	}
	return append(w, r.redacted(r.closeHost())...)
}

// closeHost stops the server and the hook, once.
func (r *run) closeHost() []results.Warning {
	if r.runner.Close == nil || r.hostClosed.Swap(true) {
		return nil
	}
	return r.runner.Close()
}

// redacted gives warnings of others without what is secret.
func (r *run) redacted(warnings []results.Warning) []results.Warning {
	shown := slices.Clone(warnings)
	for i := range shown {
		shown[i].Message = Clip(r.plan.Secrets().Redact(shown[i].Message))
	}
	return shown
}

// group gives the part of a metric's name before the dot.
func group(name string) string {
	head, _, _ := strings.Cut(name, ".")
	return head
}
