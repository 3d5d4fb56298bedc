package scenarios

// Scenario is a scenario file as it was written. Strings marked "template" may hold {{.Topic}}, {{.Client}} and {{.User.FIELD}}, those
// of a hook {{.Payload}}, {{.Event}}, {{.ID}}, {{.Topic}} and {{.Seq}}; all strings of target and publish may hold ${ENV}.
type Scenario struct {
	// Name of the scenario; default: the file's name.
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// Description says in a sentence which question the scenario answers.
	Description string `yaml:"description,omitempty" json:"description,omitempty"`
	// Tags are carried into the document.
	Tags map[string]string `yaml:"tags,omitempty" json:"tags,omitempty"`
	// Seed of everything that is drawn by lot; default: a new one for each run, named in the document.
	Seed uint64 `yaml:"seed,omitempty" json:"seed,omitempty"`

	// Reference runs the bundled server as the target; beside a target it is run too, under the same load in turns, for comparison.
	Reference bool `yaml:"reference,omitempty" json:"reference,omitempty"`
	// Target is the server under test.
	Target *Target `yaml:"target,omitempty" json:"target,omitempty"`

	// Load says who connects and when.
	Load Load `yaml:"load" json:"load"`
	// Publish says what is published and how. Without publish and observe, events are only counted.
	Publish *Publish `yaml:"publish,omitempty" json:"publish,omitempty"`
	// Observe is for servers that emit by themselves. At most one of publish and observe is given.
	Observe *Observe `yaml:"observe,omitempty" json:"observe,omitempty"`

	// Compare makes a comparison of the scenario: each of the variants is run, in turns, and one table shows what each costs.
	Compare []Variant `yaml:"compare,omitempty" json:"compare,omitempty"`

	// LateAfter is the latency beyond which a delivery counts in deliveries.late; without it none does.
	LateAfter Duration `yaml:"late_after,omitempty" json:"late_after,omitempty"`
	// Drain is the longest wait for what is under way after the last phase; default 5s.
	Drain Duration `yaml:"drain,omitempty" json:"drain,omitempty"`
	// Thresholds are expressions over the metrics, such as "fanout.latency.p99 < 50ms"; a run that crosses one fails. The default
	// ones apply beside them, but for those on a metric that one of these names.
	Thresholds []string `yaml:"thresholds,omitempty" json:"thresholds,omitempty"`

	source   *source     // where each field stands; nil in a Scenario made by hand
	variant  string      // its name, where it is one of a comparison
	variants []*Scenario // of Compare
}

// Target is the server under test.
type Target struct {
	// URL of what subscribers read, http or https (template). With reference: true it may be left out: the bundled server is the target, at
	// the path of the transport.
	URL string `yaml:"url,omitempty" json:"url,omitempty"`
	// Transport is how subscribers get the events; default sse.
	Transport string `yaml:"transport,omitempty" json:"transport,omitempty" jsonschema:"enum=sse,enum=poll,enum=long-poll,enum=finite-sse,enum=websocket"`
	// Poll says how to poll, with transport poll or long-poll.
	Poll *Poll `yaml:"poll,omitempty" json:"poll,omitempty"`
	// WebSocket says how messages are read, with transport websocket.
	WebSocket *WebSocket `yaml:"websocket,omitempty" json:"websocket,omitempty"`
	// Listen names the event types that subscribers listen to ("message": events without a type); default: all. The data of others counts in
	// payload.unused.
	Listen []string `yaml:"listen,omitempty" json:"listen,omitempty"`
	// Method of the request, any whose answer has a body; default GET.
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
	// Headers of the request (templates); a list of values is a field for each. Accept: text/event-stream is always sent, and a User-Agent, which
	// is that of the browser where load.reconnect names one.
	Headers Headers `yaml:"headers,omitempty" json:"headers,omitempty"`
	// Body of the request (template); GET has none.
	Body string `yaml:"body,omitempty" json:"body,omitempty"`
	// Users is a CSV file with a header line, or a JSONL file, relative to the scenario file: one row for each subscriber, taken
	// again from the start where there are fewer.
	Users string `yaml:"users,omitempty" json:"users,omitempty"`
	// Login is a request that each subscriber makes once before its first stream; it implies cookies.
	Login *Login `yaml:"login,omitempty" json:"login,omitempty"`
	// Cookies gives each subscriber a cookie jar that lives across reconnects.
	Cookies bool `yaml:"cookies,omitempty" json:"cookies,omitempty"`
	// ConnectTo is the host:port to dial in place of the URL's; Host and SNI stay the URL's.
	ConnectTo string `yaml:"connect_to,omitempty" json:"connect_to,omitempty"`
	// Addresses says which address of a name that has several a connection tries first: spread, each another one, as many clients do; or first,
	// always the first. Where one fails, the next is tried. Default spread.
	Addresses string `yaml:"addresses,omitempty" json:"addresses,omitempty" jsonschema:"enum=spread,enum=first"`
	// Protocol of the streams; default auto, which is http1.1.
	Protocol string `yaml:"protocol,omitempty" json:"protocol,omitempty" jsonschema:"enum=auto,enum=http1.1,enum=http2,enum=h2c"`
	// EventLimit is the size in bytes of the longest event that is read, data, type and id together; beyond it the stream fails. Default
	// 16MiB.
	EventLimit Size `yaml:"event_limit,omitempty" json:"event_limit,omitempty"`
	// BufferLimit is the size in bytes of all events together, over all streams of a process, that have begun and not ended; the stream that
	// crosses it fails. Default: a quarter of the memory of the machine, or of its control group.
	BufferLimit Size `yaml:"buffer_limit,omitempty" json:"buffer_limit,omitempty"`
	// TLS settings of an https target.
	TLS *TLS `yaml:"tls,omitempty" json:"tls,omitempty"`
	// Heartbeat is the interval at which the bundled server sends a comment, or a ping to a WebSocket; default none.
	Heartbeat Duration `yaml:"heartbeat,omitempty" json:"heartbeat,omitempty"`
	// Start starts the server under test, and stops it after the run.
	Start *Start `yaml:"start,omitempty" json:"start,omitempty"`
	// PID of a server that runs already: its CPU and memory are sampled.
	PID int `yaml:"pid,omitempty" json:"pid,omitempty"`
}

