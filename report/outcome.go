package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

func (p *page) title() error {
	run := p.d.Run
	name := run.Scenario
	if name == "" {
		name = "run " + run.ID
	}
	facts := []string{}
	if run.DurationNS > 0 {
		facts = append(facts, results.Format(float64(run.DurationNS), results.UnitNanoseconds))
	}
	if started, err := time.Parse(time.RFC3339, run.Started); err == nil {
		facts = append(facts, started.Format("2006-01-02 15:04:05 MST"))
	}
	if run.ID != "" {
		facts = append(facts, "run "+run.ID)
	}
	p.out.WriteString(p.paint(bold, strings.Join(wrap(name, p.options.Width), " ")))
	p.line(dim, "  "+strings.Join(facts, " · "))
	return nil
}

// observedOf writes what a threshold was held against, and what there is to say of it.
func observedOf(t *results.ThresholdResult) (observed, remark string) {
	lost, isLost := strings.CutPrefix(t.Reason, "lost: ")
	switch {
	case t.Outcome == results.NotMeasured:
		return "n/a", t.Reason
	case t.Observed != nil:
		return results.Format(*t.Observed, t.Unit), t.Reason
	case isLost:
		return "lost", lost
	}
	return "-", t.Reason
}

// mark is the sign of an outcome and its look.
func mark(o results.Outcome) (sign string, look style) {
	switch o {
	case results.Held:
		return "✓", green
	case results.Crossed:
		return "✗", red
	case results.NotMeasured:
		return "–", dim
	}
	return "?", yellow
}

func (p *page) thresholds() error {
	p.gap()
	var rows [][]string
	for _, t := range p.d.Thresholds {
		sign, _ := mark(t.Outcome)
		observed, remark := observedOf(&t)
		if name, what, ok := strings.Cut(remark, ": "); ok && strings.HasPrefix(t.Expression, name) {
			remark = what // the expression is beside it
		}
		if t.Default && remark == "" {
			remark = "default"
		}
		rows = append(rows, []string{sign, t.Expression, observed, remark})
	}
	lines, err := align(rows, tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignLeft)
	if err != nil {
		return err
	}
	for n, line := range lines {
		remark := rows[n][3]
		sign, look := mark(p.d.Thresholds[n].Outcome)
		below := twwidth.Width(line) > p.options.Width
		line = strings.TrimSuffix(line, remark)
		if below {
			line = strings.TrimRight(line, " ")
		}
		p.out.WriteString(p.paint(look, sign) + " " + strings.TrimLeft(strings.TrimPrefix(line, sign), " "))
		if !below {
			p.line(dim, remark)
			continue
		}
		p.line(plain, "")
		for _, part := range wrap(remark, p.options.Width-4) {
			p.line(dim, "    "+part)
		}
	}
	if len(rows) == 0 {
		p.line(dim, "no thresholds")
	}
	return nil
}

func (p *page) verdict() error {
	p.gap()
	word, look, why := "PASSED:", green, p.counted()
	switch p.d.ExitCode() {
	case results.ExitFailed:
		word, look, why = "FAILED:", red, p.d.Run.Failure
	case results.ExitInterrupted:
		word, look, why = "INTERRUPTED:", yellow, "the figures are those of the part that ran; "+why
	case results.ExitInconclusive:
		word, look = "INCONCLUSIVE:", yellow
		switch {
		case p.d.Verdict.Trust == results.GeneratorLimited:
			why = "the generator was the limit, so the figures are not the server's; " + why
		case len(p.d.Verdict.Inconclusive) > 0:
			first := p.d.Verdict.Inconclusive[0]
			why = first.Token + ": " + first.Message + "; " + why
		}
	case results.ExitCrossed:
		word, look = "FAILED:", red
	}
	if cause := p.d.Verdict.Cause; cause != "" && !strings.HasPrefix(why, cause) {
		why = cause + "; " + why
	}
	if p.d.Verdict.Trust != "" {
		why += "; generator: " + p.d.Verdict.Trust
	}
	p.marked(look, word, why, 2)
	for n, w := range p.d.Verdict.Inconclusive {
		if n > 0 || p.d.ExitCode() != results.ExitInconclusive || p.d.Verdict.Trust == results.GeneratorLimited {
			p.marked(yellow, "  •", w.Token+": "+w.Message, 4)
		}
	}
	for _, reason := range p.d.Verdict.Reasons {
		p.marked(yellow, "  •", reason, 4)
	}
	return nil
}

// counted says in words what the thresholds came to.
func (p *page) counted() string {
	all := len(p.d.Thresholds)
	crossed, undecided := p.d.Count(results.Crossed), p.d.Count(results.Inconclusive)
	switch {
	case all == 0:
		return "nothing was asked of the server"
	case p.d.Count(results.NotMeasured) == all:
		return "no threshold was measured"
	case all == 1 && crossed == 1:
		return "the threshold was crossed"
	case crossed > 0 && undecided > 0:
		return fmt.Sprintf("%d of %d thresholds crossed, %d inconclusive", crossed, all, undecided)
	case crossed > 0:
		return fmt.Sprintf("%d of %d thresholds crossed", crossed, all)
	case undecided > 0:
		return fmt.Sprintf("%d of %d thresholds inconclusive, none crossed", undecided, all)
	case all == 1:
		return "the threshold held"
	}
	return "every threshold held"
}

func (p *page) warnings() error {
	for _, w := range p.d.Warnings {
		p.marked(yellow, "!", w.Token+": "+w.Message, 2)
	}
	return nil
}

// classified are the metrics whose tokens are not failures.
var classified = []results.ID{results.ConnectionsOpened, results.ConnectionsCut, results.ReconnectReplays}

// properEnd is the token of a stream that ended as its protocol has it.
const properEnd = "eof"

// failures lists what has tokens, most frequent first.
func (p *page) failures() error {
	var rows [][]string
	for id := range results.NumMetrics {
		if slices.Contains(classified, id) {
			continue
		}
		by := p.d.Metrics[id.String()].By
		name := id.String()
		for _, token := range byCount(by) {
			if token == properEnd {
				continue
			}
			rows = append(rows, []string{"  " + name, token, results.Format(float64(by[token]), results.UnitOne)})
			name = ""
		}
	}
	lines, err := align(rows, tw.AlignLeft, tw.AlignLeft, tw.AlignRight)
	if err != nil || len(lines) == 0 {
		return err
	}
	p.gap()
	p.line(bold, "Failures by token")
	for _, line := range lines {
		p.line(plain, line)
	}
	return nil
}

func (p *page) footer() error {
	p.gap()
	e := p.d.Environment
	facts := []string{}
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" {
			facts = append(facts, text)
		}
	}
	if e.Version != "" {
		add("ssebench " + e.Version)
	}
	add(e.GoVersion)
	add(e.OS + " " + e.Kernel)
	if e.Cores > 0 {
		add(fmt.Sprintf("%d × %s", e.Cores, cpuName(e.CPU)))
	}
	if e.Memory > 0 {
		add(results.Format(float64(e.Memory), results.UnitBytes))
	}
	switch p.d.Run.TimeOfReceipt {
	case results.ReceiptKernel:
		add("receipts stamped by the kernel")
	case results.ReceiptRead:
		add("receipts stamped after the read")
	}
	if len(facts) > 0 {
		for _, line := range join(facts, " · ", p.options.Width) {
			p.line(dim, line)
		}
	}
	return nil
}

func cpuName(name string) string {
	if name == "" {
		return "cores"
	}
	return name
}
