package main

import (
	_ "embed"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"ssebench/results"
)

// notices are the licences of what is built in: make notices writes them.
//
//go:embed notices.txt
var notices string

func newVersionCommand() *cobra.Command {
	var showNotices bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if showNotices {
				_, err := io.WriteString(c.OutOrStdout(), notices)
				return err
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "ssebench %s %s %s/%s\n", results.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	c.Flags().BoolVar(&showNotices, "notices", false, "print the licences of the software that is built in")
	return c
}
