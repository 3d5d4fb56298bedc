package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ssebench/scenarios"
)

// fieldFlags are the flags of run that stand for fields of a scenario.
type fieldFlags struct {
	sets       []string
	headers    []string
	thresholds []string
	secrets    *scenarios.Redactor
}

// fieldFlag is a flag and the field it stands for.
type fieldFlag struct {
	name, short, path, usage string
}

// shorthand lists the flags that set one field each; --set reaches all others.
var shorthand = []fieldFlag{
	{"name", "", "name", "name of the run"},
	{"url", "u", "target.url", "URL of the event stream"},
	{"method", "X", "target.method", "method of the request: GET, POST, REPORT or any other"},
	{"transport", "", "target.transport", "sse, poll, long-poll, finite-sse or websocket"},
	{"protocol", "", "target.protocol", "http1.1, http2 or h2c"},
	{"connections", "c", "load.connections", "number of subscribers (10k, 1m); without a file 100"},
	{"duration", "d", "load.hold", "how long the streams are held and published to (30s)"},
	{"ramp", "", "load.ramp", "connections opened each second (2000/s), or at_once"},
	{"topics", "", "load.topics", "number of topics"},
	{"reconnect", "", "load.reconnect", "none, chromium, firefox, safari or library"},
	{"rate", "", "publish.rate", "events published each second over all topics (10/s, 600/m)"},
	{"publish-url", "", "publish.hook.http.url", "URL to which each event is posted"},
	{"payload-size", "", "publish.payload.size", "size of an event's data (256B, 4KiB)"},
	{"observe", "", "observe.time", "the server emits by itself: \"data\" or a JSON pointer to the time of sending in it"},
	{"observe-unit", "", "observe.unit", "unit of that time: s, ms, us, ns or rfc3339"},
	{"late-after", "", "late_after", "count receipts later than this as late"},
	{"drain", "", "drain", "longest wait for what is under way at the end"},
	{"seed", "", "seed", "seed of everything random"},
}

// defaultConnections is how many subscribers there are without a file and without -c.
const defaultConnections = "100"

func (f *fieldFlags) register(c *cobra.Command) {
	flags := c.Flags()
	for _, s := range shorthand {
		flags.StringP(s.name, s.short, "", s.usage+" ("+s.path+")")
	}
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "request header of the stream, \"Name: value\" (repeatable)")
	flags.StringArrayVar(&f.thresholds, "threshold", nil, "one more expression that must hold, such as 'fanout.latency.p99 < 50ms' (repeatable)")
	flags.StringArrayVar(&f.sets, "set", nil, "set any field of the scenario, path=value (repeatable)")
}

// source gives the scenario that the arguments and the flags name.
func (f *fieldFlags) source(c *cobra.Command, args []string) (scenarios.Source, error) {
	source := scenarios.Source{Name: "command line", Secrets: f.secrets}
	if len(args) == 1 {
		var err error
		if source, err = scenarios.Find(args[0]); err != nil {
			return source, err
		}
		source.Secrets = f.secrets
	} else if !c.Flags().Changed("url") && len(f.sets) == 0 {
		return source, errors.New("nothing to run; name a scenario (ssebench scenarios lists the embedded ones) or give --url")
	}
	set := func(path, value, flag string) {
		source.Sets = append(source.Sets, scenarios.Setting{Path: path, Value: value, Flag: flag})
	}
	if len(args) == 0 { // what a file would say
		set("name", "command-line", "--name")
		set("load.connections", defaultConnections, "-c "+defaultConnections)
	}
	for _, s := range shorthand {
		if flag := c.Flags().Lookup(s.name); flag.Changed {
			set(s.path, flag.Value.String(), written(flag))
		}
	}
	headers, err := headerSettings(f.headers)
	if err != nil {
		return source, err
	}
	source.Sets = append(source.Sets, headers...)
	for _, t := range f.thresholds {
		set("thresholds.+", t, "--threshold "+t)
	}
	for _, s := range f.sets {
		setting, err := scenarios.ParseSetting(s)
		if err != nil {
			return source, err
		}
		source.Sets = append(source.Sets, setting)
	}
	return source, nil
}

// written gives a flag as somebody would write it.
func written(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + " " + f.Value.String()
	}
	return "--" + f.Name + " " + f.Value.String()
}
