package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ssebench/loadgen/host"
	"ssebench/report"
	"ssebench/results"
	"ssebench/scenarios"
)

// runOptions are the flags of run that are not fields of a scenario.
type runOptions struct {
	fields   fieldFlags
	out      string
	output   outputFlag
	quiet    bool
	against  string
	rounds   int // 0: as many as is usual
	project  projectFlag
	iMayLoad []string

	written    []string // paths of the documents of inTurns
	comparison string   // ID that the runs of a comparison share; empty before the first
	stdout     io.Writer
	stderr     io.Writer
}

func newRunCommand(secrets *scenarios.Redactor) *cobra.Command {
	o := runOptions{fields: fieldFlags{secrets: secrets}}
	c := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Run a scenario: a file, an embedded one, or one made of flags",
		Long: "Runs a scenario file, or the embedded scenario of that name, or, with --url, one made of flags alone.\n" +
			"Flags override the fields of the file, --set any of them.",
		Example: "  ssebench run quickstart\n" +
			"  ssebench run --url http://127.0.0.1:8080/events -c 1000 -d 30s --rate 10 --publish-url http://127.0.0.1:8080/publish",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			o.stdout, o.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if o.project.text != "" && o.output != "text" {
				return usage(errors.New("--project writes text only: leave out -o json, and extrapolate the stored document with ssebench report --project"))
			}
			source, err := o.fields.source(c, args)
			if err != nil {
				return usage(err)
			}
			scenario, err := scenarios.Decode(source)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if o.against == "" && scenario.Reference && !scenario.Bundled() {
				o.against = "reference"
			}
			if variants := scenario.Variants(); len(variants) > 0 {
				if o.against != "" {
					return usage(errors.New("--against: the scenario is a comparison already; name the bundled server as a variant of it"))
				}
				return o.compare(c.Context(), variants)
			}
			if o.against != "" {
				return o.runAgainst(c.Context(), source)
			}
			if o.rounds != 0 {
				return usage(errors.New("--rounds: one scenario is run once; it is for --against and for scenarios with compare"))
			}
			return o.run(c.Context(), scenario)
		},
	}
	o.fields.register(c)
	f := c.Flags()
	f.StringVar(&o.out, "out", "ssebench-results", "folder for the document and the journal")
	o.output.register(c)
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress on standard error")
	f.StringVar(&o.against, "against", "", "\"reference\": run the bundled server under the same load in turns, and show the distance to it")
	f.IntVar(&o.rounds, "rounds", 0, "with --against and with comparisons: how often each is run, in turns (2 with --against, else 1)")
	o.project.register(c)
	f.StringArrayVar(&o.iMayLoad, "i-may-load", nil, "host other than loopback that may be loaded (repeatable)")
	return c
}

// run carries the scenario out and reports it.
func (o *runOptions) run(ctx context.Context, scenario *scenarios.Scenario) error {
	interrupts := newInterrupts(ctx)
	defer interrupts.stop()
	document, path, err := o.measure(ctx, interrupts, scenario)
	if err != nil {
		return err
	}
	if err := render(o.stdout, document, o.output); err != nil {
		return err
	}
	if o.output == "text" {
		if err := o.project.show(o.stdout, []*results.Document{document}); err != nil {
			return err
		}
	}
	if o.output == "text" && path != "" {
		text := fmt.Sprintf("\ndocument: %s\n", path)
		if name := document.Run.FlightRecorder; name != "" {
			text += fmt.Sprintf("flight recorder: %s\n", filepath.Join(filepath.Dir(path), name))
		}
		if _, err := io.WriteString(o.stdout, text); err != nil {
			return err
		}
	}
	return verdict(document)
}

// measure goes all the way from a scenario to a document and its path: server, plan, preflight, run. The path is empty where the
// document could not be written, which its Failure says.
func (o *runOptions) measure(ctx context.Context, interrupts *interrupts, scenario *scenarios.Scenario) (*results.Document, string, error) {
	guard, err := host.NewGuard(ctx, o.iMayLoad)
	if err != nil {
		return nil, "", usage(err)
	}
	job, err := prepare(interrupts.early, interrupts.ctx, scenario, guard, o.stderr)
	if interrupts.early.Err() != nil && ctx.Err() == nil {
		if err == nil {
			job.close()
		}
		return nil, "", &exitError{results.ExitInterrupted, errors.New("interrupted before the run began")}
	}
	if err != nil {
		return nil, "", err
	}
	defer job.close()

	if job.plan.Variant != "" {
		if o.comparison == "" {
			o.comparison = job.plan.RunID
		}
		job.plan.Comparison = o.comparison
	}
	journal, err := newJournal(o.out, job.plan)
	if err != nil {
		return nil, "", err
	}
	progress := newProgress(o.stderr, o.quiet, job.plan)
	runner := job.runner
	runner.Stop = interrupts.first
	runner.Close = job.close
	runner.Environment = host.Environment(results.Version())
	runner.Environment.Calibration = loadCalibration(&runner.Environment)
	runner.Started = journal.header
	runner.OnInterval = func(in *results.Interval) error {
		progress.show(in)
		return journal.interval(in)
	}
	document, err := runner.Run(interrupts.ctx, job.plan)
	progress.done()
	if err != nil {
		return nil, "", err
	}
	if err := journal.flights(document, runner.Flights); err != nil {
		document.Fail(err.Error())
	}
	path, err := journal.finish(document)
	if err != nil {
		document.Fail(err.Error())
	}
	return document, path, nil
}

