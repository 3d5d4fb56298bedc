package results

import "encoding/json"

// DocumentFormat names the format of a Document and its version. Old documents keep rendering.
const DocumentFormat = "ssebench/1"

// Document is the result of one run: what was asked, where it ran, what was measured, and what it means.
type Document struct {
	Format      string            `json:"format"`
	Run         Run               `json:"run"`
	Scenario    json.RawMessage   `json:"scenario"`
	Environment Environment       `json:"environment"`
	Metrics     map[string]Value  `json:"metrics"`
	Phases      []PhaseResult     `json:"phases"`
	Outages     []Outage          `json:"outages,omitempty"`
	Series      Series            `json:"series"`
	Thresholds  []ThresholdResult `json:"thresholds"`
	Verdict     Verdict           `json:"verdict"`
	Warnings    []Warning         `json:"warnings"`
}

// Run identifies a run.
type Run struct {
	ID         string `json:"id"`
	Scenario   string `json:"scenario"`
	Variant    string `json:"variant,omitempty"`    // of a comparison
	Comparison string `json:"comparison,omitempty"` // the ID that its runs share
	Seed       uint64 `json:"seed"`
	Started    string `json:"started"` // RFC 3339
	DurationNS int64  `json:"duration_ns"`
	Partial    bool   `json:"partial"`
	Failure    string `json:"failure,omitempty"`
	// FlightRecorder is the file beside the document that has the last bytes of the streams that went worst; empty: nothing did.
	FlightRecorder string `json:"flight_recorder,omitempty"`
	// TimeOfReceipt is ReceiptKernel or ReceiptRead: what stamped the receipts.
	TimeOfReceipt string `json:"time_of_receipt"`
	Wire          *Wire  `json:"wire,omitempty"` // nil: wire.* are unknown
	// Facts is nil in documents from before it was there: see Document.Facts.
	Facts *Facts `json:"facts,omitempty"`
	// ObservedResolutionNS is how fine the times are that the server writes into its events; 0: it writes none.
	ObservedResolutionNS int64 `json:"observed_resolution_ns,omitempty"`
	// StreamLimit is how many streams the server allows on an HTTP/2 connection, where streams share one; 0: it says none.
	StreamLimit int64 `json:"stream_limit,omitempty"`
	// Stall is what deliveries.stalled is the length of; nil: there was none.
	Stall *Stall `json:"stall,omitempty"`
}

// What can stamp a receipt.
const (
	ReceiptKernel = "kernel" // the kernel, as the bytes came
	ReceiptRead   = "read"   // ourselves, right after the read
)

// Wire says of which link the bytes of wire.* are.
type Wire struct {
	Layer       string `json:"layer"`        // WireLoopback or WireEthernet
	HeaderBytes int    `json:"header_bytes"` // of each segment: of the link, IP and TCP
}

// The layers of Wire. The loopback device has no link header and segments of up to 64 KiB, so its bytes say little about Ethernet's.
const (
	WireLoopback = "lo"
	WireEthernet = "ethernet"
)

// PhaseResult is the share of one phase.
type PhaseResult struct {
	Name    string           `json:"name"`
	Kind    string           `json:"kind"` // PhaseRamp, PhaseHold, PhaseChurn, PhaseOutage, PhaseDrain
	Warmup  bool             `json:"warmup,omitempty"`
	StartNS int64            `json:"start_ns"`
	EndNS   int64            `json:"end_ns"`
	Metrics map[string]Value `json:"metrics"`
}

// Series is the run second by second. Columns name the values of each row; a value that a second does not have is null.
type Series struct {
	IntervalNS int64        `json:"interval_ns"`
	Columns    []string     `json:"columns"`
	Rows       [][]*float64 `json:"rows"`
}

// ThresholdResult is a threshold and what came of it.
type ThresholdResult struct {
	Expression string   `json:"expression"`
	Observed   *float64 `json:"observed"` // the left side's value; null: lost (censored), or nothing that would say it
	Unit       Unit     `json:"unit"`
	Outcome    Outcome  `json:"outcome"`
	Pass       bool     `json:"pass"`              // Outcome is Held
	Reason     string   `json:"reason,omitempty"`  // why it is inconclusive, or what the number alone does not tell
	Default    bool     `json:"default,omitempty"` // it applies where no threshold of the scenario names its metric
}

// UnmarshalJSON reads a result, also one of a document from before there were outcomes.
func (t *ThresholdResult) UnmarshalJSON(data []byte) error {
	type plain ThresholdResult
	if err := json.Unmarshal(data, (*plain)(t)); err != nil {
		return err
	}
	switch {
	case t.Outcome != "":
	case t.Pass:
		t.Outcome = Held
	default:
		t.Outcome = Crossed
	}
	return nil
}

// Outcome is what a threshold came to.
type Outcome string

// The outcomes of a threshold.
const (
	Held         Outcome = "held"
	Crossed      Outcome = "crossed"
	Inconclusive Outcome = "inconclusive" // the run does not say on which side of the limit the figure lies
	NotMeasured  Outcome = "not_measured" // the run failed before anything was measured
)

// The grades of trust in the generator.
const (
	Trusted          = "trusted"
	Degraded         = "degraded"
	GeneratorLimited = "generator-limited"
)

// Verdict is the outcome of a run. Pass says that it ends with exit code 0.
type Verdict struct {
	Pass    bool     `json:"pass"`
	Trust   string   `json:"trust"`
	Reasons []string `json:"reasons"` // of the trust
	// Cause is what the rest follows from, in a line; empty: nothing that is known. Run.Failure begins with it.
	Cause string `json:"cause,omitempty"`
	// Inconclusive says why the run as a whole cannot be judged, whatever its thresholds say; empty: it can.
	Inconclusive []Warning `json:"inconclusive,omitempty"`
}

// Count returns how many thresholds came to the outcome.
func (d *Document) Count(o Outcome) (n int) {
	for _, t := range d.Thresholds {
		if t.Outcome == o {
			n++
		}
	}
	return n
}

// Environment is the machine and the settings that figures depend on.
type Environment struct {
	Version   string            `json:"version"` // of ssebench
	GoVersion string            `json:"go_version"`
	OS        string            `json:"os"`
	Kernel    string            `json:"kernel"`
	CPU       string            `json:"cpu"`
	Cores     int               `json:"cores"`
	Memory    int64             `json:"memory_bytes"`
	OpenFiles int64             `json:"open_files_limit"`
	Sysctls   map[string]string `json:"sysctls,omitempty"`
	// Calibration is nil where the generator was never calibrated on this machine.
	Calibration *Calibration `json:"calibration,omitempty"`
}
