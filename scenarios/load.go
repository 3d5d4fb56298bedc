package scenarios

// Load says who connects and when. Without phases, the subscribers connect at ramp and stay for hold.
type Load struct {
	// Connections is the number of subscribers. It may be left out where each ramp names its own.
	Connections Count `yaml:"connections,omitempty" json:"connections,omitempty"`
	// Topics is a number (t0, t1 and so on) or a list of names; default one topic. Subscribers are spread over them in turn.
	Topics Topics `yaml:"topics,omitempty" json:"topics,omitempty"`
	// Ramp is the pace of opening where there are no phases; default 1000/s.
	Ramp *Ramp `yaml:"ramp,omitempty" json:"ramp,omitempty"`
	// Hold is how long the streams are held where there are no phases; default 30s.
	Hold Duration `yaml:"hold,omitempty" json:"hold,omitempty"`
	// Phases are the steps of the load, beginning with a ramp.
	Phases []Phase `yaml:"phases,omitempty" json:"phases,omitempty"`
	// OpenWithin is the longest wait after a ramp for streams that are not open yet; default 60s.
	OpenWithin Duration `yaml:"open_within,omitempty" json:"open_within,omitempty"`
	// Reconnect is what a subscriber does when its stream ends; default none, or chromium where there is an outage.
	Reconnect *Reconnect `yaml:"reconnect,omitempty" json:"reconnect,omitempty"`
	// SlowReaders do not read as fast as the server writes. What they miss is no loss: deliveries are the others'.
	SlowReaders *SlowReaders `yaml:"slow_readers,omitempty" json:"slow_readers,omitempty"`
	// Gap is how the server declares that it cannot replay all; default the bundled server's event gap, else nothing is known.
	Gap *Gap `yaml:"gap,omitempty" json:"gap,omitempty"`
	// FlightRecorder keeps the last bytes of the streams that went worst; default where subscribers reconnect.
	FlightRecorder *FlightRecorder `yaml:"flight_recorder,omitempty" json:"flight_recorder,omitempty"`
	// Shrink opens fewer connections, with a warning, where this machine's limits are too low for all.
	Shrink bool `yaml:"shrink,omitempty" json:"shrink,omitempty"`
	// StreamsPerConnection is how many subscribers share an HTTP/2 connection at most, as behind a gateway, and as far as the server
	// allows; default 1: a subscriber is a user with a connection of its own.
	StreamsPerConnection Count `yaml:"streams_per_connection,omitempty" json:"streams_per_connection,omitempty"`
	// Clients says what subscribers are, where their limits are to be those of browsers: subscribers are the tabs of browsers, which have
	// few connections to an origin. Default: each is a client of its own. At most one of clients and streams_per_connection is given.
	Clients *Clients `yaml:"clients,omitempty" json:"clients,omitempty"`
	// SourceAddresses are the local addresses to connect from, in turn.
	SourceAddresses []string `yaml:"source_addresses,omitempty" json:"source_addresses,omitempty"`
}

// Clients says what subscribers are.
type Clients struct {
	// Profile of a client. A browser has six connections to an origin over HTTP/1.1, and over HTTP/2 one with 256 streams, or fewer if the
	// server says so. All its tabs share them, and a request for which there is none waits.
	Profile string `yaml:"profile" json:"profile" jsonschema:"enum=browser"`
	// Tabs of each browser, a subscriber each; default 1, at most 10k.
	Tabs Count `yaml:"tabs,omitempty" json:"tabs,omitempty"`
}

// Topics are the names of topics; t0, t1 and so on can be written as their number.
type Topics []string

// Phase is a step of the load; exactly one of ramp, hold, churn and outage is given.
type Phase struct {
	// Name of the phase in the report; default ramp, hold, churn or outage, with a number where that is taken.
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// Ramp opens streams at this pace: "2000/s", "600/m" or "at_once".
	Ramp *Ramp `yaml:"ramp,omitempty" json:"ramp,omitempty"`
	// Connections is how many streams are open at the end of a ramp; default load.connections.
	Connections Count `yaml:"connections,omitempty" json:"connections,omitempty"`
	// Hold keeps the open streams for this time.
	Hold Duration `yaml:"hold,omitempty" json:"hold,omitempty"`
	// Churn lets subscribers leave and new ones come.
	Churn *Churn `yaml:"churn,omitempty" json:"churn,omitempty"`
	// Outage cuts streams, or breaks the server, and lasts until all are back.
	Outage *Outage `yaml:"outage,omitempty" json:"outage,omitempty"`
	// Warmup leaves the phase out of the results.
	Warmup bool `yaml:"warmup,omitempty" json:"warmup,omitempty"`
}

// Ramp is the pace of opening: a rate, or all at once.
type Ramp struct {
	AtOnce bool
	Rate   Rate
}

// Reconnect is what a subscriber does when its stream ends: a profile's name, or a profile with settings of its own.
type Reconnect struct {
	// Profile of a client: what it waits, and when it gives up.
	Profile string `yaml:"profile" json:"profile" jsonschema:"enum=none,enum=chromium,enum=firefox,enum=safari,enum=library"`
	// Delay is the reconnection time until the server sets one; default the profile's.
	Delay Duration `yaml:"delay,omitempty" json:"delay,omitempty"`
	// Min is the shortest wait, whatever the server sets; default the profile's, 10ms at the least.
	Min Duration `yaml:"min,omitempty" json:"min,omitempty"`
	// Max is the ceiling of the exponential back-off of profile library; default 30s.
	Max Duration `yaml:"max,omitempty" json:"max,omitempty"`
	// POST reconnects a POST stream too: its body is sent again.
	POST bool `yaml:"post,omitempty" json:"post,omitempty"`
}
