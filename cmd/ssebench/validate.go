package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ssebench/scenarios"
)

func newValidateCommand(secrets *scenarios.Redactor) *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check scenario files and show every mistake",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			bad := 0
			for _, name := range args {
				if err := validate(name, secrets); err != nil {
					bad++
					if _, err := fmt.Fprintln(c.ErrOrStderr(), err); err != nil {
						return err
					}
					continue
				}
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s: ok\n", name); err != nil {
					return err
				}
			}
			if bad > 0 {
				return &exitError{code: exitUsage}
			}
			return nil
		},
	}
}

// validate decodes the scenario and, as far as its environment is here, plans it: a users file is read, requests are made up.
func validate(name string, secrets *scenarios.Redactor) error {
	source, err := scenarios.Find(name)
	if err != nil {
		return err
	}
	source.Secrets = secrets
	scenario, err := scenarios.Decode(source)
	if err != nil {
		return err
	}
	all := scenario.Variants()
	if len(all) == 0 {
		all = []*scenarios.Scenario{scenario}
	}
	for _, s := range all {
		if err := tryPlan(s); err != nil {
			return err
		}
	}
	return nil
}

// tryPlan plans a scenario as far as its environment is here.
func tryPlan(scenario *scenarios.Scenario) error {
	unset := false
	lookup := environ(scenario, anyAddress(scenario))
	_, err := scenario.Plan(scenarios.PlanOptions{Env: func(name string) (string, bool) {
		value, ok := lookup(name)
		unset = unset || !ok
		return value, true
	}})
	if unset {
		return nil // what depends on the environment shows where the scenario is run
	}
	return err
}
