package results

import "fmt"

// Calibration is what the generator can do on a machine: its figures against a server that does nothing but write the bytes of each
// event to every stream. Below them lies what no run can see.
type Calibration struct {
	Measured      string  `json:"measured"` // RFC 3339
	Version       string  `json:"version"`  // of ssebench
	Kernel        string  `json:"kernel"`
	CPU           string  `json:"cpu"`
	Cores         int     `json:"cores"`
	TimeOfReceipt string  `json:"time_of_receipt"`
	LatencyP50    float64 `json:"latency_p50_ns"` // of fanout.latency, with few streams and few events
	LatencyP99    float64 `json:"latency_p99_ns"`
	CPUPerEvent   float64 `json:"cpu_per_event_ns"` // of the generator alone, kernel included
	MostEvents    float64 `json:"events_per_second"`
}

// nearFloor is how many times the floor a figure may be and still be mostly the generator's.
const nearFloor = 2

// nearTheFloor warns of a latency that is hardly above what the generator itself takes.
func nearTheFloor(d *Document) []Warning {
	c := d.Environment.Calibration
	s := d.Metrics[FanoutLatency.String()].Histogram
	if c == nil || s == nil || s.Count == 0 {
		return nil
	}
	var near []Warning
	for _, p := range []struct {
		name  string
		value *float64
		floor float64
	}{{"p50", s.P50, c.LatencyP50}, {"p99", s.P99, c.LatencyP99}} {
		if p.value != nil && p.floor > 0 && *p.value <= nearFloor*p.floor {
			near = append(near, Warning{
				Token: "near_floor",
				Message: fmt.Sprintf("fanout.latency %s is %s, within %d × of the %s that the generator takes by itself on this machine: it says little about the server",
					p.name, Format(*p.value, UnitNanoseconds), nearFloor, Format(p.floor, UnitNanoseconds)),
			})
		}
	}
	return near
}
