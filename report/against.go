package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// distance is one row of the comparison with the reference server.
type distance struct {
	name string
	unit results.Unit
	of   func(d *results.Document) (value float64, ok bool)
}

var distances = []distance{
	{"fanout.latency p50", results.UnitNanoseconds, percentileOf(results.FanoutLatency, "p50")},
	{"fanout.latency p99", results.UnitNanoseconds, percentileOf(results.FanoutLatency, "p99")},
	{"fanout.last p50", results.UnitNanoseconds, percentileOf(results.FanoutLast, "p50")},
	{"connect.headers p50", results.UnitNanoseconds, percentileOf(results.ConnectHeaders, "p50")},
	{"publish.duration p50", results.UnitNanoseconds, percentileOf(results.PublishDuration, "p50")},
	{"server.cpu_per_delivery", results.UnitNanoseconds, gaugeOf(results.ServerCPUPerDelivery)},
	{"  of that, user", results.UnitNanoseconds, cpuShare(false)},
	{"  of that, system", results.UnitNanoseconds, cpuShare(true)},
	{"server.rss", results.UnitBytes, gaugeOf(results.ServerRSS)},
	{"server.rss_per_connection", results.UnitBytes, gaugeOf(results.ServerRSSPerConnection)},
	{"deliveries.lost", results.UnitOne, gaugeOf(results.DeliveriesLost)},
}

// Against writes how far the target is from the reference server, which ran under the same load in turns with it: medians over the
// runs of each, and target over reference.
func Against(w io.Writer, target, reference []*results.Document) error {
	w = plainWriter{w}
	rows := [][]string{{"Against this machine's floor", "target", "reference", "distance"}}
	for _, row := range distances {
		t, hasTarget := medianOf(target, row.of)
		r, hasReference := medianOf(reference, row.of)
		if !hasTarget && !hasReference {
			continue
		}
		ratio := "-"
		if hasTarget && hasReference && r > 0 {
			ratio = fmt.Sprintf("%.2f ×", t/r)
		}
		rows = append(rows, []string{"  " + row.name, shownOr(t, hasTarget, row.unit), shownOr(r, hasReference, row.unit), ratio})
	}
	right := tw.AlignRight
	lines, err := align(rows, tw.AlignLeft, right, right, right)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(w, "\n%s\n  medians of %s and %s, in turns; the reference does no authorisation and no storage\n",
		strings.Join(lines, "\n"), plural(float64(len(target)), "run of the target", "runs of the target"),
		plural(float64(len(reference)), "of the reference", "of the reference")); err != nil {
		return err
	}
	var r remarks
	for _, v := range []struct {
		name      string
		documents []*results.Document
	}{{"target", target}, {"reference", reference}} {
		for n, d := range v.documents {
			name := v.name
			if len(v.documents) > 1 {
				name += fmt.Sprintf(" %d of %d", n+1, len(v.documents))
			}
			if d.ExitCode() != results.ExitPassed {
				r.run(name, d)
			}
		}
	}
	return r.write(w)
}

func shownOr(value float64, ok bool, unit results.Unit) string {
	if !ok {
		return "-"
	}
	return results.Format(value, unit)
}

// medianOf gives the median of what the documents say.
func medianOf(documents []*results.Document, of func(*results.Document) (float64, bool)) (float64, bool) {
	var values []float64
	for _, d := range documents {
		if v, ok := of(d); ok {
			values = append(values, v)
		}
	}
	return median(values)
}

// median of an even number is the mean of the two in the middle; there is none of nothing.
func median(values []float64) (float64, bool) {
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	mid := len(values) / 2
	if len(values)%2 == 1 {
		return values[mid], true
	}
	return (values[mid-1] + values[mid]) / 2, true
}

func percentileOf(id results.ID, field string) func(*results.Document) (float64, bool) {
	return func(d *results.Document) (float64, bool) {
		h := d.Metrics[id.String()].Histogram
		if h == nil || h.Count == 0 {
			return 0, false
		}
		p := h.Percentile(field)
		if p == nil {
			return 0, false
		}
		return *p, true
	}
}

func gaugeOf(id results.ID) func(*results.Document) (float64, bool) {
	return func(d *results.Document) (float64, bool) {
		v := d.Metrics[id.String()].Value
		if v == nil {
			return 0, false
		}
		return *v, true
	}
}

// cpuShare splits server.cpu_per_delivery by the kernel's share of the CPU.
func cpuShare(system bool) func(*results.Document) (float64, bool) {
	return func(d *results.Document) (float64, bool) {
		each, ok1 := gaugeOf(results.ServerCPUPerDelivery)(d)
		cpu, ok2 := gaugeOf(results.ServerCPU)(d)
		kernel, ok3 := gaugeOf(results.ServerCPUSystem)(d)
		if !ok1 || !ok2 || !ok3 || cpu <= 0 {
			return 0, false
		}
		share := min(kernel/cpu, 1)
		if !system {
			share = 1 - share
		}
		return each * share, true
	}
}
