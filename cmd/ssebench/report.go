package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"ssebench/report"
	"ssebench/results"
)

func newReportCommand() *cobra.Command {
	var output outputFlag
	var project projectFlag
	var compare bool
	c := &cobra.Command{
		Use:   "report DOCUMENT...",
		Short: "Render stored documents, or the journal of a run that was cut off",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var all []*results.Document
			for _, path := range args {
				d, err := results.Load(path)
				if err != nil {
					return usage(err)
				}
				all = append(all, d)
			}
			out := c.OutOrStdout()
			if project.text != "" && output != "text" {
				return usage(errors.New("--project writes text only: leave out -o json, and extrapolate the stored document with ssebench report --project"))
			}
			if compare && len(all) < 2 {
				return usage(errors.New("--compare: name a base, and behind it what is held against it"))
			}
			if compare {
				return renderComparison(out, all, output, &project)
			}
			for _, d := range all {
				if err := render(out, d, output); err != nil {
					return err
				}
			}
			if output != "text" {
				return nil
			}
			return project.show(out, all)
		},
	}
	output.register(c)
	project.register(c)
	c.Flags().BoolVar(&compare, "compare", false, "show what the runs cost beside each other, in one table; the first document is the base")
	return c
}

// outputFlag is -o.
type outputFlag string

func (o *outputFlag) register(c *cobra.Command) {
	*o = "text"
	c.Flags().VarP(o, "output", "o", "what to print: text or json")
}

// String, Set and Type implement pflag.Value.
func (o *outputFlag) String() string { return string(*o) }

// Set takes text or json.
func (o *outputFlag) Set(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("%q is not an output; use text or json", s)
	}
	*o = outputFlag(s)
	return nil
}

// Type names the value in the help.
func (o *outputFlag) Type() string { return "format" }

func render(w io.Writer, d *results.Document, output outputFlag) error {
	if output == "json" {
		return report.JSON(w, d)
	}
	return report.Text(w, d, report.TextOptions{Color: colour(w)})
}
