package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"ssebench/report"
	"ssebench/results"
	"ssebench/scenarios"
)

// inTurns measures scenarios in rounds, each once in a round, so that what drifts on this machine is shared by all. The documents are by
// scenario. It ends early with a run that was interrupted or failed, and with an error beside the documents there are, where one could not begin.
func (o *runOptions) inTurns(ctx context.Context, all []*scenarios.Scenario) ([][]*results.Document, error) {
	interrupts := newInterrupts(ctx)
	defer interrupts.stop()
	documents := make([][]*results.Document, len(all))
	for range o.rounds {
		for i, scenario := range all {
			if name := scenario.Variant(); name != "" && !o.quiet {
				_, _ = fmt.Fprintf(o.stderr, "%s (%d of %d)\n", name, i+1, len(all)) // as little a reason to end a run as the progress
			}
			d, path, err := o.measure(ctx, interrupts, scenario)
			if err != nil {
				return documents, err
			}
			if path != "" {
				o.written = append(o.written, path)
			}
			documents[i] = append(documents[i], d)
			if d.Run.Partial || d.Run.Failure != "" {
				return documents, nil
			}
		}
	}
	return documents, nil
}

// atLeastOneRound fills in how many rounds there are where nobody said, and refuses none.
func (o *runOptions) atLeastOneRound(usual int) error {
	if o.rounds == 0 {
		o.rounds = usual
	}
	if o.rounds < 1 {
		return usage(fmt.Errorf("--rounds %d: it must be 1 or more", o.rounds))
	}
	return nil
}

// compare runs the variants of a scenario in turns and shows what each costs. The exit code is the worst of them.
func (o *runOptions) compare(ctx context.Context, variants []*scenarios.Scenario) error {
	if err := o.atLeastOneRound(1); err != nil {
		return err
	}
	seed := variants[0].Seed
	for seed == 0 {
		seed = uint64(rand.Uint32())
	}
	for _, variant := range variants { // what is drawn by lot is the same for all
		if variant.Seed == 0 {
			variant.Seed = seed
		}
	}
	documents, ended := o.inTurns(ctx, variants)
	var all []*results.Document
	var missing []string
	for i, of := range documents {
		if all = append(all, of...); len(of) == 0 {
			missing = append(missing, variants[i].Variant())
		}
	}
	if len(all) == 0 {
		return ended
	}
	if err := renderComparison(o.stdout, all, o.output, &o.project); err != nil {
		return err
	}
	if o.output == "text" {
		text := "\n"
		if len(missing) > 0 {
			text += "not run: " + strings.Join(missing, ", ") + "\n"
		}
		text += "documents:\n  " + strings.Join(o.written, "\n  ") + "\n"
		if _, err := io.WriteString(o.stdout, text); err != nil {
			return err
		}
	}
	if ended != nil {
		return ended
	}
	return verdict(worstOf(all))
}

// renderComparison writes documents beside each other.
func renderComparison(w io.Writer, all []*results.Document, output outputFlag, project *projectFlag) error {
	if output == "json" {
		return printJSON(w, all)
	}
	if err := report.Compare(w, all); err != nil {
		return err
	}
	return project.show(w, all)
}

func printJSON(w io.Writer, all []*results.Document) error {
	for _, d := range all {
		if err := report.JSON(w, d); err != nil {
			return err
		}
	}
	return nil
}

// worstOf returns the document whose exit code prevails, the last of those that share it.
func worstOf(all []*results.Document) *results.Document {
	worst := all[0]
	for _, d := range all[1:] {
		if rank(d.ExitCode()) >= rank(worst.ExitCode()) {
			worst = d
		}
	}
	return worst
}

// rank orders the exit codes of several runs by what prevails: 1, 130, 99, 98, 0. A threshold that a sound run crossed is crossed,
// whatever another run could not tell.
func rank(code int) int {
	return map[int]int{results.ExitFailed: 4, results.ExitInterrupted: 3, results.ExitCrossed: 2, results.ExitInconclusive: 1}[code]
}
