package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ssebench/reference"
)

// stopGrace is how long the reference server may take to end its streams.
const stopGrace = 5 * time.Second

func newServeCommand() *cobra.Command {
	var (
		server     reference.Server
		faults     string
		slow       string
		listFaults bool
	)
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference server",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if listFaults {
				for _, f := range reference.ListFaults() {
					name := f.Name
					if f.Syntax != "" {
						name += "=" + f.Syntax
					}
					if _, err := fmt.Fprintf(c.OutOrStdout(), "%-28s %s\n", name, f.Meaning); err != nil {
						return err
					}
				}
				return nil
			}
			var err error
			if server.Faults, err = reference.ParseFaults(faults); err != nil {
				return usage(fmt.Errorf("--fault %s: %w", faults, err))
			}
			server.Slow = reference.SlowPolicy(slow)
			return serve(c, &server)
		},
	}
	f := c.Flags()
	f.StringVar(&server.Listen, "listen", "127.0.0.1:8080", "host:port to listen on; port 0 takes a free one")
	f.StringVar(&server.Token, "token", "", "bearer token for publishing and administration")
	f.BoolVar(&server.TLS, "tls", false, "serve TLS with a self-signed certificate")
	f.StringVar(&server.CertFile, "cert", "", "certificate file (PEM), instead of a self-signed one")
	f.StringVar(&server.KeyFile, "key", "", "key file (PEM) of the certificate")
	f.IntVar(&server.Ring, "ring", 0, "events kept for replay for each topic (default 1024, negative none)")
	f.DurationVar(&server.Retry, "retry", 0, "reconnection time sent first on each stream (0 sends none)")
	f.DurationVar(&server.Heartbeat, "heartbeat", 0, "send a comment at this interval (0 sends none)")
	f.IntVar(&server.Backlog, "backlog", 0, "events that may wait for one subscriber (default 1024)")
	f.StringVar(&slow, "slow", "", "what happens to a subscriber whose backlog is full: drop-oldest (default), disconnect or block")
	f.IntVar(&server.Loops, "loops", 0, "loops that write (default one for each CPU)")
	f.IntVar(&server.MaxTopics, "max-topics", 0, "most topics (default 65536)")
	f.IntVar(&server.MaxSubscribers, "max-subscribers", 0, "most open streams (default a million)")
	f.Int64Var(&server.MaxBody, "max-body", 0, "most bytes of one published event (default 1 MiB)")
	f.BoolVar(&server.Pprof, "pprof", false, "serve /debug/pprof, under the token")
	f.StringVar(&server.CORS, "cors", "", "Access-Control-Allow-Origin on every answer")
	f.Uint64Var(&server.Seed, "seed", 1, "seed of what faults do at random")
	f.StringVar(&faults, "fault", "", "be wrong: name=value,name=value (see --list-faults)")
	f.BoolVar(&listFaults, "list-faults", false, "list the faults and exit")
	return c
}

// serve runs the server until it is interrupted. The one line on standard output is what a script or ssebench run waits for.
func serve(c *cobra.Command, server *reference.Server) error {
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := server.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.OutOrStdout(), "listening on %s\n", server.URL()); err != nil {
		return err
	}
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) { // who does not read is not waited for longer: that is a proper end
		_, err = fmt.Fprintf(c.ErrOrStderr(), "ssebench serve: streams that were not read were cut after %s\n", stopGrace)
	}
	return err
}
