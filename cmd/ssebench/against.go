package main

import (
	"context"
	"errors"
	"fmt"

	"ssebench/report"
	"ssebench/results"
	"ssebench/scenarios"
)

// runAgainst runs the scenario's target and the reference server in turns under the same load (A B A B), and shows how far the target
// is from this machine's floor. The exit code is the worst of the target's runs.
func (o *runOptions) runAgainst(ctx context.Context, source scenarios.Source) error {
	if o.against != "reference" {
		return usage(fmt.Errorf("--against %s: there is only \"reference\"", o.against))
	}
	if o.rounds < 1 {
		return usage(fmt.Errorf("--rounds %d: it must be 1 or more", o.rounds))
	}
	target, err := scenarios.Decode(source)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if target.Publish == nil {
		return usage(errors.New("--against reference: the scenario does not publish, so the reference server would have nothing to say"))
	}
	if target.Bundled() {
		return usage(errors.New("--against reference: the scenario has no target to compare; give --url"))
	}
	source.Sets = append(source.Sets[:len(source.Sets):len(source.Sets)],
		scenarios.Setting{Path: "reference", Value: "true", Flag: "--against reference"},
		scenarios.Setting{Path: "publish.hook", Value: "null", Flag: "--against reference"},
		scenarios.Setting{Path: "name", Value: target.Name + "-reference", Flag: "--against reference"})
	reference, err := scenarios.Decode(source)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	interrupts := newInterrupts(ctx)
	defer interrupts.stop()
	var targets, references []*results.Document
	for range o.rounds {
		t, _, err := o.measure(ctx, interrupts, target)
		if err != nil {
			return err
		}
		targets = append(targets, t)
		if t.Run.Partial || t.Run.Failure != "" {
			break
		}
		r, _, err := o.measure(ctx, interrupts, reference)
		if err != nil {
			return err
		}
		references = append(references, r)
		if r.Run.Partial || r.Run.Failure != "" {
			break
		}
	}
	return o.reportAgainst(targets, references)
}

func (o *runOptions) reportAgainst(targets, references []*results.Document) error {
	if o.output == "json" {
		for _, d := range append(targets, references...) {
			if err := report.JSON(o.stdout, d); err != nil {
				return err
			}
		}
	} else {
		if err := render(o.stdout, targets[len(targets)-1], o.output); err != nil {
			return err
		}
		if len(references) > 0 {
			if err := report.Against(o.stdout, targets, references); err != nil {
				return err
			}
		}
	}
	for _, d := range references {
		if d.Run.Failure != "" {
			return &exitError{exitFailed, fmt.Errorf("the run of the reference server failed: %s", d.Run.Failure)}
		}
	}
	worst := targets[0]
	for _, d := range targets {
		if rank(d.ExitCode()) > rank(worst.ExitCode()) {
			worst = d
		}
	}
	return verdict(worst)
}

// rank orders exit codes by what prevails: 1, 130, 98, 99, 0.
func rank(code int) int {
	return map[int]int{results.ExitFailed: 4, results.ExitInterrupted: 3, results.ExitInconclusive: 2, results.ExitCrossed: 1}[code]
}
