package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ssebench/report"
	"ssebench/results"
	"ssebench/scenarios"
)

// projectFlag is --project: a fleet for which measured costs are extrapolated.
type projectFlag struct {
	text  string
	fleet report.Projection
}

func (p *projectFlag) register(c *cobra.Command) {
	c.Flags().Var(p, "project", "extrapolate to a fleet, clients=1m,rate=0.2/s,interval=5s (events for each client and interval of pollers: as measured)")
}

// String, Set and Type implement pflag.Value.
func (p *projectFlag) String() string { return p.text }

// Set takes clients=COUNT, and with it rate=RATE and interval=DURATION.
func (p *projectFlag) Set(text string) error {
	p.text, p.fleet = text, report.Projection{}
	for _, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		var field *float64
		var err error
		switch name {
		case "clients":
			var n scenarios.Count
			n, err = scenarios.ParseCount(value)
			field, p.fleet.Clients = &p.fleet.Clients, float64(n)
		case "rate":
			var r scenarios.Rate
			r, err = scenarios.ParseRate(value)
			field, p.fleet.Rate = &p.fleet.Rate, float64(r)
		case "interval":
			var d scenarios.Duration
			d, err = scenarios.ParseDuration(value)
			field, p.fleet.Interval = &p.fleet.Interval, float64(d)/1e9
		default:
			return fmt.Errorf("%q is none of clients=, rate= and interval=", part)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if *field <= 0 {
			return fmt.Errorf("%s: it must be more than 0", part)
		}
	}
	if p.fleet.Clients == 0 {
		return errors.New("it needs clients=, such as clients=1m")
	}
	return nil
}

// Type names the value in the help.
func (p *projectFlag) Type() string { return "fleet" }

// show writes the projection where one was asked for.
func (p *projectFlag) show(w io.Writer, documents []*results.Document) error {
	if p.text == "" {
		return nil
	}
	return report.Project(w, documents, p.fleet)
}
