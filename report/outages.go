package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// mostOutages are shown; a run that repeats one a hundred times has the others in its document.
const mostOutages = 10

// outages writes a table and a chart for each outage.
func (p *page) outages() error {
	for n := range p.d.Outages[:min(len(p.d.Outages), mostOutages)] {
		if err := p.outage(&p.d.Outages[n]); err != nil {
			return err
		}
	}
	if more := len(p.d.Outages) - mostOutages; more > 0 {
		p.gap()
		p.line(dim, fmt.Sprintf("%s more are in the document", plural(float64(more), "outage", "outages")))
	}
	return nil
}

func (p *page) outage(o *results.Outage) error {
	p.gap()
	p.out.WriteString(p.paint(bold, "Outage "+o.Phase))
	p.line(dim, fmt.Sprintf("  %s · from %s on, for %s", o.What, nanos(o.StartNS), nanos(o.EndNS-o.StartNS)))
	dropped := fmt.Sprintf("open %s · dropped %s = recovered %s + stranded %s + away %s", number(o.Open), number(o.Dropped), number(o.Recovered), number(o.Stranded), number(o.Away))
	if o.Displaced > 0 {
		dropped += fmt.Sprintf(" + displaced %s", number(o.Displaced))
	}
	facts := []string{dropped}
	if o.BackNS != nil {
		facts = append(facts, "the server could be reached again after "+nanos(*o.BackNS))
	}
	if o.Dropped > o.Displaced {
		facts = append(facts, fmt.Sprintf("recovered_p50 %s · recovered_p95 %s · recovered_all %s", orNever(o.RecoveredP50NS), orNever(o.RecoveredP95NS), orNever(o.RecoveredAllNS)))
	}
	attempts := fmt.Sprintf("attempts %s · most in 100 ms %s", number(o.Attempts), number(o.MostAttempts))
	facts = append(facts, attempts+tokens(" · failed ", o.Failed), strings.TrimPrefix(tokens(" · replays ", o.Replays), " · "))
	if lost := o.LostMidstream + o.LostGap + o.LostTail; lost > 0 {
		facts = append(facts, fmt.Sprintf("of what was due in it, lost %s = lost_midstream %s + lost_gap %s + lost_tail %s", number(lost), number(o.LostMidstream), number(o.LostGap), number(o.LostTail)))
	}
	for _, fact := range filled(facts...) {
		for n, line := range join(strings.Split(fact, " · "), " · ", p.options.Width-4) {
			p.line(plain, strings.Repeat(" ", 2+2*min(n, 1))+line)
		}
	}
	if o.Stranded > 0 {
		p.marked(red, "  !", p.stranded(o), 4)
	}
	if err := p.besides(o); err != nil {
		return err
	}
	p.chart(&o.Series)
	return nil
}

func nanos(n int64) string { return results.Format(float64(n), results.UnitNanoseconds) }

func number(n int64) string { return results.Format(float64(n), results.UnitOne) }

func orNever(value *float64) string {
	if value == nil {
		return "never"
	}
	return results.Format(*value, results.UnitNanoseconds)
}

// tokens writes counts behind a word, most frequent first; nothing where there are none.
func tokens(word string, by map[string]int64) string {
	var parts []string
	for _, token := range byCount(by) {
		parts = append(parts, token+" "+number(by[token]))
	}
	if len(parts) == 0 {
		return ""
	}
	return word + strings.Join(parts, " · ")
}

// stranded says in words who never came back, and why.
func (p *page) stranded(o *results.Outage) string {
	who, why := "clients", "their policy takes that answer for the last word"
	if slices.Contains([]string{"chromium", "firefox", "safari"}, p.d.Facts().Reconnect) {
		who, why = "browser clients", "a browser's EventSource gives up for good on an answer other than 200 text/event-stream, and its user sees nothing more until a reload"
	}
	return fmt.Sprintf("%s of the %s (%s of %s) never came back after %s: %s", results.Format(float64(o.Stranded)/float64(o.Dropped), results.UnitRatio), who,
		number(o.Stranded), number(o.Dropped), strings.Join(byCount(o.StrandedBy), ", "), why)
}

// besides sets before, during and after side by side.
func (p *page) besides(o *results.Outage) error {
	rows := [][]string{{"", "count", "p50", "p90", "p99", "p99.9", "max"}}
	for _, r := range []struct {
		id    results.ID
		when  string
		value *results.Value
	}{
		{results.FanoutSurvivors, "before", o.SurvivorsBefore},
		{results.FanoutSurvivors, "during", o.SurvivorsDuring},
		{results.FanoutSurvivors, "after", o.SurvivorsAfter},
		{results.ConnectTotal, "before", o.ConnectBefore},
		{results.ConnectTotal, "during", o.ConnectDuring},
		{results.ReconnectCaughtUp, "", o.CaughtUp},
	} {
		if r.value == nil || r.value.Histogram == nil {
			continue
		}
		row := percentileRow(r.id, r.value.Histogram)
		row[0] = strings.TrimRight("  "+r.id.String()+" "+r.when, " ")
		rows = append(rows, row)
	}
	if len(rows) == 1 {
		return nil
	}
	right := tw.AlignRight
	lines, err := align(rows, tw.AlignLeft, right, right, right, right, right, right)
	if err != nil {
		return err
	}
	for n, line := range lines {
		look := plain
		if n == 0 {
			look = dim
		}
		p.line(look, line)
	}
	return nil
}
