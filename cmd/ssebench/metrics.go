package main

import (
	"github.com/spf13/cobra"

	"ssebench/results"
)

func newMetricsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "metrics",
		Short: "Print the catalogue of metrics as Markdown",
		Long:  "Prints every metric that a document can hold, with its kind, unit and meaning. Thresholds, reports and exports use these names.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return results.DescribeCatalogue(c.OutOrStdout())
		},
	}
}
