package loadgen

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
	"ssebench/scenarios"
)

var schedules = flag.Int("schedules", defaultSchedules, "random schedules of publishes, cuts, replays and duplicates that the account is tested with; each is the life of a subscriber")

// expected is what an account must say of a model's log. It is worked out from the definitions alone, pair by pair.
type expected struct {
	counters map[string]int64
	replays  map[string]int64
	dropped  []int64 // by outage
}

// account works it out. drain is the plan's: what was answered so shortly before a subscriber left may have been on its way.
func (m *model) account(drain time.Duration, outages []results.Outage) expected {
	e := expected{map[string]int64{}, map[string]int64{}, make([]int64, len(outages))}
	for _, c := range m.clients {
		if len(c.streams) > 0 {
			c.account(drain, e)
			c.replays(e)
		}
		for i := range outages {
			from, to := m.start.Add(time.Duration(outages[i].StartNS)), m.start.Add(time.Duration(outages[i].EndNS))
			if c.left.IsZero() && slices.ContainsFunc(c.streams, func(s *modelLog) bool { return !s.ended.Before(from) && s.ended.Before(to) }) {
				e.dropped[i]++
			}
		}
	}
	return e
}

// call gives the call of a sequence.
func (t *modelTopic) call(seq uint64) *modelCall { return &t.calls[seq-1] }

// window gives the first sequence that a subscriber may expect: what was answered before it asked is not for it.
func (c *modelClient) window() (first uint64) {
	first = 1
	for t := c.topic; first <= uint64(len(t.calls)) && !t.call(first).ended.IsZero() && !t.call(first).ended.After(c.attempts[0]); {
		first++
	}
	return first
}

// hole says whether a pair of the call is expected only if it came, seen from an instant; zero: from the end of the run.
func (c *modelCall) hole(at time.Time) bool {
	return c.failed || c.ended.IsZero() || !at.IsZero() && c.ended.After(at)
}

func (c *modelClient) account(drain time.Duration, e expected) {
	t, first := c.topic, c.window()
	end := uint64(len(t.calls))
	for !c.left.IsZero() && end > 0 && t.call(end).started.After(c.left) {
		end--
	}
	carrier := map[uint64]int{} // stream of the first receipt
	highest := uint64(0)
	for n, stream := range c.streams {
		if n > 0 {
			e.counters["reconnect.count"]++
		}
		switch {
		case stream.ended.IsZero(), stream.ended == c.left:
		case stream.severed:
			e.counters["connections.cut"]++
		default:
			e.counters["connections.closed_by_server"]++
		}
		for _, r := range stream.receipts {
			_, again := carrier[r.seq]
			switch {
			case r.seq < first:
				e.counters["deliveries.unexpected"]++
				continue
			case again:
				e.counters["deliveries.duplicate"]++
				continue
			case r.seq < highest:
				e.counters["deliveries.reordered"]++
			}
			carrier[r.seq] = n
			highest = max(highest, r.seq)
			if n > 0 && t.call(r.seq).started.Before(stream.opened) {
				e.counters["deliveries.replayed"]++
			}
		}
	}
	for seq := first; seq <= end; seq++ {
		call := t.call(seq)
		_, came := carrier[seq]
		onItsWay := !c.left.IsZero() && seq > highest && (call.ended.IsZero() || call.ended.After(c.left.Add(-drain)))
		sure := call.started.After(c.streams[0].opened) && !call.hole(time.Time{}) && !onItsWay
		switch {
		case came:
			e.counters["deliveries.expected"]++
			e.counters["deliveries.received"]++
		case sure:
			e.counters["deliveries.expected"]++
			e.counters["deliveries.lost"]++
			e.counters["deliveries."+lossOf(carrier, seq, first, highest)]++
		}
	}
}

// lossOf attributes a loss by the receipts next to it on either side; the opening counts as one of the first stream.
func lossOf(carrier map[uint64]int, seq, first, highest uint64) string {
	if seq > highest {
		return "lost_tail"
	}
	left, right := 0, 0
	for before := seq - 1; before >= first; before-- {
		if n, came := carrier[before]; came {
			left = n
			break
		}
	}
	for after := seq + 1; after <= highest; after++ {
		if n, came := carrier[after]; came {
			right = n
			break
		}
	}
	if left != right {
		return "lost_gap"
	}
	return "lost_midstream"
}

// replays gives each reconnection its class.
func (c *modelClient) replays(e expected) {
	came := map[uint64]bool{}
	highest := uint64(0)
	t, first := c.topic, c.window()
	for n, stream := range c.streams {
		from, to := max(highest+1, first), uint64(len(t.calls))
		for to > 0 && t.call(to).started.After(stream.opened) {
			to--
		}
		var replayed, twice, reordered, overlapping, live bool
		last := uint64(0)
		for _, r := range stream.receipts {
			if r.seq < first {
				continue
			}
			switch {
			case r.seq > to:
				live = true
			case came[r.seq]:
				twice = true
			case r.seq >= from:
				replayed = true
				reordered = reordered || r.seq < last
				overlapping = overlapping || live
				last = max(last, r.seq)
			}
			came[r.seq] = true
			highest = max(highest, r.seq)
		}
		if n == 0 || stream.ended.IsZero() && !c.left.IsZero() || !c.left.IsZero() && stream.ended.Equal(c.left) {
			continue
		}
		missing := false
		for seq := from; seq <= to; seq++ {
			missing = missing || !came[seq] && !t.call(seq).hole(stream.ended)
		}
		a := absence{from: from, to: to, replayed: replayed, twice: twice, reordered: reordered, overlapping: overlapping, declared: stream.declared}
		e.replays[a.class(missing)]++
	}
}