// WebSocket says how the messages of WebSockets are read.
type WebSocket struct {
	// Subscribe is a text message that each subscriber sends once its WebSocket is open (template); default: none.
	Subscribe string `yaml:"subscribe,omitempty" json:"subscribe,omitempty"`
	// Compression offers permessage-deflate, without context takeover on either side.
	Compression bool `yaml:"compression,omitempty" json:"compression,omitempty"`
	// Data is a pointer to an event's data in a message that is JSON; default: the whole message is the data.
	Data string `yaml:"data,omitempty" json:"data,omitempty"`
	// Type is a pointer to an event's type in a message that is JSON; default: events have none.
	Type string `yaml:"type,omitempty" json:"type,omitempty"`
}

// The values of Target.Transport.
const (
	TransportSSE       = "sse"
	TransportPoll      = "poll"
	TransportLongPoll  = "long-poll"
	TransportFiniteSSE = "finite-sse"
	TransportWebSocket = "websocket"
)

// Login is a request that each subscriber makes once before its first stream.
type Login struct {
	// URL of the request, http or https (template).
	URL string `yaml:"url" json:"url"`
	// Method of the request; default POST.
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
	// Headers of the request (templates).
	Headers Headers `yaml:"headers,omitempty" json:"headers,omitempty"`
	// Body of the request (template).
	Body string `yaml:"body,omitempty" json:"body,omitempty"`
}

// TLS settings of an https target.
type TLS struct {
	// Insecure accepts any certificate.
	Insecure bool `yaml:"insecure,omitempty" json:"insecure,omitempty"`
	// CACert is a PEM file of certificates to trust, relative to the scenario file.
	CACert string `yaml:"ca_cert,omitempty" json:"ca_cert,omitempty"`
	// ServerName is asked for (SNI) and checked in place of the URL's host.
	ServerName string `yaml:"server_name,omitempty" json:"server_name,omitempty"`
}

// Start starts the server under test.
type Start struct {
	// Command is the program and its arguments, as a list or as a string that is split at spaces outside of quotes. No shell
	// reads it.
	Command Command `yaml:"command" json:"command"`
	// Dir is the working directory, relative to the scenario file; default: the scenario file's.
	Dir string `yaml:"dir,omitempty" json:"dir,omitempty"`
	// Env is added to the environment of ssebench itself.
	Env map[string]string `yaml:"env,omitempty" json:"env,omitempty"`
	// Ready says when the server is ready; default: its address accepts a connection.
	Ready *Ready `yaml:"ready,omitempty" json:"ready,omitempty"`
	// Stop is the grace between SIGTERM and SIGKILL; default 5s.
	Stop Duration `yaml:"stop,omitempty" json:"stop,omitempty"`
}

// Ready says when a started server is ready; at most one of url, tcp and line is given.
type Ready struct {
	// URL that answers with a status 2xx.
	URL string `yaml:"url,omitempty" json:"url,omitempty"`
	// TCP is a host:port that accepts a connection; default: the target's.
	TCP string `yaml:"tcp,omitempty" json:"tcp,omitempty"`
	// Line is a regular expression that a line of the server's output matches.
	Line string `yaml:"line,omitempty" json:"line,omitempty"`
	// Timeout is the longest wait; default 30s.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty"`
}

// Command is a program and its arguments.
type Command []string
