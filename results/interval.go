package results

import "encoding/json"

// Header is the first line of a journal: all that a Document says before anything was measured.
type Header struct {
	Format      string          `json:"format"` // JournalFormat
	Run         Run             `json:"run"`
	Scenario    json.RawMessage `json:"scenario"`
	Environment Environment     `json:"environment"`
	Phases      []PhaseInfo     `json:"phases"`     // Interval.Phases and Marks point into it; the last one is "drain"
	Thresholds  []string        `json:"thresholds"` // of the scenario
	// Defaults are the thresholds that apply because none of the scenario's names their metric.
	Defaults []string `json:"defaults,omitempty"`
	// Produces names the metrics that this kind of run can produce though it may have counted nothing (a counter of zero is a
	// value). A threshold on any other metric that no interval holds is inconclusive.
	Produces []string `json:"produces"`
	// Measures names the metrics without a value of which the run has measured nothing that it was made for.
	Measures []string  `json:"measures,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// JournalFormat names the journal's format and its version.
const JournalFormat = "ssebench-journal/1"

// The kinds of phases.
const (
	PhaseRamp   = "ramp"
	PhaseHold   = "hold"
	PhaseChurn  = "churn"
	PhaseOutage = "outage"
	PhaseDrain  = "drain"
)

// PhaseInfo names a phase of the plan.
type PhaseInfo struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // PhaseRamp, PhaseHold, PhaseChurn, PhaseOutage, PhaseDrain
	Warmup bool   `json:"warmup,omitempty"`
	What   string `json:"what,omitempty"` // of an outage: what was broken, in words
}

// Interval is a second of everything: what each phase contributed since the last one, and the gauges at its end. Intervals of
// several workers merge; the journal is a line for each.
type Interval struct {
	StartNS  int64              `json:"start_ns"` // since the run started
	EndNS    int64              `json:"end_ns"`
	Phases   []PhaseValues      `json:"phases,omitempty"`
	Gauges   map[string]float64 `json:"gauges,omitempty"` // by metric name; those that merge by adding and those that do not: see Merge
	Marks    []PhaseMark        `json:"marks,omitempty"`
	Outages  []OutagePart       `json:"outages,omitempty"`
	Closed   *Endings           `json:"closed,omitempty"` // nil: the server ended no stream
	Warnings []Warning          `json:"warnings,omitempty"`
	End      *End               `json:"end,omitempty"` // only in the last one
}

// PhaseValues are the values that belong to one phase. A value of an event belongs to the phase in which the event was due.
type PhaseValues struct {
	Phase  int     `json:"phase"`
	Values *Values `json:"values"`
}

// PhaseMark says that a phase started or ended.
type PhaseMark struct {
	Phase int   `json:"phase"`
	AtNS  int64 `json:"at_ns"`
	Ended bool  `json:"ended,omitempty"`
}

// End closes a run.
type End struct {
	// Partial: the run was interrupted.
	Partial bool `json:"partial,omitempty"`
	// Failure is one line that says why the run failed (target unreachable, hook failing, internal); empty when it did not.
	Failure string `json:"failure,omitempty"`
	// Open are the streams that were open when the run came to end them, Waiting the subscribers whose reconnection time was not over.
	Open    int64 `json:"open,omitempty"`
	Waiting int64 `json:"waiting,omitempty"`
	// OldestNS is the age of the stream that was open for longest and that the run ended, or that ended properly; 0: there was none.
	OldestNS int64 `json:"oldest_ns,omitempty"`
	// TimeOfReceipt and Wire take the place of those in the header: only now it is known.
	TimeOfReceipt string `json:"time_of_receipt,omitempty"`
	Wire          *Wire  `json:"wire,omitempty"`
	// ObservedResolutionNS is how fine the times are that the server wrote into its events; 0: it wrote none.
	ObservedResolutionNS int64 `json:"observed_resolution_ns,omitempty"`
	// StreamLimit is the least number of streams that the server allows on an HTTP/2 connection; 0: it says none, or none is shared.
	StreamLimit int64 `json:"stream_limit,omitempty"`
	// Stall is the longest that was found; nil: none was looked for.
	Stall *Stall `json:"stall,omitempty"`
}

// Warning is data: every renderer prints it.
type Warning struct {
	Token   string `json:"token"`
	Message string `json:"message"`
}

// ProcessSample is what a process used up to a moment.
type ProcessSample struct {
	CPUNanos      int64 // user + system, since its start
	SystemNanos   int64 // of these, in the kernel
	RSSBytes      int64
	RunDelayNanos int64 // time that its threads waited for a CPU since its start; -1 where the system does not say
}