// verdict turns a document's exit code into an error.
func verdict(d *results.Document) error {
	code := d.ExitCode()
	switch {
	case code == 0:
		return nil
	case d.Run.Failure != "":
		return &exitError{code, fmt.Errorf("the run failed: %s", d.Run.Failure)}
	}
	return &exitError{code: code} // the report has said it
}

// interrupts turns signals into the two ways of ending a run.
type interrupts struct {
	first  chan struct{}   // closed by the first one: end the phase, drain
	early  context.Context // cancelled by the first one: for what comes before a run
	ctx    context.Context // cancelled by the second: stop at once
	cancel context.CancelFunc
	done   chan struct{}
	ch     chan os.Signal
}

func newInterrupts(ctx context.Context) *interrupts {
	i := &interrupts{first: make(chan struct{}), done: make(chan struct{}), ch: make(chan os.Signal, 2)}
	i.ctx, i.cancel = context.WithCancel(ctx)
	early, cancelEarly := context.WithCancel(i.ctx)
	i.early = early
	signal.Notify(i.ch, endingSignals()...)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-i.ch:
			case <-i.done:
				return
			}
			if n == 0 {
				close(i.first)
				cancelEarly()
			} else {
				i.cancel()
			}
		}
	}()
	return i
}

// endingSignals are those that ask for an end. One that was ignored from the start, as with nohup, stays ignored.
func endingSignals() []os.Signal {
	all := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	return slices.DeleteFunc(all, func(s os.Signal) bool { return s != syscall.SIGTERM && signal.Ignored(s) })
}

func (i *interrupts) stop() {
	signal.Stop(i.ch)
	close(i.done)
	i.cancel()
}

// journal is the run on disk: a line for each second while it runs, and the document at its end.
type journal struct {
	base   string // path without extension
	file   *os.File
	writer results.JournalWriter
}

func newJournal(folder string, plan *scenarios.Plan) (*journal, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("results folder: %w; choose another one with --out", err)
	}
	name := plan.Name
	if plan.Variant != "" {
		name += " " + plan.Variant
	}
	base := filepath.Join(folder, fmt.Sprintf("%s-%s-%s", fileName(name), time.Now().Format("20060102-150405"), plan.RunID))
	file, err := create(base + ".journal")
	if err != nil {
		return nil, fmt.Errorf("journal: %w; choose another folder with --out", err)
	}
	return &journal{base: base, file: file, writer: results.JournalWriter{W: file}}, nil
}

// fileName makes a scenario's name fit for a file.
func fileName(name string) string {
	clean := []rune(name)
	for i, r := range clean {
		if r <= ' ' || r == '/' || r == '\\' || r == ':' || r == '*' || r == 0x7f {
			clean[i] = '-'
		}
	}
	return string(clean[:min(len(clean), 80)])
}

// create makes a file that nobody else may read: headers and URLs of a private system may be in it.
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

func (j *journal) header(h *results.Header) error {
	return j.wrap(j.writer.WriteHeader(h))
}

func (j *journal) interval(in *results.Interval) error {
	return j.wrap(j.writer.WriteInterval(in))
}

func (j *journal) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("journal %s: %w; make room or choose another folder with --out", j.file.Name(), bare(err))
	}
	return nil
}

// bare takes the path off an error of the file system: the message names it already.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err
	}
	return err
}

// flights writes the flight recorder's file beside the journal, where it has anything to say.
func (j *journal) flights(d *results.Document, flights []results.Flight) error {
	if len(flights) == 0 {
		return nil
	}
	path := j.base + ".flight"
	header := &results.FlightHeader{Run: d.Run.ID, Scenario: d.Run.Scenario, Started: d.Run.Started}
	err := writeWhole(path, func(w io.Writer) error { return results.WriteFlights(w, header, flights) })
	if err != nil {
		return fmt.Errorf("flight recorder %s: %w; make room or choose another folder with --out", path, bare(err))
	}
	d.Run.FlightRecorder = filepath.Base(path)
	return nil
}

// finish writes the document beside the journal.
func (j *journal) finish(d *results.Document) (path string, err error) {
	err = j.file.Close()
	path = j.base + ".json"
	if e := writeWhole(path, func(w io.Writer) error { return report.JSON(w, d) }); e != nil {
		err = e
	}
	if err != nil {
		return "", fmt.Errorf("document %s: %w; make room or choose another folder with --out", path, bare(err))
	}
	return path, nil
}
