package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is what to measure.
type plan struct {
	streams, rounds     int
	hold, warm, settle  time.Duration
	within              time.Duration
	only, out, profiles string
}

// measured is what was measured: by scene and client, one entry for each round; nil: the turn failed.
type measured map[turnKey][]*figures

type turnKey struct{ scene, client string }

// run measures in turns, A B C A B C, and shows the table. A client that fails a turn is an error at the end, and the others are measured.
func (p *plan) run() error {
	rows, err := p.rows()
	if err != nil {
		return err
	}
	started, begun := time.Now(), machineNow()
	got := make(measured)
	var failed error
	for round := range p.rounds {
		for _, s := range p.scenes() {
			for _, kind := range s.clients {
				if !wanted(rows, turnKey{s.name, kind}) {
					continue
				}
				if time.Since(started) > p.within {
					return p.finish(rows, got, begun, errors.Join(failed, fmt.Errorf("round %d was not finished within %s: a longer -within, or fewer -rounds", round+1, p.within)))
				}
				f, err := p.turn(&s, kind, round)
				if err != nil {
					err = fmt.Errorf("round %d, %s, %s: %w", round+1, s.name, kind, err)
					fmt.Fprintln(os.Stderr, err)
					failed = errors.Join(failed, err)
				} else {
					fmt.Fprintf(os.Stderr, "round %d  %-34s %s\n", round+1, s.name, f.line(kind))
				}
				key := turnKey{s.name, kind}
				got[key] = append(got[key], f)
			}
		}
	}
	return p.finish(rows, got, begun, failed)
}

// finish shows the table and writes the document.
func (p *plan) finish(rows []row, got measured, begun *machine, failed error) error {
	d := p.document(rows, got, begun)
	fmt.Print(d.markdown())
	if p.out != "" {
		if err := d.write(p.out); err != nil {
			return errors.Join(failed, err)
		}
	}
	return failed
}

// rows gives the rows that are asked for.
func (p *plan) rows() (chosen []row, err error) {
	var numbers []int
	for f := range strings.SplitSeq(p.only, ",") {
		if f == "" {
			continue
		}
		n, err := strconv.Atoi(f)
		if err != nil || !slices.ContainsFunc(allRows, func(r row) bool { return r.number == n }) {
			return nil, fmt.Errorf("-only %s: there is no row %q", p.only, f)
		}
		numbers = append(numbers, n)
	}
	for _, r := range allRows {
		if r.base == wrk && !hasWrk() {
			fmt.Fprintf(os.Stderr, "row %d is not held against wrk, which is not installed (apt-get install wrk)\n", r.number)
			continue
		}
		if len(numbers) == 0 || slices.Contains(numbers, r.number) {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

// wanted says whether a row needs the turn.
func wanted(rows []row, key turnKey) bool {
	return slices.ContainsFunc(rows, func(r row) bool {
		return slices.Contains(r.scenes, key.scene) && (key.client == ours || key.client == r.base)
	})
}

// profileOf names the file for the profile of a turn; empty: none is taken.
func (p *plan) profileOf(s *scene, kind string, round int) string {
	if p.profiles == "" || !strings.HasPrefix(kind, "ours") {
		return ""
	}
	name := strings.NewReplacer("/", "", ", ", "-", " ", "-").Replace(s.name)
	return filepath.Join(p.profiles, fmt.Sprintf("%s-%s-%d.pprof", name, kind, round+1))
}

// line is a turn in one line, for whoever watches.
func (f *figures) line(kind string) string {
	w := &f.Window
	seconds := float64(w.Nanos) / 1e9
	return fmt.Sprintf("%-9s %6d streams in %5.2f s  %7.0f ev/s  client %.3f (%.3f+%.3f) µs/ev  server %.2f µs/ev  busy %.2f+%.2f  rss %.1f MB (%.1f)  lag p99 %.2f ms  %.3f allocs/ev",
		kind, f.Streams, float64(f.OpenedNS)/1e9, float64(w.Events)/seconds, w.CPU()/1e3, float64(w.User)/1e3/float64(w.Events), float64(w.System)/1e3/float64(w.Events),
		float64(w.ServerCPU)/1e3/float64(w.Events), float64(w.User+w.System)/float64(w.Nanos), float64(w.ServerCPU)/float64(w.Nanos),
		float64(w.RSS)/1e6, float64(w.RSSAfterBig)/1e6, float64(f.Lag.P99)/1e6, float64(w.Allocations)/float64(w.Events))
}
