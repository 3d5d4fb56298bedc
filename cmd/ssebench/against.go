package main

import (
	"context"
	"errors"
	"fmt"

	"ssebench/report"
	"ssebench/results"
	"ssebench/scenarios"
)

// referenceHook is how events reach the reference server in place of the scenario's own way: by its subscribers if it is by them there.
func referenceHook(s *scenarios.Scenario) string {
	if s.Publish.Hook != nil && s.Publish.Hook.Subscribers != nil {
		return "{subscribers: {}}"
	}
	return "null"
}

// runAgainst runs the scenario's target and the reference server in turns under the same load (A B A B), and shows how far the target
// is from this machine's floor. The exit code is the worst of the target's runs; where all of them pass and one of the reference server
// does not, there is no floor to compare with.
func (o *runOptions) runAgainst(ctx context.Context, source scenarios.Source) error {
	if o.against != "reference" {
		return usage(fmt.Errorf("--against %s: there is only \"reference\"", o.against))
	}
	if err := o.atLeastOneRound(2); err != nil {
		return err
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
		scenarios.Setting{Path: "publish.hook", Value: referenceHook(target), Flag: "--against reference"},
		scenarios.Setting{Path: "name", Value: target.Name + "-reference", Flag: "--against reference"})
	source.Sets = append(source.Sets, counterpart(target.Target, "--against reference")...)
	reference, err := scenarios.Decode(source)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	documents, err := o.inTurns(ctx, []*scenarios.Scenario{target, reference})
	if err != nil {
		return err
	}
	return o.reportAgainst(documents[0], documents[1])
}

func (o *runOptions) reportAgainst(targets, references []*results.Document) error {
	if o.output == "json" {
		if err := printJSON(o.stdout, append(targets, references...)); err != nil {
			return err
		}
	} else {
		if err := render(o.stdout, worstOf(targets), o.output); err != nil {
			return err
		}
		if len(references) > 0 {
			if err := report.Against(o.stdout, targets, references); err != nil {
				return err
			}
		}
		if err := o.project.show(o.stdout, append(targets, references...)); err != nil {
			return err
		}
	}
	return againstVerdict(targets, references)
}

// againstVerdict turns the exit codes of all runs into an error.
func againstVerdict(targets, references []*results.Document) error {
	target := worstOf(targets)
	if len(references) == 0 {
		return verdict(target)
	}
	floor := worstOf(references)
	switch code := floor.ExitCode(); {
	case code == results.ExitPassed, target.Run.Failure != "":
	case code == results.ExitFailed:
		return &exitError{code, fmt.Errorf("the run of the reference server failed: %s", floor.Run.Failure)}
	case code == results.ExitInterrupted:
		return &exitError{code: code}
	case rank(target.ExitCode()) < rank(results.ExitCrossed):
		return &exitError{results.ExitInconclusive, fmt.Errorf(
			"a run of the reference server did not pass (exit code %d): it is no floor for the target; see its remarks", code)}
	}
	return verdict(target)
}
