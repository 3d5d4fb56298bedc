package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"ssebench/results"
)

// remarks is what is said below a table of several runs, each thing once.
type remarks []string

func (r *remarks) say(format string, values ...any) {
	if remark := fmt.Sprintf(format, values...); !slices.Contains(*r, remark) {
		*r = append(*r, remark)
	}
}

// run names what was not as it should be in a run.
func (r *remarks) run(name string, d *results.Document) {
	switch {
	case d.Run.Failure != "":
		r.say("✗ %s failed: %s", name, d.Run.Failure)
	case d.Run.Partial:
		r.say("✗ %s was interrupted: its figures are those of the part that ran", name)
	}
	for _, t := range d.Thresholds {
		if observed, remark := observedOf(&t); t.Outcome != results.Held {
			sign, _ := mark(t.Outcome)
			r.say("%s %s: %s: %s %s", sign, name, t.Expression, observed, remark)
		}
	}
	for _, w := range d.Verdict.Inconclusive {
		r.say("? %s: %s: %s", name, w.Token, w.Message)
	}
	if d.Verdict.Trust != results.Trusted {
		r.say("! %s: generator %s: %s", name, d.Verdict.Trust, strings.Join(d.Verdict.Reasons, "; "))
	}
	for _, warning := range d.Warnings {
		r.say("! %s: %s: %s", name, warning.Token, warning.Message)
	}
}

// write writes them under a heading; nothing where there are none.
func (r *remarks) write(w io.Writer) error {
	if len(*r) == 0 {
		return nil
	}
	var lines []string
	for _, remark := range *r {
		lines = append(lines, indented(remark)...)
	}
	_, err := fmt.Fprintf(w, "\nRemarks\n%s\n", strings.Join(lines, "\n"))
	return err
}
