package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// Compare writes what variants of a scenario cost, in one table; how costs and staleness lie to each other; and at which rate of events
// one costs as much as another. Several documents of a variant are shown by their medians, and what they lost by the most.
func Compare(w io.Writer, documents []*results.Document) error {
	w = plainWriter{w}
	c := compared(documents)
	for _, part := range []func(io.Writer) error{c.table, c.chart, c.breakEven, c.duplex, c.remarks} {
		if err := part(w); err != nil {
			return err
		}
	}
	return nil
}

// comparison is variants in the order of their first documents.
type comparison []*variant

// variant is the documents of one, and the costs of each.
type variant struct {
	name      string
	documents []*results.Document
	costs     []results.Cost
}

// compared puts the documents of one variant together that ask for the same, and leaves every other document by itself, in the order
// given: the first is the base that the others are held against. Of two that have one name each has the ID of its run behind it.
func compared(documents []*results.Document) (c comparison) {
	for _, d := range documents {
		i := slices.IndexFunc(c, func(v *variant) bool {
			first := v.documents[0]
			return d.Run.Variant != "" && first.Run.Variant == d.Run.Variant && difference(first, d) == ""
		})
		if i < 0 {
			i, c = len(c), append(c, &variant{name: nameOf(d)})
		}
		c[i].documents = append(c[i].documents, d)
		c[i].costs = append(c[i].costs, results.CostOf(d))
	}
	for _, v := range c {
		first := v.documents[0]
		if slices.ContainsFunc(c, func(other *variant) bool { return other != v && nameOf(other.documents[0]) == nameOf(first) }) {
			v.name = nameOf(first) + " " + first.Run.ID
		}
	}
	return c
}

func nameOf(d *results.Document) string {
	if d.Run.Variant != "" {
		return d.Run.Variant
	}
	return d.Run.Scenario
}

// cost gives the median of a figure of the costs; false where no document has it.
func (v *variant) cost(of func(*results.Cost) (float64, bool)) (float64, bool) {
	var values []float64
	for i := range v.costs {
		if value, ok := of(&v.costs[i]); ok {
			values = append(values, value)
		}
	}
	return median(values)
}

func idleBytes(c *results.Cost) (float64, bool) { return c.Idle.Bytes, c.HasIdle() }
func busyBytes(c *results.Cost) (float64, bool) { return c.Busy.Bytes, c.Busy.Clients > 0 }
func busyRate(c *results.Cost) (float64, bool)  { return c.Busy.Events, c.Busy.Clients > 0 }

const hour = 3600 // seconds

// comparedColumns are the figures of the table.
var comparedColumns = []struct {
	head string
	of   func(v *variant) string
}{
	{"a delivery", func(v *variant) string {
		return show(results.UnitBytes)(v.cost((*results.Cost).DeliveryBytes))
	}},
	{"idle, hour", func(v *variant) string {
		return show(results.UnitBytes)(v.cost(func(c *results.Cost) (float64, bool) { return c.Idle.Bytes * hour, c.HasIdle() }))
	}},
	{"requests", func(v *variant) string {
		return show(results.UnitOne)(v.cost(func(c *results.Cost) (float64, bool) { return math.Round(c.Busy.Requests * hour), c.Busy.Clients > 0 }))
	}},
	{"empty", func(v *variant) string {
		return show(results.UnitRatio)(v.cost(func(c *results.Cost) (float64, bool) { return c.Busy.Empty / c.Busy.Requests, c.Busy.Requests > 0 }))
	}},
	{"p50", func(v *variant) string {
		_, shown := v.staleness("p50")
		return shown
	}},
	{"p99", func(v *variant) string {
		_, shown := v.staleness("p99")
		return shown
	}},
	{"lost", func(v *variant) string { return show(results.UnitOne)(v.mostLost()) }},
	{"CPU/1,000", func(v *variant) string {
		each, ok := medianOf(v.documents, gaugeOf(results.ServerCPUPerDelivery))
		return show(results.UnitNanoseconds)(each*1000, ok)
	}},
	{"memory", func(v *variant) string {
		return show(results.UnitBytes)(medianOf(v.documents, gaugeOf(results.ServerRSSPerConnection)))
	}},
}

