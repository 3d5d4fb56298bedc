package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ssebench/loadgen"
	"ssebench/loadgen/host"
	"ssebench/loadgen/transport"
	"ssebench/scenarios"
)

// listenOptions are the flags of listen.
type listenOptions struct {
	headers       []string
	method        string
	data          string
	reconnectPOST bool
	lastEventID   string
	retry         time.Duration
	readTimeout   time.Duration
	http1         bool
	http2         bool
	h2c           bool
	insecure      bool
	caCert        string
	maxEvents     int
	noReconnect   bool
	limit         scenarios.Size
	profile       string
	json          bool
	iMayLoad      []string
	changed       func(flag string) bool // it was given
	secrets       *scenarios.Redactor
}

func newListenCommand(secrets *scenarios.Redactor) *cobra.Command {
	o := listenOptions{secrets: secrets}
	c := &cobra.Command{
		Use:   "listen URL",
		Short: "Subscribe to one event stream and print what comes",
		Long: "Subscribes as a browser would, comes back when the stream ends, and prints a line for each event; with --json one object a\n" +
			"line, with one key that names it: open, event, comment, retry, error, reconnect, end.\n\n" +
			"Exit codes: 0 the stream ended properly and is not to be opened again, or enough events came; 1 it failed for good; 2 the\n" +
			"command line is wrong; 130 interrupted.",
		Example: "  ssebench listen http://127.0.0.1:8080/events?topic=t0\n" +
			"  ssebench listen --json -n 1 http://127.0.0.1:8080/events?topic=t0",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.changed = c.Flags().Changed
			return o.listen(c, args[0])
		},
	}
	f := c.Flags()
	f.StringArrayVarP(&o.headers, "header", "H", nil, "request header, \"Name: value\" (repeatable)")
	f.StringVarP(&o.method, "method", "X", "", "method of the request: GET (default), POST, REPORT or any other")
	f.StringVar(&o.data, "data", "", "body of the request; implies POST")
	f.BoolVar(&o.reconnectPOST, "reconnect-post", false, "come back to a POST stream too, sending its body again")
	f.StringVar(&o.lastEventID, "last-event-id", "", "last event ID to start from")
	f.DurationVar(&o.retry, "retry", 0, "reconnection time until the server sets one (default the profile's)")
	f.DurationVar(&o.readTimeout, "read-timeout", 0, "take a stream that is silent for so long for dead (0 never)")
	f.BoolVar(&o.http1, "http1.1", false, "speak HTTP/1.1 (the default)")
	f.BoolVar(&o.http2, "http2", false, "speak HTTP/2 over TLS")
	f.BoolVar(&o.h2c, "h2c", false, "speak HTTP/2 in cleartext")
	f.BoolVarP(&o.insecure, "insecure", "k", false, "do not check the server's certificate")
	f.StringVar(&o.caCert, "cacert", "", "file with further CA certificates (PEM)")
	f.IntVarP(&o.maxEvents, "max-events", "n", 0, "end after so many events (0 never)")
	f.Var(&o.limit, "limit", "longest line or event (default 16MiB)")
	f.BoolVar(&o.noReconnect, "no-reconnect", false, "end when the stream ends")
	f.StringVar(&o.profile, "profile", "chromium", "who to behave like: chromium, firefox, safari or library")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line")
	f.StringArrayVar(&o.iMayLoad, "i-may-load", nil, "host other than loopback that may be connected to (repeatable)")
	return c
}

func (o *listenOptions) listen(c *cobra.Command, target string) error {
	request, err := o.request(target)
	if err != nil {
		return usage(err)
	}
	policy, err := o.policy()
	if err != nil {
		return usage(err)
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
		out: plainPrinter{received{o.secrets}, c.OutOrStdout()}, policy: policy, most: o.maxEvents, readTimeout: o.readTimeout, transport: t, lane: t.Lanes()[0],
		ended: make(chan ending, 1), again: make(chan time.Time, 1),
	}
	if o.json {
		l.out = newJSONPrinter(c.OutOrStdout(), o.secrets)
	}
	l.client = loadgen.Subscriber{Sink: l, Request: request, Seed: uint32(time.Now().UnixNano())}
	l.client.Limit(int64(o.limit))
	if o.lastEventID != "" {
		l.client.StartFrom(o.lastEventID)
	}
	return l.run(interrupts)
}

// policy says when to come back.
func (o *listenOptions) policy() (*scenarios.ReconnectPolicy, error) {
	for _, n := range []struct {
		flag  string
		value int64
	}{{"retry", int64(o.retry)}, {"read-timeout", int64(o.readTimeout)}, {"max-events", int64(o.maxEvents)}} {
		if n.value < 0 {
			return nil, fmt.Errorf("--%s: it must not be negative", n.flag)
		}
	}
	if o.noReconnect {
		o.profile = "none"
	}
	policy, err := scenarios.Reconnect{Profile: o.profile, POST: o.reconnectPOST}.Policy()
	if err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	if o.changed("retry") { // 0 is a wish too: as soon as the policy's floor allows
		policy.Delay = o.retry
		policy.Max = max(policy.Max, policy.Delay)
	}
	return &policy, nil
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
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no http or https URL; write it like http://127.0.0.1:8080/events", target)
	}
	if o.http1 && o.http2 || o.http1 && o.h2c || o.http2 && o.h2c {
		return nil, errors.New("--http1.1, --http2 and --h2c exclude each other; give one of them")
	}
	if o.http2 && u.Scheme == "http" {
		return nil, errors.New("--http2 needs an https URL; --h2c speaks HTTP/2 in cleartext")
	}
	r := &loadgen.Request{Method: "GET", URL: u}
	if o.changed("data") {
		r.Method, r.Body = "POST", []byte(o.data)
	}
	if o.changed("method") {
		r.Method = normalized(o.method)
	}
	switch {
	case !scenarios.IsToken(r.Method):
		return nil, fmt.Errorf("--method %q is no HTTP method: it is a word of letters, digits and !#$%%&'*+-.^_`|~ (RFC 9110 section 9.1)", o.method)
	case r.Method == "HEAD" || r.Method == "CONNECT":
		return nil, fmt.Errorf("--method %s: its answer has no body that could be a stream", r.Method)
	case r.Method == "GET" && len(r.Body) > 0:
		return nil, errors.New("--data goes with POST, not with --method GET")
	}
	var own []loadgen.Field
	for _, h := range o.headers {
		name, value, err := splitHeader(h)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(name, "Last-Event-ID") { // it changes as events come
			if !o.changed("last-event-id") {
				o.lastEventID = value
			}
			continue
		}
		own = append(own, loadgen.Field{Name: name, Value: value})
	}
	r.Header = loadgen.StreamHeader(own)
	if !slices.ContainsFunc(own, func(f loadgen.Field) bool { return strings.EqualFold(f.Name, "User-Agent") }) {
		r.Header = append(r.Header, loadgen.Field{Name: "User-Agent", Value: loadgen.UserAgentOf(o.profile)})
	}
	return r, nil
}

// normalized is a method as it is sent: those that everybody knows are in capitals, however they are written (Fetch, "normalize a method").
func normalized(method string) string {
	if upper := strings.ToUpper(method); slices.Contains([]string{"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"}, upper) {
		return upper
	}
	return method
}
