package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ssebench/loadgen/host"
	"ssebench/scenarios"
)

func newPreflightCommand(secrets *scenarios.Redactor) *cobra.Command {
	fields := fieldFlags{secrets: secrets}
	c := &cobra.Command{
		Use:   "preflight [SCENARIO]",
		Short: "Check this machine's limits against what a scenario needs",
		Long:  "Holds open files, ephemeral ports, listen backlog and TCP memory against the plan, as run does before the first connection.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !c.Flags().Changed("url") {
				args = []string{"quickstart"}
			}
			source, err := fields.source(c, args)
			if err != nil {
				return usage(err)
			}
			scenario, err := scenarios.Decode(source)
			if err != nil {
				return usage(err)
			}
			plan, err := scenario.Plan(scenarios.PlanOptions{Env: environ(scenario, anyAddress(scenario))})
			if err != nil {
				return usage(err)
			}
			return preflight(c, plan)
		},
	}
	fields.register(c)
	return c
}

func preflight(c *cobra.Command, plan *scenarios.Plan) error {
	if _, _, err := host.RaiseFileLimit(); err != nil {
		return err
	}
	j := job{plan: plan}
	loopback := plan.Reference
	if !loopback {
		e, err := targetEndpoint(plan)
		if err != nil {
			return usage(err)
		}
		loopback = isLoopback(e.host)
	}
	failed := false
	for _, check := range host.Preflight(j.need(loopback)) {
		mark := "✓"
		if !check.OK {
			mark = "!"
			if check.Severity == host.Error {
				mark, failed = "✗", true
			}
		}
		if _, err := fmt.Fprintf(c.OutOrStdout(), "%s %s\n", mark, check); err != nil {
			return err
		}
	}
	if failed {
		return &exitError{code: exitUsage}
	}
	return nil
}
