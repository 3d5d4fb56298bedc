package main

import (
	"fmt"
	"os"
	"time"
)

// kinds are the servers, and how many streams a connection carries to each.
var kinds = []struct {
	name    string
	streams int
}{
	{"bare", 0},
	{"reference-1", 0},
	{"reference", 0},
	{"reference-h2-single", 1},
	{"reference-h2", 250},
	{"go-sse", 0},
	{"r3labs", 0},
	{"gin", 0},
	{"better-sse", notGo},
	{"nchan", notGo},
}

// notGo marks a server that is started as a program of its own.
const notGo = -1

// servers compares all kinds at the plan's number of subscribers.
func (p *plan) servers() error {
	results := map[string][]result{}
	missing := map[string]error{}
	for round := range p.rounds {
		for _, k := range kinds {
			var r result
			var err error
			switch {
			case missing[k.name] != nil:
				continue
			case k.streams == notGo:
				if r, err = p.externalRound(k.name, p.n); err != nil {
					missing[k.name] = err
					continue
				}
			default:
				if r, err = p.round(k.name, p.n, k.streams); err != nil {
					return fmt.Errorf("%s: %w", k.name, err)
				}
			}
			results[k.name] = append(results[k.name], r)
			fmt.Fprintf(os.Stderr, "round %d %-20s %.1f ms, %.2f+%.2f µs, %.2f (%.2f) KiB\n", round+1, k.name, r.took, r.user, r.sys, r.rest, r.trimmed)
		}
	}
	bare := results["bare"]
	took := over(bare, func(r result) float64 { return r.took })
	cpu := over(bare, result.cpu)
	p.say("\n### A broadcast of 100 B to %d subscribers (medians of %d rounds of %d, in turns; %s)\n", p.n, p.rounds, p.events, time.Now().Format(time.DateOnly))
	p.say("| server | publish → last write, ms | × bare | CPU a delivery, µs (user + system) | × bare | KiB a subscriber at rest | after a collection |")
	p.say("|---|---|---|---|---|---|---|")
	for _, k := range kinds {
		rs := results[k.name]
		if len(rs) == 0 {
			p.say("| %s | not measured: %v | | | | | |", k.name, missing[k.name])
			continue
		}
		if k.streams == notGo {
			c := over(rs, result.cpu)
			p.say("| %s | | | %.2f | %.2f | %.2f | |", k.name, c, c/cpu, over(rs, func(r result) float64 { return r.rest }))
			continue
		}
		t := over(rs, func(r result) float64 { return r.took })
		u, s := over(rs, func(r result) float64 { return r.user }), over(rs, func(r result) float64 { return r.sys })
		c := over(rs, result.cpu)
		p.say("| %s | %.1f | %.2f | %.2f (%.2f + %.2f) | %.2f | %.2f | %.2f |", k.name, t, t/took, c, u, s, c/cpu,
			over(rs, func(r result) float64 { return r.rest }), over(rs, func(r result) float64 { return r.trimmed }))
	}
	return nil
}

// scale shows what a delivery costs as the subscribers grow.
func (p *plan) scale() error {
	steps := []struct {
		kind       string
		n, streams int
	}{
		{"reference", 1000, 0},
		{"reference", 5000, 0},
		{"reference", 15000, 0},
		{"reference-h2", 1000, 250},
		{"reference-h2", 15000, 250},
		{"reference-h2", 50000, 250},
	}
	results := make([][]result, len(steps))
	for range p.rounds {
		for i, s := range steps {
			r, err := p.round(s.kind, s.n, s.streams)
			if err != nil {
				return fmt.Errorf("%s %d: %w", s.kind, s.n, err)
			}
			results[i] = append(results[i], r)
		}
	}
	p.say("\n### CPU for each delivery as the subscribers grow\n")
	p.say("| server | subscribers | CPU a delivery, µs | × the smallest | KiB a subscriber after a collection |")
	p.say("|---|---|---|---|---|")
	for i, s := range steps {
		first := results[0]
		if s.streams > 0 {
			first = results[3]
		}
		c := over(results[i], result.cpu)
		p.say("| %s | %d | %.3f | %.2f | %.2f |", s.kind, s.n, c, c/over(first, result.cpu), over(results[i], func(r result) float64 { return r.trimmed }))
	}
	return nil
}