func show(unit results.Unit) func(float64, bool) string {
	return func(value float64, ok bool) string { return shownOr(value, ok, unit) }
}

// staleness is a percentile of the time from the due time of an event to its receipt, or from the time that the server wrote into it where it
// emits by itself, and how it is shown. Where a document does not support it, or lost so many, there is none.
func (v *variant) staleness(field string) (nanos float64, shown string) {
	id := results.FanoutLatency
	if len(v.documents) > 0 && v.documents[0].Metrics[id.String()].Histogram == nil {
		id = results.ObservedLatency
	}
	for _, d := range v.documents {
		h := d.Metrics[id.String()].Histogram
		if h == nil {
			return 0, "-"
		}
		if shown := percentile(h, field); shown == "-" || shown == "lost" {
			return 0, shown
		}
	}
	nanos, _ = medianOf(v.documents, percentileOf(id, field))
	return nanos, results.Format(nanos, results.UnitNanoseconds)
}

// mostLost is of the run that lost most: a median would hide it.
func (v *variant) mostLost() (most float64, ok bool) {
	for _, d := range v.documents {
		if lost, known := gaugeOf(results.DeliveriesLost)(d); known {
			most, ok = max(most, lost), true
		}
	}
	return most, ok
}

func (c comparison) table(w io.Writer) error {
	head, alignments := []string{"Comparison"}, []tw.Align{tw.AlignLeft}
	for _, column := range comparedColumns {
		head, alignments = append(head, column.head), append(alignments, tw.AlignRight)
	}
	rows := [][]string{head}
	for _, v := range c {
		row := []string{"  " + v.name}
		for _, column := range comparedColumns {
			row = append(row, column.of(v))
		}
		rows = append(rows, row)
	}
	lines, err := align(rows, alignments...)
	if err != nil {
		return err
	}
	legend := "a delivery: bytes of both directions for each event that a client gets; idle, hour: bytes of a client in an hour without events; " +
		"requests: of a client in an hour while events come, and how many were answered without news; p50, p99: staleness (fanout.latency); " +
		"CPU/1,000: the server's for as many deliveries; memory: the server's for each client"
	for _, about := range []string{legend, c.rounds(), c.link()} {
		if about != "" {
			lines = append(lines, indented(about)...)
		}
	}
	_, err = fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// rounds says of how many runs the figures are, where it is not one of each.
func (c comparison) rounds() string {
	var several []string
	for _, v := range c {
		if n := len(v.documents); n > 1 {
			several = append(several, fmt.Sprintf("%d of %s", n, v.name))
		}
	}
	if len(several) == 0 {
		return ""
	}
	return "medians of several runs, and the most that one of them lost: " + strings.Join(several, ", ")
}

func indented(text string) (lines []string) {
	for _, line := range wrap(text, 98) {
		lines = append(lines, "  "+line)
	}
	return lines
}

// link says once of which link the bytes are, where all documents agree.
func (c comparison) link() string {
	said := ""
	for _, v := range c {
		for i, d := range v.documents {
			switch says := linkOf(d, v.costs[i].OnLink); said {
			case "", says:
				said = says
			default:
				return "the bytes are of different links, and not to be compared: " + said + "; " + says
			}
		}
	}
	return said
}

// remarks names what was not as it should be in any of the runs.
func (c comparison) remarks(w io.Writer) error {
	var r remarks
	for _, v := range c {
		if base := c[0]; v != base && v.documents[0].Run.Variant == "" {
			if what := difference(base.documents[0], v.documents[0]); what != "" {
				r.say("! %s does not ask for what the base %s does: %s", v.name, base.name, what)
			}
		}
		for _, d := range v.documents {
			r.run(v.name, d)
		}
	}
	return r.write(w)
}
