package results

import "fmt"

// clockGrain is by how much the two ends of a duration may be apart though their clocks agree: the kernel's stamp and our own reading are
// brought to one scale by a measured offset.
const clockGrain = 10e3

// disagreement says by how much a duration is below zero where that is more than its clocks can be wrong by; empty: they agree. What a
// server writes of its time may be rounded up by as much as it is coarse.
func (d *Document) disagreement(id ID, negatives, count int64, least float64) string {
	grain := float64(clockGrain)
	if id == ObservedLatency {
		grain += float64(d.Run.ObservedResolutionNS)
	}
	if negatives == 0 || least >= -grain {
		return ""
	}
	return fmt.Sprintf("%s: %s of %s are below zero, by up to %s: two clocks disagree",
		id, Format(float64(negatives), UnitOne), plural(float64(count), "value"), Format(-least, UnitNanoseconds))
}
