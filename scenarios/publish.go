package scenarios

// Publish says what is published and how.
type Publish struct {
	// Hook is how an event reaches the server; it may be left out with reference: true.
	Hook *Hook `yaml:"hook,omitempty" json:"hook,omitempty"`
	// Rate of events over all topics: "10/s", or a schedule.
	Rate Schedule `yaml:"rate" json:"rate"`
	// From is the phase with which publishing starts: what goes before it shows what idle subscribers cost. Default: the first that is no
	// ramp.
	From string `yaml:"from,omitempty" json:"from,omitempty"`
	// Event is the type of the events; default: none.
	Event string `yaml:"event,omitempty" json:"event,omitempty"`
	// Payload is the data of the events.
	Payload Payload `yaml:"payload,omitempty" json:"payload,omitempty"`
	// Concurrent lets the calls of one topic overlap; their order is then not checked.
	Concurrent bool `yaml:"concurrent,omitempty" json:"concurrent,omitempty"`
	// Conflates says that the server may skip an event for a newer one of its topic.
	Conflates bool `yaml:"conflates,omitempty" json:"conflates,omitempty"`
	// Sequence finds the event's number in its data, where the payload has no room for a mark.
	Sequence *Extract `yaml:"sequence,omitempty" json:"sequence,omitempty"`
}

// Payload is the data of an event: a mark and filler, together Size bytes (as many as the mark needs at the least).
type Payload struct {
	// Size of the mark and the filler; default 100B.
	Size Size `yaml:"size,omitempty" json:"size,omitempty"`
	// Template around {{.Payload}}; {{.Seq}}, {{.Topic}}, {{.Event}} and {{.ID}} may stand in it too.
	Template string `yaml:"template,omitempty" json:"template,omitempty"`
}

// Extract finds a value in an event's data; exactly one of pointer and regexp is given.
type Extract struct {
	// Pointer into JSON data (RFC 6901), such as /meta/seq.
	Pointer string `yaml:"pointer,omitempty" json:"pointer,omitempty"`
	// Regexp whose first group is the value.
	Regexp string `yaml:"regexp,omitempty" json:"regexp,omitempty"`
}

// Schedule is when events are due; exactly one is given. A rate alone is a constant one.
type Schedule struct {
	// Constant publishes at equal distances.
	Constant Rate `yaml:"constant,omitempty" json:"constant,omitempty"`
	// Poisson publishes at random, at this rate on average.
	Poisson Rate `yaml:"poisson,omitempty" json:"poisson,omitempty"`
	// Burst publishes several events at once, again and again.
	Burst *Burst `yaml:"burst,omitempty" json:"burst,omitempty"`
	// Ramp goes from one rate to another.
	Ramp *RateRamp `yaml:"ramp,omitempty" json:"ramp,omitempty"`
}

// Burst publishes several events at once, again and again.
type Burst struct {
	// Events in a burst.
	Events Count `yaml:"events" json:"events"`
	// Every is the time from one burst to the next.
	Every Duration `yaml:"every" json:"every"`
}

// RateRamp goes from one rate to another in a straight line, and stays there.
type RateRamp struct {
	// From is the rate at the start.
	From Rate `yaml:"from" json:"from" zero:"ok"`
	// To is the rate at the end.
	To Rate `yaml:"to" json:"to" zero:"ok"`
	// Over is the time of the change; default: the whole time of publishing.
	Over Duration `yaml:"over,omitempty" json:"over,omitempty"`
}

// Hook is how an event reaches the server; exactly one of http, redis, exec and subscribers is given.
type Hook struct {
	// HTTP calls a URL for each event.
	HTTP *HTTPHook `yaml:"http,omitempty" json:"http,omitempty"`
	// Redis publishes to a channel.
	Redis *RedisHook `yaml:"redis,omitempty" json:"redis,omitempty"`
	// Exec starts a command once and writes a line to its standard input for each event.
	Exec *ExecHook `yaml:"exec,omitempty" json:"exec,omitempty"`
	// Subscribers has each event sent by a subscriber of its topic.
	Subscribers *SubscribersHook `yaml:"subscribers,omitempty" json:"subscribers,omitempty"`
	// Timeout of a call; default 10s.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty"`
}

// HTTPHook calls a URL for each event. Its templates know {{.Payload}}, {{.Event}}, {{.ID}}, {{.Topic}}, {{.Seq}} and the
// functions json and urlquery.
type HTTPHook struct {
	// URL to call, http or https (template).
	URL string `yaml:"url" json:"url"`
	// Method of the request; default POST.
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
	// Headers of the request (templates).
	Headers Headers `yaml:"headers,omitempty" json:"headers,omitempty"`
	// Body of the request (template); default {{.Payload}}.
	Body string `yaml:"body,omitempty" json:"body,omitempty"`
	// Expect lists the statuses that mean success; default: every 2xx.
	Expect []int `yaml:"expect,omitempty" json:"expect,omitempty"`
	// NoReuse opens a connection for each call.
	NoReuse bool `yaml:"no_reuse,omitempty" json:"no_reuse,omitempty"`
}

// SubscribersHook has each event sent by a subscriber of its topic whose stream is open, in turn: with transport websocket as a message on its
// WebSocket, else by a request beside its stream. Its templates are those of http.
type SubscribersHook struct {
	// Message on a WebSocket (template); default {{.Payload}}.
	Message string `yaml:"message,omitempty" json:"message,omitempty"`
	// URL of the request, http or https (template); over HTTP/2 of the stream's own origin. It may be left out with reference: true.
	URL string `yaml:"url,omitempty" json:"url,omitempty"`
	// Method of the request; default POST.
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
	// Headers of the request (templates).
	Headers Headers `yaml:"headers,omitempty" json:"headers,omitempty"`
	// Body of the request (template); default {{.Payload}}.
	Body string `yaml:"body,omitempty" json:"body,omitempty"`
	// Expect lists the statuses that mean success; default: every 2xx.
	Expect []int `yaml:"expect,omitempty" json:"expect,omitempty"`
}

// RedisHook publishes to a channel.
type RedisHook struct {
	// Address is host:port or a redis:// or rediss:// URL.
	Address string `yaml:"address" json:"address"`
	// Channel to publish to (template).
	Channel string `yaml:"channel" json:"channel"`
	// Body of the message (template); default {{.Payload}}.
	Body string `yaml:"body,omitempty" json:"body,omitempty"`
}

// ExecHook starts a command once and writes a line to its standard input for each event.
type ExecHook struct {
	// Command is the program and its arguments, as a list or as a string that is split at spaces outside of quotes.
	Command Command `yaml:"command" json:"command"`
	// Line to write (template), without its line end; default {{.Payload}}.
	Line string `yaml:"line,omitempty" json:"line,omitempty"`
}

// Observe is for servers that emit by themselves: the time of sending is read out of the event.
type Observe struct {
	// Time is "data" where the data is the time, or a JSON pointer to it; default: events are only counted.
	Time string `yaml:"time,omitempty" json:"time,omitempty"`
	// Unit of the time; required with time.
	Unit string `yaml:"unit,omitempty" json:"unit,omitempty" jsonschema:"enum=s,enum=ms,enum=us,enum=ns,enum=rfc3339"`
	// Sequence finds the event's number in its data; it makes deliveries countable.
	Sequence *Extract `yaml:"sequence,omitempty" json:"sequence,omitempty"`
}
