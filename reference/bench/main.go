// Command bench measures the reference server beside other SSE servers: all of
// them in one run, each in a process of its own, in turns.
//
// It starts itself again as "bench serve KIND" (one of the servers, ruled over
// its standard input), as "bench drain …" (the clients, which read only when
// told to, so that the cost of reading never falls into a broadcast) and as
// "bench encode …" (one encoder).
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "serve" {
		return serve(args[1], os.Stdin, os.Stdout)
	}
	if len(args) == 4 && args[0] == "drain" {
		return drain(args[1], args[2], args[3], os.Stdin, os.Stdout)
	}
	if len(args) == 3 && args[0] == "encode" {
		return encodeHere(args[1], args[2], os.Stdout)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	plan := plan{}
	flags.IntVar(&plan.n, "n", 15000, "subscribers over HTTP/1.1, and over HTTP/2 with 250 streams a connection")
	flags.IntVar(&plan.rounds, "rounds", 3, "rounds; the medians count")
	flags.IntVar(&plan.events, "events", 5, "broadcasts in a round")
	flags.StringVar(&plan.only, "only", "", "measure only these, separated by commas: encode, scale, stalled, or servers")
	flags.StringVar(&plan.out, "out", "", "write the tables to this file as Markdown")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return plan.run()
}
