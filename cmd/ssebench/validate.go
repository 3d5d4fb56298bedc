package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ssebench/scenarios"
)

func newValidateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check scenario files and show every mistake",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			bad := 0
			for _, name := range args {
				if err := validate(name); err != nil {
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

func validate(name string) error {
	source, err := scenarios.Find(name)
	if err != nil {
		return err
	}
	_, err = scenarios.Decode(source)
	return err
}
