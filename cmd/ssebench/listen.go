package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/loadgen/transport"
	"ssebench/scenarios"
)

// listenOptions are the flags of listen.
type listenOptions struct {
	headers     []string
	method      string
	data        string
	lastEventID string
	retry       time.Duration
	readTimeout time.Duration
	http1       bool
	http2       bool
	h2c         bool
	insecure    bool
	caCert      string
	maxEvents   int
	noReconnect bool
	profile     string
	json        bool
	iMayLoad    []string
}

func newListenCommand() *cobra.Command {
	var o listenOptions
	c := &cobra.Command{
		Use:   "listen URL",
		Short: "Subscribe to one event stream and print what comes",
		Long: "Subscribes as a browser would, comes back when the stream ends, and prints a line for each event; with --json one object a\n" +
			"line, with a key that names it: open, event, comment, retry, error, reconnect, end.",
		Example: "  ssebench listen http://127.0.0.1:8080/events?topic=t0",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return o.listen(c, args[0]) },
	}
	f := c.Flags()
	f.StringArrayVarP(&o.headers, "header", "H", nil, "request header, \"Name: value\" (repeatable)")
	f.StringVarP(&o.method, "method", "X", "", "GET (default) or POST")
	f.StringVar(&o.data, "data", "", "body of the request; implies POST")
	f.StringVar(&o.lastEventID, "last-event-id", "", "last event ID to start from")
	f.DurationVar(&o.retry, "retry", 0, "reconnection time until the server sets one (default the profile's)")
	f.DurationVar(&o.readTimeout, "read-timeout", 0, "take a stream that is silent for so long for dead (0 never)")
	f.BoolVar(&o.http1, "http1.1", false, "speak HTTP/1.1 (the default)")
	f.BoolVar(&o.http2, "http2", false, "speak HTTP/2 over TLS")
	f.BoolVar(&o.h2c, "h2c", false, "speak HTTP/2 in cleartext")
	f.BoolVarP(&o.insecure, "insecure", "k", false, "do not check the server's certificate")
	f.StringVar(&o.caCert, "cacert", "", "file with further CA certificates (PEM)")
	f.IntVarP(&o.maxEvents, "max-events", "n", 0, "end after so many events (0 never)")
	f.BoolVar(&o.noReconnect, "no-reconnect", false, "end when the stream ends")
	f.StringVar(&o.profile, "profile", "chromium", "who to behave like: chromium, firefox, safari or library")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line")
	f.StringArrayVar(&o.iMayLoad, "i-may-load", nil, "host other than loopback that may be connected to (repeatable)")
	c.MarkFlagsMutuallyExclusive("http1.1", "http2", "h2c")
	return c
}

func (o *listenOptions) listen(c *cobra.Command, target string) error {
	request, err := o.request(target)
	if err != nil {
		return usage(err)
	}
	if o.noReconnect {
		o.profile = "none"
	}
	policy, err := scenarios.Reconnect{Profile: o.profile, Delay: scenarios.Duration(o.retry)}.Policy()
	if err != nil {
		return usage(fmt.Errorf("--profile: %w", err))
	}
	guard, err := host.NewGuard(c.Context(), o.iMayLoad)
	if err != nil {
		return usage(err)
	}
	config := transport.Config{Protocol: o.protocol(), Allow: guard.Allow, Lanes: 1}
	if config.TLS, err = tlsConfig(o.insecure, o.caCert, ""); err != nil {
		return usage(err)
	}
	t, err := transport.New(config)
	if err != nil {
		return usage(err)
	}
	interrupts := newInterrupts(c.Context())
	defer interrupts.stop()
	l := &listener{
		out: c.OutOrStdout(), json: o.json, most: o.maxEvents, readTimeout: o.readTimeout, transport: t, lane: t.Lanes()[0],
		ended: make(chan ending, 1),
	}
	l.client = loadgen.Subscriber{Sink: l, Policy: &policy, Request: *request, Seed: uint64(time.Now().UnixNano())}
	if o.lastEventID != "" {
		l.client.Resume(o.lastEventID)
	}
	return l.run(interrupts)
}

func (o *listenOptions) protocol() string {
	switch {
	case o.http2:
		return transport.HTTP2
	case o.h2c:
		return transport.H2C
	}
	return transport.HTTP1
}

func (o *listenOptions) request(target string) (*loadgen.Request, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is no http or https URL; write it like http://127.0.0.1:8080/events", target)
	}
	r := &loadgen.Request{Method: "GET", URL: u}
	if o.data != "" {
		r.Method, r.Body = "POST", []byte(o.data)
	}
	if o.method != "" {
		r.Method = o.method
	}
	if r.Method != "GET" && r.Method != "POST" {
		return nil, fmt.Errorf("--method %s: a stream is asked for with GET or POST", r.Method)
	}
	var own []loadgen.Field
	for _, h := range o.headers {
		name, value, err := splitHeader(h)
		if err != nil {
			return nil, err
		}
		own = append(own, loadgen.Field{Name: name, Value: value})
	}
	r.Header = loadgen.StreamHeader(own)
	return r, nil
}
