package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"ssebench/results"
)

// drillTables is the file to which make drill writes; empty in make test. The tests are the same, with as many streams as they are about,
// and one after the other.
var drillTables = os.Getenv("SSEBENCH_DRILL")

var drill = drillTables != ""

// streams gives the number of streams of a test: in make test, and in make drill.
func streams(test, whole int) int {
	if drill {
		return whole
	}
	return test
}

// tables are the rows so far, by title.
var tables struct {
	sync.Mutex
	titles []string
	heads  map[string][]string
	rows   map[string][][]string
	load   string // of the machine before the first row
}

// tabulate logs a row of a table of the drill, and in make drill writes all that there is. The cells are names and values in turn.
func tabulate(t *testing.T, title string, cells ...any) {
	t.Helper()
	tables.Lock()
	defer tables.Unlock()
	var head, row, pairs []string
	for i := 0; i < len(cells); i += 2 {
		head, row = append(head, fmt.Sprint(cells[i])), append(row, fmt.Sprint(cells[i+1]))
		pairs = append(pairs, fmt.Sprint(cells[i], " ", cells[i+1]))
	}
	t.Logf("%s: %s", title, strings.Join(pairs, ", "))
	if tables.heads == nil {
		tables.heads, tables.rows, tables.load = map[string][]string{}, map[string][][]string{}, loadAverage()
	}
	if tables.heads[title] == nil {
		tables.titles = append(tables.titles, title)
	}
	tables.heads[title] = head
	tables.rows[title] = append(tables.rows[title], row)
	if !drill {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- written by make drill -->\n%d cores, %s; load average %s after the first row, %s after the last.\n", runtime.NumCPU(), runtime.Version(),
		tables.load, loadAverage())
	for _, title := range tables.titles {
		fmt.Fprintf(&b, "\n### %s\n\n| %s |\n|%s\n", title, strings.Join(tables.heads[title], " | "), strings.Repeat("---|", len(tables.heads[title])))
		for _, row := range tables.rows[title] {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	if err := os.WriteFile(drillTables, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

// tellOutage tabulates an outage after the cells that say which one it is.
func tellOutage(t *testing.T, title string, d *results.Document, cells ...any) {
	t.Helper()
	o := d.Outages[0]
	v := func(name string) string { return fmt.Sprintf("%.0f", value(d, "deliveries."+name)) }
	tabulate(t, title, append(cells,
		"streams", o.Open, "dropped", o.Dropped, "stranded", o.Stranded, "away", o.Away,
		"back: half", after(o.RecoveredP50NS), "95 %", after(o.RecoveredP95NS), "all", after(o.RecoveredAllNS),
		"attempts", o.Attempts, "most in 100 ms", o.MostAttempts, "failed", tokens(o.Failed),
		"expected", v("expected"), "lost in gaps", v("lost_gap"), "in the tail", v("lost_tail"), "replays", tokens(o.Replays))...)
}

func after(ns *float64) string {
	if ns == nil {
		return "never"
	}
	return fmt.Sprintf("%.2f s", *ns/1e9)
}

func tokens(by map[string]int64) string {
	var all []string
	for token, n := range by {
		all = append(all, fmt.Sprintf("%s %d", token, n))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
