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
// is from this machine's floor. The exit code is the worst of the target's runs.
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
		if err := render(o.stdout, targets[len(targets)-1], o.output); err != nil {
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
	for _, d := range references {
		if d.Run.Failure != "" {
			return &exitError{exitFailed, fmt.Errorf("the run of the reference server failed: %s", d.Run.Failure)}
		}
	}
	return verdict(worstOf(targets))
}
