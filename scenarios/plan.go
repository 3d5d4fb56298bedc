package scenarios

import (
	"encoding/json"
	"time"

	"ssebench/results"
)

// Plan is a Scenario with nothing left to decide: defaults filled in, files read, templates parsed, ${ENV} expanded. Only the address
// of the bundled server may still be missing (WithTarget). It holds secrets, which Secrets masks in every
// text; what goes into documents is its Scenario.
type Plan struct {
	Name        string
	Variant     string // of a comparison; empty: it is none
	Comparison  string // the ID that its runs share; set by whoever runs it
	Description string
	Tags        map[string]string
	Seed        uint64
	RunID       string          // 8 characters of 0-9a-z, derived from the seed and the start
	Scenario    json.RawMessage // as decoded, with defaults, ${ENV} unexpanded

	Reference bool   // the bundled server is the target: start it, then WithTarget
	Target    Target // URL, Headers, Body and Login are still templates: see Request; paths of files are ready for use
	Server    Start  // Command empty: none is started
	PID       int    // of a server that runs already; zero: unknown
	Clients   int    // most connections that any phase asks for
	Shrink    bool   // fewer will do: see WithClients
	Topics    []string

	Phases          []PlanPhase // without the drain
	OpenWithin      time.Duration
	Drain           time.Duration
	LateAfter       time.Duration // zero: none
	Reconnect       ReconnectPolicy
	SourceAddresses []string
	// StreamsPerConnection is how many streams share an HTTP/2 connection at most; 1: none do.
	StreamsPerConnection int
	// Tabs are how many subscribers in a row are one browser; 0: each is a client of its own.
	Tabs           int
	SlowReaders    SlowReaders     // Share 0: none
	Gap            *Gap            // nil: the server declares none
	FlightRecorder *FlightRecorder // nil: none

	Publish *PublishPlan // nil: the server emits by itself
	Observe *Observe     // nil unless it does

	Thresholds []results.Threshold // of the scenario
	Defaults   []results.Threshold // on metrics that none of the scenario's names

	secrets *Redactor
	users   *users
	request *requestTemplates
}

// Secrets knows what is secret in the plan. What the run receives is made known to it too.
func (p *Plan) Secrets() *Redactor { return p.secrets }

// PlanPhase is a phase with its numbers.
type PlanPhase struct {
	Name        string // unique among the phases
	Kind        string // KindRamp, KindHold, KindChurn or KindOutage
	Warmup      bool
	Connections int           // open at its end
	Rate        float64       // ramp: a second; 0: all at once
	Duration    time.Duration // hold and churn; of a ramp: what its rate makes of it; of an outage: zero, since nobody knows
	Churn       *ChurnPlan
	Outage      *OutagePlan
}

// The kinds of phases.
const (
	KindRamp   = "ramp"
	KindHold   = "hold"
	KindChurn  = "churn"
	KindOutage = "outage"
)

// ReconnectPolicy is a profile with its numbers. Profile "none" never comes back.
type ReconnectPolicy struct {
	Profile string
	Delay   time.Duration // until the server sets another
	Min     time.Duration // whatever the server sets
	Max     time.Duration // library: ceiling of the exponential back-off
	GiveUp  bool          // a status other than 200 or a wrong content type is final (browsers)
	Backoff bool          // doubled after each failure, with jitter (library)
	POST    bool          // a POST stream too
}

// PublishPlan is Publish with its numbers. Hook strings are still templates, parsed by the publisher.
type PublishPlan struct {
	Hook       Hook // without an address of its own, with Reference, until WithTarget
	Schedule   Schedule
	From       int // place of the phase with which publishing starts
	Event      string
	Size       int    // bytes of mark and filler
	Template   string // empty: the payload alone
	Concurrent bool
	Conflates  bool
	Sequence   *Extract
}

// PlanOptions is what a Plan depends on beside its scenario.
type PlanOptions struct {
	Seed  uint64                      // for a scenario without one; zero: drawn by lot
	Start time.Time                   // goes into the run ID; zero: now
	Env   func(string) (string, bool) // looks up ${ENV}; nil: os.LookupEnv
}
