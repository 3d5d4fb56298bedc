package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/results"
	"ssebench/scenarios"
)

func newCalibrateCommand() *cobra.Command {
	var short bool
	c := &cobra.Command{
		Use:   "calibrate",
		Short: "Measure the generator's own floor on this machine",
		Long: "Measures the generator against a bare server that does nothing but write each event to every stream, for about ten seconds:\n" +
			"its latency, its CPU for each event and the most events that it receives. It is stored for this machine, and run shows\n" +
			"the latency as the noise floor. The machine should be idle.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			interrupts := newInterrupts(c.Context())
			defer interrupts.stop()
			return calibrate(interrupts.early, short, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&short, "short", false, "a second for each figure in place of three: rough")
	return c
}

// burden is one of the loads that a floor is measured under.
type burden struct {
	streams int
	rate    int // events a second
}

// The flood is more than any machine publishes: the publisher's next event waits for the one before.
var (
	quiet  = burden{10, 100}
	steady = burden{500, 40}
	flood  = burden{500, 20_000}
)

func calibrate(ctx context.Context, short bool, out io.Writer) error {
	hold := 3 * time.Second
	if short {
		hold = 1200 * time.Millisecond
	}
	environment := host.Environment(results.Version())
	floor := results.Calibration{
		Measured: time.Now().UTC().Format(time.RFC3339), Version: environment.Version, Kernel: environment.Kernel, CPU: environment.CPU,
		Cores: environment.Cores,
	}
	if _, err := calibrationPath(floor.Kernel, floor.CPU, floor.Cores); err != nil {
		return err // rather before the measurement than after it
	}
	server, err := startBroadcaster(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	host.TuneCollector(flood.streams)
	var busy []string
	for _, b := range []burden{quiet, steady, flood} {
		d, err := b.measure(ctx, server, hold, environment)
		if err != nil {
			return fmt.Errorf("calibrating with %d streams: %w", b.streams, err)
		}
		if err := b.note(d, &floor); err != nil {
			return fmt.Errorf("calibrating with %d streams: %w", b.streams, err)
		}
		if b == quiet {
			busy = d.Verdict.Reasons
		}
	}
	path, err := storeCalibration(&floor)
	if err != nil {
		return err
	}
	ns := func(v float64) string { return results.Format(v, results.UnitNanoseconds) }
	for _, reason := range busy {
		if _, err := fmt.Fprintf(out, "! the machine was busy: %s\n", reason); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "latency  p50 %s, p99 %s  (%s)\nCPU      %s an event  (%s)\nmost     %s events/s  (%s)\nstored in %s\n",
		ns(floor.LatencyP50), ns(floor.LatencyP99), quiet, ns(floor.CPUPerEvent), steady, results.Format(floor.MostEvents, results.UnitOne),
		"the bare server on the same machine", path)
	return err
}

func (b burden) String() string {
	return fmt.Sprintf("%d streams, %s events/s received", b.streams, results.Format(float64(b.streams*b.rate), results.UnitOne))
}

// measure runs the load against the broadcaster, as run would.
func (b burden) measure(ctx context.Context, server *broadcasterProcess, hold time.Duration, environment results.Environment) (*results.Document, error) {
	text := fmt.Sprintf("name: calibration\ntarget: {url: \"http://%s/\"}\nload: {connections: %d, phases: [{ramp: at_once}, {hold: 200ms, warmup: true}, {hold: %s}]}\n"+
		"publish: {rate: %d/s, payload: {size: 100B}, hook: {exec: {command: [broadcast]}}}\ndrain: 100ms\n", server.address, b.streams, hold, b.rate)
	scenario, err := scenarios.Decode(scenarios.Source{Name: "calibration", Bytes: []byte(text)})
	if err != nil {
		return nil, err
	}
	plan, err := scenario.Plan(scenarios.PlanOptions{})
	if err != nil {
		return nil, err
	}
	guard, err := host.NewGuard(ctx, nil)
	if err != nil {
		return nil, err
	}
	runner := loadgen.Runner{Publisher: server, Environment: environment}
	if runner.Transport, err = newTransport(plan, guard, nil); err != nil {
		return nil, err
	}
	if runner.Host, err = newHost(); err != nil {
		return nil, err
	}
	d, err := runner.Run(ctx, plan)
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, &exitError{results.ExitInterrupted, errors.New("interrupted")}
	case d.Run.Failure != "":
		return nil, errors.New(d.Run.Failure)
	}
	return d, nil
}

// note takes from a document what this load is there for.
func (b burden) note(d *results.Document, floor *results.Calibration) error {
	held := d.Phases[2]
	elapsed := float64(held.EndNS - held.StartNS)
	latency := held.Metrics[results.FanoutLatency.String()].Histogram
	events, cpu := held.Metrics[results.EventsReceived.String()].Value, held.Metrics[results.GeneratorCPU.String()].Value
	switch {
	case events == nil || *events == 0:
		return errors.New("nothing was received")
	case b == quiet && latency != nil && latency.P99 != nil:
		floor.TimeOfReceipt = d.Run.TimeOfReceipt
		floor.LatencyP50, floor.LatencyP99 = *latency.P50, *latency.P99
	case b == steady && cpu != nil:
		floor.CPUPerEvent = *cpu * elapsed / *events
	case b == flood:
		floor.MostEvents = *events / elapsed * 1e9
	default:
		return errors.New("the run was too short or lost events; leave the machine alone and calibrate again")
	}
	return nil
}
