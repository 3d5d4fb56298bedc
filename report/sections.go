package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// section is a group of histograms with the counters and gauges that belong to them.
type section struct {
	title      string
	histograms []results.ID
	facts      func(p *page) []string // a line each
}

var sections = []section{
	{
		title: "Connecting",
		histograms: []results.ID{
			results.ConnectDial, results.ConnectTLS, results.ConnectHeaders, results.ConnectTotal, results.ConnectFirstEvent, results.ConnectLag,
		},
		facts: connectionFacts,
	},
	{title: "Shared connections", histograms: []results.ID{results.ConnectQueue, results.ConnectStarved}, facts: sharingFacts},
	{
		title: "Fan-out",
		histograms: []results.ID{
			results.FanoutLatency, results.FanoutFromSend, results.FanoutReplayed, results.FanoutFirst, results.FanoutLast, results.FanoutSpread,
		},
		facts: fanoutFacts,
	},
	{title: "Observed", histograms: []results.ID{results.ObservedLatency}},
	{title: "Requests", histograms: []results.ID{results.RequestsDuration}, facts: requestFacts},
	{title: "Publishing", histograms: []results.ID{results.PublishDuration, results.PublishLag}, facts: publishFacts},
	{title: "Deliveries", facts: deliveryFacts},
	{
		title:      "Streams",
		histograms: []results.ID{results.EventsInterval, results.StreamHeartbeat, results.StreamAge, results.StreamIdle},
		facts:      streamFacts,
	},
	{
		title:      "Reconnecting",
		histograms: []results.ID{results.ReconnectDowntime, results.ReconnectDelayError, results.ReconnectCaughtUp},
		facts:      reconnectFacts,
	},
	{title: "Slow readers", histograms: []results.ID{results.SlowAge}, facts: slowFacts},
	{
		title:      "Generator",
		histograms: []results.ID{results.GeneratorScheduleLag, results.GeneratorLag, results.GeneratorGCPause},
		facts:      generatorFacts,
	},
	{title: "Server", facts: serverFacts},
}

// sections writes all tables in one set of columns, so that the eye runs down a percentile over the whole page.
func (p *page) sections() error {
	type block struct {
		title string
		rows  int // of the table; 0: no histogram has values
		facts []string
	}
	var rows [][]string
	var blocks []block
	for _, s := range sections {
		b := block{title: s.title}
		for _, id := range s.histograms {
			summary := p.d.Metrics[id.String()].Histogram
			if summary == nil || summary.Count == 0 && summary.Censored == 0 {
				continue
			}
			if b.rows == 0 {
				rows = append(rows, []string{b.title, "count", "p50", "p90", "p99", "p99.9", "max"})
				b.rows++
			}
			rows = append(rows, percentileRow(id, summary))
			b.rows++
		}
		if s.facts != nil {
			b.facts = s.facts(p)
		}
		if b.rows > 0 || len(b.facts) > 0 {
			blocks = append(blocks, b)
		}
	}
	right := tw.AlignRight
	lines, err := align(rows, tw.AlignLeft, right, right, right, right, right, right)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		p.gap()
		if b.rows == 0 {
			p.line(bold, b.title)
		} else {
			p.out.WriteString(p.paint(bold, b.title))
			p.line(dim, strings.TrimPrefix(lines[0], b.title))
			for _, line := range lines[1:b.rows] {
				p.line(plain, line)
			}
			lines = lines[b.rows:]
		}
		for _, fact := range b.facts {
			for n, line := range join(strings.Split(fact, " · "), " · ", p.options.Width-4) {
				p.line(plain, strings.Repeat(" ", 2+2*min(n, 1))+line)
			}
		}
	}
	return nil
}

// percentile writes a percentile where enough values support it, and lost where it never came.
func percentile(s *results.Summary, field string) string {
	switch value := s.Percentile(field); {
	case value == nil && s.Count+s.Censored > 0:
		return "lost"
	case value == nil || !s.Supports(field):
		return "-"
	default:
		return results.Format(*value, results.UnitNanoseconds)
	}
}

// percentileRow writes the percentiles of a metric.
func percentileRow(id results.ID, s *results.Summary) []string {
	row := []string{"  " + id.String(), results.Format(float64(s.Count), results.UnitOne)}
	for _, field := range []string{"p50", "p90", "p99", "p99_9"} {
		row = append(row, percentile(s, field))
	}
	if s.Censored > 0 {
		return append(row, "lost")
	}
	return append(row, results.Format(s.Max, results.UnitNanoseconds))
}

// byCount gives the tokens, most frequent first.
func byCount(by map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		return cmp.Or(cmp.Compare(by[b], by[a]), strings.Compare(a, b))
	})
}

// value gives a counter's or gauge's value.
func (p *page) value(id results.ID) (float64, bool) {
	v, ok := p.d.Metrics[id.String()]
	if !ok || v.Value == nil {
		return 0, false
	}
	return *v.Value, true
}

// show writes a metric behind the last part of its name: "opened 5,000".
func (p *page) show(id results.ID) string {
	value, _ := p.value(id)
	return shortName(id) + " " + results.Format(value, results.Catalogue[id].Unit)
}

// shown joins the metrics that the document has; of those in quiet, the ones that are not zero.
func (p *page) shown(loud []results.ID, quiet ...results.ID) string {
	var facts []string
	for _, id := range loud {
		if _, ok := p.value(id); ok {
			facts = append(facts, p.show(id))
		}
	}
	for _, id := range quiet {
		if value, ok := p.value(id); ok && value != 0 {
			facts = append(facts, p.show(id))
		}
	}
	return strings.Join(facts, " · ")
}

// sum writes a total as the sum of its parts: "attempted 3 = opened 2 + failed 1". Where it is none, since the run is not over,
// it writes what there is.
func (p *page) sum(total results.ID, parts ...results.ID) string {
	rest, known := p.value(total)
	var shown []string
	for _, id := range parts {
		value, ok := p.value(id)
		known = known && ok
		rest -= value
		shown = append(shown, p.show(id))
	}
	if !known || rest != 0 {
		return p.shown(append([]results.ID{total}, parts...))
	}
	return fmt.Sprintf("%s = %s", p.show(total), strings.Join(shown, " + "))
}

// shortName is the part of a metric's name behind its group.
func shortName(id results.ID) string {
	_, short, _ := strings.Cut(id.String(), ".")
	return short
}

// filled leaves out the empty ones.
func filled(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
