package main

import "math"

// row is a line of the table: ours beside one baseline, and the goal. The ratio is ours to the base's.
type row struct {
	number int
	what   string
	unit   string
	scenes []string // the first is the one measured, the second its base
	base   string   // its client; empty: there is none, and no ratio
	figure func(f, base *figures) float64
	most   float64 // the ratio may be at most this; zero: no such goal
	least  float64 // the ratio must be at least this; zero: no such goal
	limit  float64 // ours, in the row's unit, may be at most this; zero: no such goal
}

// allRows is the table. Several lines may share a number.
var allRows = []row{
	{number: 1, what: "memory for each HTTP/1.1 stream", unit: "KiB", scenes: []string{free, freeBase}, base: "net/http", figure: memory, most: 1. / 60, limit: 0.5},
	{number: 1, what: "its base, with 100 streams", unit: "MB", scenes: []string{freeBase}, figure: resident, limit: 40},
	{number: 2, what: "memory for each TLS stream", unit: "KiB", scenes: []string{freeTLS, freeTLSBase}, base: "net/http", figure: memory, most: 1. / 10, limit: 4},
	{number: 2, what: "the same after events of 40 KB", unit: "KiB", scenes: []string{freeTLS, freeTLSBase}, base: "net/http", figure: memoryAfterBig, most: 1. / 10, limit: 4},
	{number: 3, what: "CPU for each event over TLS 1.3", unit: "µs", scenes: []string{pinnedTLS}, base: "net/http", figure: cpu, most: 0.75},
	{number: 4, what: "memory for each HTTP/2 stream", unit: "KiB", scenes: []string{freeH2, freeH2Base}, base: "x/net", figure: memory, most: 1. / 25, limit: 0.5},
	{number: 5, what: "CPU for each event", unit: "µs", scenes: []string{pinned}, base: "net/http", figure: cpu, most: 0.75},
	{number: 5, what: "CPU for each event", unit: "µs", scenes: []string{pinned}, base: "go-sse", figure: cpu, most: 0.55},
	{number: 5, what: "CPU for each event", unit: "µs", scenes: []string{pinned}, base: "r3labs", figure: cpu, most: 0.42},
	{number: 5, what: "CPU for each event", unit: "µs", scenes: []string{pinned}, base: "epoll", figure: cpu, most: 1.1},
	{number: 6, what: "the same with 10 events in each write", unit: "µs", scenes: []string{pinnedTen}, base: "net/http", figure: cpu, most: 0.8},
	{number: 7, what: "the same over HTTP/2, frames written together", unit: "µs", scenes: []string{pinnedH2}, base: "x/net", figure: cpu, most: 0.2},
	{number: 7, what: "the same over HTTP/2, a write for each frame", unit: "µs", scenes: []string{pinnedOne}, base: "x/net", figure: cpu, most: 1.1},
	{number: 7, what: "lag p99, a write for each frame", unit: "ms", scenes: []string{pinnedOne}, base: "x/net", figure: lagP99, most: 0.1},
	{number: 8, what: "connects a second, HTTP/1.1", unit: "/s", scenes: []string{free}, base: "net/http", figure: connects, least: 3},
	{number: 9, what: "allocations for each event more", unit: "", scenes: []string{free, freeBase}, base: "net/http", figure: allocations, limit: 0.001},
	{number: 10, what: "lag p99 at 5 events/s to each stream", unit: "ms", scenes: []string{free}, base: "net/http", figure: lagP99, most: 0.1},
	{number: 11, what: "the server's CPU for each event, polled against blocking", unit: "µs", scenes: []string{free}, base: oursBlocking, figure: serverCPU, most: 0.85},
	{number: 11, what: "fan-out p99, polled against blocking", unit: "ms", scenes: []string{free}, base: oursBlocking, figure: fanoutP99, most: 1},
	{number: 12, what: "CPU for each poll on a kept connection", unit: "µs", scenes: []string{pinnedPolls}, base: "net/http", figure: cpu, most: 1. / 3},
	{number: 12, what: "CPU for each poll on a kept connection", unit: "µs", scenes: []string{pinnedPolls}, base: wrk, figure: cpu, most: 2},
	{number: 13, what: "CPU for each event observed by JSON pointer, data that differs", unit: "µs", scenes: []string{pinnedJSON}, base: oursCounting, figure: cpu, most: 1.15},
	{number: 13, what: "CPU for each event observed by JSON pointer, data that differs", unit: "µs", scenes: []string{pinnedJSON}, base: "net/http", figure: cpu, most: 0.75},
}

// The figures. base is nil where the row has no second scene.

func cpu(f, _ *figures) float64      { return f.Window.CPU() / 1e3 }
func lagP99(f, _ *figures) float64   { return float64(f.Lag.P99) / 1e6 }
func resident(f, _ *figures) float64 { return float64(f.Window.RSS) / 1e6 }
func connects(f, _ *figures) float64 { return float64(f.Streams) / (float64(f.OpenedNS) / 1e9) }

func serverCPU(f, _ *figures) float64 {
	return float64(f.Window.ServerCPU) / 1e3 / float64(f.Window.Events)
}
func fanoutP99(f, _ *figures) float64 { return float64(f.FanoutP99) / 1e6 }

func memory(f, base *figures) float64 {
	return float64(f.Window.RSS-base.Window.RSS) / 1024 / float64(f.Streams-base.Streams)
}

func memoryAfterBig(f, base *figures) float64 {
	if f.Window.RSSAfterBig == 0 || base.Window.RSSAfterBig == 0 {
		return math.NaN()
	}
	return float64(f.Window.RSSAfterBig-base.Window.RSSAfterBig) / 1024 / float64(f.Streams-base.Streams)
}

// allocations is what each further event costs: what a process allocates each second whatever comes falls out of the difference.
func allocations(f, base *figures) float64 {
	perSecond := func(w *window) (allocations, events float64) {
		seconds := float64(w.Nanos) / 1e9
		return float64(w.Allocations) / seconds, float64(w.Events) / seconds
	}
	a, events := perSecond(&f.Window)
	b, fewer := perSecond(&base.Window)
	return (a - b) / (events - fewer)
}

// perRound gives the row's figure in each round, NaN where a turn failed, and the events behind them.
func (r *row) perRound(got measured, client string, rounds int) (values []float64, events int64) {
	for round := range rounds {
		at := func(scene int) *figures {
			if all := got[turnKey{r.scenes[scene], client}]; round < len(all) {
				return all[round]
			}
			return nil
		}
		f, value := at(0), math.NaN()
		var base *figures
		if len(r.scenes) > 1 {
			base = at(1)
		}
		if f != nil && (len(r.scenes) == 1 || base != nil) {
			value = r.figure(f, base)
			events += f.Window.Events
		}
		values = append(values, value)
	}
	return values, events
}
