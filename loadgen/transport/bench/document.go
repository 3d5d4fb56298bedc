package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// document is all that was measured, and the table made of it.
type document struct {
	Format  string
	Machine *machine
	Streams int // over HTTP/1.1
	Rounds  int
	Warm    string
	Hold    string
	Lines   []line
	Turns   []turnRecord
}

// line is a row of the table with its figures.
type line struct {
	Row         int
	What        string
	Unit        string
	Ours        spread
	Base        string `json:",omitempty"`
	BaseFigure  spread
	Ratio       spread // of ours to the base's, in each round
	Events      int64  // received by ours in all rounds, behind the figure
	BaseEvents  int64
	Goal        string
	Reached     bool
	NotMeasured bool `json:",omitempty"`
}

// spread is the median of the rounds and their extremes.
type spread struct{ Median, Min, Max float64 }

// turnRecord is one turn as it came.
type turnRecord struct {
	Scene, Client string
	Round         int
	Figures       *figures // null: it failed
}

func (p *plan) document(rows []row, got measured, m *machine) *document {
	d := &document{Format: "ssebench-engine/1", Machine: m, Streams: p.streams, Rounds: p.rounds, Warm: p.warm.String(), Hold: p.hold.String()}
	m.LoadAfter = loadAverage()
	for i := range rows {
		d.Lines = append(d.Lines, rows[i].line(got, p.rounds))
	}
	for _, s := range p.scenes() {
		for _, client := range s.clients {
			for round, f := range got[turnKey{s.name, client}] {
				d.Turns = append(d.Turns, turnRecord{s.name, client, round + 1, f})
			}
		}
	}
	return d
}

// line holds the row's figures against its goals.
func (r *row) line(got measured, rounds int) line {
	own, events := r.perRound(got, ours, rounds)
	l := line{Row: r.number, What: r.what, Unit: r.unit, Base: r.base, Events: events, Goal: r.goal(), Reached: true}
	var ok bool
	if l.Ours, ok = spreadOf(own); !ok {
		l.NotMeasured = true
	}
	if r.base != "" {
		var theirs, ratios []float64
		theirs, l.BaseEvents = r.perRound(got, r.base, rounds)
		for i := range own {
			ratios = append(ratios, own[i]/theirs[i])
		}
		if l.BaseFigure, ok = spreadOf(theirs); !ok {
			l.NotMeasured = true
		}
		if l.Ratio, ok = spreadOf(ratios); !ok {
			l.NotMeasured = true
		}
	}
	l.Reached = !l.NotMeasured &&
		(r.most == 0 || l.Ratio.Median <= r.most) && (r.least == 0 || l.Ratio.Median >= r.least) && (r.limit == 0 || l.Ours.Median <= r.limit)
	return l
}

// goal says what the row has to reach.
func (r *row) goal() string {
	var goals []string
	if r.limit > 0 {
		goals = append(goals, fmt.Sprintf("≤ %g %s", r.limit, r.unit))
	}
	if r.most > 0 {
		goals = append(goals, fmt.Sprintf("≤ %.3g ×", r.most))
	}
	if r.least > 0 {
		goals = append(goals, fmt.Sprintf("≥ %g ×", r.least))
	}
	return strings.TrimSpace(strings.Join(goals, ", "))
}

// spreadOf leaves out rounds that failed, and ratios to nothing; false: there is none left.
func spreadOf(values []float64) (spread, bool) {
	v := slices.DeleteFunc(slices.Sorted(slices.Values(values)), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(v) == 0 {
		return spread{}, false
	}
	return spread{v[len(v)/2], v[0], v[len(v)-1]}, true
}

func (s spread) String() string {
	if s.Min == s.Max {
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.Median), number(s.Min), number(s.Max))
}

// number shows three digits.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return fmt.Sprintf("%.0f", v)
	case a >= 100 || a == 0:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 1:
		return fmt.Sprintf("%.2f", v)
	case a >= 0.1:
		return fmt.Sprintf("%.3f", v)
	default:
		return fmt.Sprintf("%.2g", v)
	}
}

// markdown is the table with the machine that it was measured on.
func (d *document) markdown() string {
	var b strings.Builder
	m := d.Machine
	fmt.Fprintf(&b, "Measured %s: %d × %s, Linux %s, %s; load average %s before, %s after.\n", m.Started, m.CPUs, m.CPU, m.Kernel, m.Go, m.LoadBefore, m.LoadAfter)
	fmt.Fprintf(&b, "%d rounds in turns, %d streams over HTTP/1.1, each turn measured for up to %s after %s under load: median (min–max).\n\n", d.Rounds, d.Streams, d.Hold, d.Warm)
	b.WriteString("| row | what | ours | beside | figure | ratio | goal | reached | events behind it |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, l := range d.Lines {
		reached := map[bool]string{true: "yes", false: "**no**"}[l.Reached]
		own, theirs, ratio := strings.TrimSpace(l.Ours.String()+" "+l.Unit), "", ""
		if l.Base != "" {
			theirs, ratio = strings.TrimSpace(l.BaseFigure.String()+" "+l.Unit), l.Ratio.String()
		}
		if l.NotMeasured {
			own, theirs, ratio, reached = "not measured", "", "", "-"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", l.Row, l.What, own, l.Base, theirs, ratio, l.Goal, reached, count(l.Events, l.BaseEvents))
	}
	return b.String()
}

// count shows numbers of events in millions.
func count(own, theirs int64) string {
	if theirs == 0 {
		return fmt.Sprintf("%.2f M", float64(own)/1e6)
	}
	return fmt.Sprintf("%.2f M, %.2f M", float64(own)/1e6, float64(theirs)/1e6)
}

// write puts the document and the table into a folder.
func (d *document) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("figures.json: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "figures.json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "figures.md"), []byte(d.markdown()), 0o644)
}
