package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ssebench/scenarios"
)

func newScenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "scenarios [NAME]",
		Short:             "List the embedded scenarios, or print one",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				text, ok := scenarios.Embedded(args[0])
				if !ok {
					return usage(fmt.Errorf("no embedded scenario has the name %q; ssebench scenarios lists them", args[0]))
				}
				_, err := c.OutOrStdout().Write(text)
				return err
			}
			for _, name := range scenarios.Names() {
				source, err := scenarios.Find(name)
				if err != nil {
					return err
				}
				s, err := scenarios.Decode(source)
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%-20s %s\n", name, s.Description); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// completeScenarios completes the name of an embedded scenario.
func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.Names(), cobra.ShellCompDirectiveDefault
}
