// Command bench measures the engine (loadgen with loadgen/transport) beside other event-stream clients: all of them in one run, each
// in a process of its own, in turns, against the same server with the same events.
//
// Ours is loadgen.Runner over loadgen/transport as "ssebench run" has it: ledger, marks, histograms, the tick of each second, a sampled
// host and a journal on disk are all in its figures. A peer finds the time of writing in each event and records one histogram, nothing
// else. Each client publishes by itself over a connection of its own, on the same schedule. CPU, memory and allocations are the client
// process's own, between two looks a second apart or more; a look happens once a second. All streams get the same bytes, as broadcasts
// have them, but one in 61, whose events carry the time of their own write: lag is measured on those, from that time to the moment that
// the event has been handled.
//
// It starts itself again as "bench serve" (the server) and "bench client" (one client). Both read their configuration, a line of JSON,
// from standard input, answer with lines of JSON, and end when their standard input does.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "serve" {
		return serve(os.Stdin, os.Stdout)
	}
	if len(args) == 1 && args[0] == "client" {
		return client(os.Stdin, os.Stdout)
	}
	p := plan{settle: 4 * time.Second}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&p.streams, "n", 15000, "streams over HTTP/1.1; over HTTP/2 there are 10/3 as many where memory is measured")
	flags.IntVar(&p.rounds, "rounds", 3, "rounds in turns; the medians count")
	flags.DurationVar(&p.hold, "hold", 5*time.Second, "how long is measured, each time")
	flags.DurationVar(&p.warm, "warm", 2*time.Second, "how long events flow before")
	flags.DurationVar(&p.within, "within", 25*time.Minute, "no turn begins after that")
	flags.StringVar(&p.only, "only", "", "measure only these rows: their numbers, separated by commas")
	flags.StringVar(&p.out, "out", "", "folder for figures.json and figures.md")
	flags.StringVar(&p.profiles, "profiles", "", "folder for CPU profiles of the engine, one for each scene and round")
	short := flags.Bool("short", false, "one round, fewer streams, two seconds each: does it run at all?")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *short {
		p.rounds, p.hold, p.warm, p.settle, p.streams = 1, 2*time.Second, 500*time.Millisecond, 2*time.Second, min(p.streams, 2000)
	}
	return p.run()
}
