package results

import (
	"slices"
	"testing"
)

func TestSeriesHasARowForEachInterval(t *testing.T) {
	s := mustFold(t, sampleHeader(), sampleRun()).Series
	want := []string{
		"t_ns", "connections.open", "connections.opened", "connections.failed", "events.received", "deliveries.received",
		"fanout.latency.p50", "fanout.latency.p99", "fanout.latency.max", "server.cpu", "server.rss",
	}
	if s.IntervalNS != 1e9 || !slices.Equal(s.Columns, want) || len(s.Rows) != 6 {
		t.Fatalf("every %d ns, %v, %d rows", s.IntervalNS, s.Columns, len(s.Rows))
	}
	cell := func(row int, column string) *float64 { return s.Rows[row][slices.Index(want, column)] }
	for _, c := range []struct {
		row    int
		column string
		want   float64
	}{
		{0, "t_ns", 1e9},
		{5, "t_ns", 5.5e9},
		{0, "connections.failed", 2},
		{1, "deliveries.received", 8}, // the warm-up belongs to the picture
		{1, "fanout.latency.p50", 900e6},
		{3, "fanout.latency.max", 20e6},
		{4, "connections.open", 7},
		{5, "server.rss", 5000},
	} {
		if got := cell(c.row, c.column); got == nil || !near(*got, c.want) {
			t.Errorf("row %d, %s: %v, want %g", c.row, c.column, got, c.want)
		}
	}
	if cell(0, "fanout.latency.p50") != nil {
		t.Error("a second without receipts has a latency")
	}
}
