package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/spf13/cobra"

	"ssebench/scenarios"
)

// The rules for messages: what happened, where, and what to do, in one line on standard error, behind "ssebench: ". A scenario's
// mistakes are the one exception: each has a line, the source line and a caret. Results go to standard output, nothing else does.

// The exit codes that the commands themselves decide; a document decides the others (results.Document.ExitCode).
const (
	exitFailed = 1 // the run failed: target unreachable, hook failing, internal
	exitUsage  = 2 // bad command line or scenario
)

// exitError is an error that knows its exit code. An empty message has been shown already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage marks an error as one of the command line or of the scenario.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

// run is the program. It gives the exit code and never calls os.Exit.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	log.SetOutput(io.Discard)          // net/http logs what servers do wrong; here that is counted and reported
	secrets := new(scenarios.Redactor) // for all that is said
	secrets.AddEnvironment(os.Environ())
	secrets.AddWords(args)
	stderr = &redactedWriter{stderr, secrets}
	root := newRoot(secrets)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" {
		_, _ = fmt.Fprintln(stderr, "ssebench: "+text) // standard error is the last resort
	}
	if known, ok := errors.AsType[*exitError](err); ok {
		return known.code
	}
	return exitFailed
}

func newRoot(secrets *scenarios.Redactor) *cobra.Command {
	root := &cobra.Command{
		Use:           "ssebench",
		Short:         "Load-test and benchmark Server-Sent Events servers",
		Long:          "ssebench opens thousands of Server-Sent Events streams, publishes through a hook, measures each event from publish to receipt,\nkeeps account of every event for every subscriber, and says whether its own figures can be trusted.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
	})
	root.AddCommand(newRunCommand(secrets), newServeCommand(), newReportCommand(), newValidateCommand(secrets), newScenariosCommand(),
		newMetricsCommand(), newPreflightCommand(secrets), newSchemaCommand(), newDecodeCommand(), newListenCommand(secrets),
		newCalibrateCommand(), newBroadcastCommand(), newVersionCommand())
	for _, c := range root.Commands() {
		c.Args = usageArgs(c.Args)
	}
	root.Args = usageArgs(root.Args)
	return root
}

// usageArgs gives the error of an argument check its exit code.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usage(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
		}
		return nil
	}
}

// colour says whether a stream is a terminal that wants colour (https://no-color.org).
func colour(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}

// isTerminal says whether a stream is a terminal.
func isTerminal(w io.Writer) bool {
	if redacted, ok := w.(*redactedWriter); ok {
		w = redacted.Writer
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0 && f.Name() != os.DevNull
}