// shapes are the scenarios that schedules are drawn for.
var shapes = []string{
	"{hold: 1500ms}",
	"{hold: 500ms}, {outage: {cut: 50%, by: rst, until: 1500ms}}, {hold: 300ms}",
	"{hold: 300ms}, {churn: {rate: 67/s, by: silence, for: 1s}}, {hold: 200ms}",
}

const perRun = 40 // subscribers, over four topics

func propertyPlans(t *testing.T) (plans []*scenarios.Plan) {
	for _, shape := range shapes {
		plans = append(plans, memoryPlan(t, fmt.Sprintf("drain: 100ms\n%sload: {connections: %d, topics: 4, gap: {event: gap}, "+
			"reconnect: {profile: library, delay: 40ms, max: 200ms}, phases: [{ramp: at_once}, %s]}\n", strings.Replace(hook, "10/s", "{poisson: 50/s}", 1), perRun, shape)))
	}
	return plans
}

// countersOfTheModel are those that it foretells.
var countersOfTheModel = []string{
	"deliveries.expected", "deliveries.received", "deliveries.lost", "deliveries.lost_midstream", "deliveries.lost_gap", "deliveries.lost_tail",
	"deliveries.duplicate", "deliveries.reordered", "deliveries.replayed", "deliveries.unexpected", "reconnect.count", "connections.closed_by_server",
	"connections.cut",
}

// trySchedules runs a plan with one schedule for each subscriber, and says where the document and the model differ.
func trySchedules(t *testing.T, plan *scenarios.Plan, seed uint64) (want expected, differ []string) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel(seed)
		p := *plan
		p.Seed = seed
		d, err := (&Runner{Transport: m, Publisher: m}).Run(t.Context(), &p)
		if err != nil {
			t.Fatal(err)
		}
		if d.Run.Failure != "" && !strings.Contains(d.Run.Failure, "hook_failed") {
			differ = append(differ, "the run failed otherwise than by its hook: "+d.Run.Failure)
		}
		want = m.account(p.Drain, d.Outages)
		for _, name := range countersOfTheModel {
			v, told := d.Metrics[name]
			if !told && want.counters[name] == 0 {
				continue // a plan without outages tells of no cut
			}
			if got := *v.Value; got != float64(want.counters[name]) {
				differ = append(differ, fmt.Sprintf("%s is %v, by the model %d", name, got, want.counters[name]))
			}
		}
		if hidden := *d.Metrics["deliveries.ids_hide_loss"].Value; hidden != 0 {
			differ = append(differ, fmt.Sprintf("%v events are said to be hidden by IDs that are sequences", hidden))
		}
		if got := d.Metrics["reconnect.replays"].By; !maps.Equal(got, want.replays) {
			differ = append(differ, fmt.Sprintf("replays are %v, by the model %v", got, want.replays))
		}
		for i, o := range d.Outages {
			if o.Dropped != want.dropped[i] || o.Dropped != o.Recovered+o.Stranded+o.Away {
				differ = append(differ, fmt.Sprintf("dropped %d = recovered %d + stranded %d + away %d, by the model %d", o.Dropped, o.Recovered, o.Stranded, o.Away, want.dropped[i]))
			}
		}
	})
	return want, differ
}

func TestTheAccountIsThatOfTheModel(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	plans := propertyPlans(t)
	const workers = 2
	all := make([]map[string]int64, workers) // what the schedules brought about
	t.Run("schedules", func(t *testing.T) {
		for worker := range workers {
			all[worker] = make(map[string]int64)
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for n := worker; n*perRun < *schedules && !t.Failed(); n += workers {
					want, differ := trySchedules(t, plans[n/workers%len(plans)], uint64(n))
					if len(differ) > 0 {
						t.Errorf("run %d:\n%s", n, strings.Join(differ, "\n"))
					}
					for name, count := range want.counters {
						all[worker][name] += count
					}
					for class, count := range want.replays {
						all[worker][class] += count
					}
				}
			})
		}
	})
	classes := []string{replayDeclared, replayNone, replayPartial, replayTwice, replayReordered, replayOverlapping, replayNothing, replayExact}
	for _, name := range append(classes, countersOfTheModel...) {
		if n := all[0][name] + all[1][name]; n == 0 {
			t.Errorf("no schedule brought about %s", name)
		} else {
			t.Logf("%s: %d", name, n)
		}
	}
}
