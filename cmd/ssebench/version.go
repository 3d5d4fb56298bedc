package main

import (
	_ "embed"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker in released builds (.goreleaser.yaml).
var version string

// notices are the licences of what is built in: make notices writes them.
//
//go:embed notices.txt
var notices string

// fullVersion returns the release, or what the Go toolchain knows of the build: the tag or the commit
// that it was made of.
func fullVersion() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case version != "":
		return version
	case ok && info.Main.Version != "" && info.Main.Version != "(devel)":
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "devel"
}

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
			_, err := fmt.Fprintf(c.OutOrStdout(), "ssebench %s %s %s/%s\n", fullVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	c.Flags().BoolVar(&showNotices, "notices", false, "print the licences of the software that is built in")
	return c
}
