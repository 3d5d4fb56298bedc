package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"ssebench/loadgen"
	"ssebench/loadgen/publish"
	"ssebench/loadgen/transport"
	"ssebench/results"
)

func newMetricsCommand() *cobra.Command {
	var tokens bool
	c := &cobra.Command{
		Use:   "metrics",
		Short: "Print the catalogue of metrics as Markdown",
		Long:  "Prints every metric that a document can hold, with its kind, unit and meaning. Thresholds, reports and exports use these names.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if tokens {
				return describeTokens(c.OutOrStdout())
			}
			return results.DescribeCatalogue(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&tokens, "tokens", false, "print the tokens by which failures of streams and hooks are counted instead")
	return c
}

func describeTokens(w io.Writer) error {
	all := slices.Concat(loadgen.Tokens, publish.Tokens)
	for _, t := range transport.Tokens {
		all = append(all, loadgen.Token{Name: t.Name, Meaning: t.Meaning})
	}
	slices.SortFunc(all, func(a, b loadgen.Token) int { return cmp.Compare(a.Name, b.Name) })
	if _, err := fmt.Fprint(w, "| token | meaning |\n|---|---|\n"); err != nil {
		return err
	}
	for _, t := range all {
		if _, err := fmt.Fprintf(w, "| `%s` | %s |\n", t.Name, t.Meaning); err != nil {
			return err
		}
	}
	return nil
}
