package reference

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Faults says how the server is to be wrong. The zero value is a correct
// server. "Every N-th" counts the events meant for a subscriber since its
// stream opened, from 1, so each stream is wrong in the same, known places.
type Faults struct {
	Drop         uint64        // leave out every N-th event
	Duplicate    uint64        // send every N-th event twice
	Reorder      uint64        // swap every N-th event with its successor
	Corrupt      uint64        // change the last letter or digit of the data of every N-th event
	CorruptFront uint64        // change the first letter or digit of the data of every N-th event
	Renumber     bool          // number events after dropping: ids count what was sent
	Delay        time.Duration // send events this much later
	Jitter       time.Duration // and up to this much more, at random, keeping the order
}

type faultNo int

const (
	faultDrop faultNo = iota
	faultDuplicate
	faultReorder
	faultCorrupt
	faultCorruptFront
	faultRenumber
	faultDelay
	faultJitter
	faultCount
)

// FaultInfo describes one named fault for a listing.
type FaultInfo struct {
	Name    string // as in ParseFaults
	Syntax  string // of the value: "N", "DURATION", or "" for a switch
	Meaning string // one line
}

// faultTable is the one list of faults: names, their texts, and their fields.
var faultTable = [faultCount]struct {
	FaultInfo
	field func(*Faults) any
}{
	faultDrop:         {FaultInfo{"drop", "N", "leave out every N-th event"}, func(f *Faults) any { return &f.Drop }},
	faultDuplicate:    {FaultInfo{"duplicate", "N", "send every N-th event twice"}, func(f *Faults) any { return &f.Duplicate }},
	faultReorder:      {FaultInfo{"reorder", "N", "swap every N-th event with its successor"}, func(f *Faults) any { return &f.Reorder }},
	faultCorrupt:      {FaultInfo{"corrupt", "N", "change the last letter or digit of the data of every N-th event"}, func(f *Faults) any { return &f.Corrupt }},
	faultCorruptFront: {FaultInfo{"corrupt-front", "N", "change the first letter or digit of the data of every N-th event"}, func(f *Faults) any { return &f.CorruptFront }},
	faultRenumber:     {FaultInfo{"renumber", "", "number events after dropping: ids count what was sent"}, func(f *Faults) any { return &f.Renumber }},
	faultDelay:        {FaultInfo{"delay", "DURATION", "send every event this much later"}, func(f *Faults) any { return &f.Delay }},
	faultJitter:       {FaultInfo{"jitter", "DURATION", "send every event up to this much later, at random, in order"}, func(f *Faults) any { return &f.Jitter }},
}

// ListFaults returns all faults the server knows, in the order of its listing.
func ListFaults() []FaultInfo {
	list := make([]FaultInfo, len(faultTable))
	for i := range faultTable {
		list[i] = faultTable[i].FaultInfo
	}
	return list
}

// ParseFaults reads "name=value,name=value"; a switch is a name alone or
// name=off, and 0 turns a number or a duration off. "" is no fault.
func ParseFaults(text string) (Faults, error) {
	var f Faults
	err := f.Set(text)
	return f, err
}

// Set changes the faults that text names, in the form of ParseFaults, and
// leaves the others. On an error f is unchanged.
func (f *Faults) Set(text string) error {
	next := *f
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, given := strings.Cut(part, "=")
		no, ok := faultByName(name)
		if !ok {
			return fmt.Errorf("unknown fault %q; the faults are %s", name, faultNames())
		}
		if err := setFault(faultTable[no].field(&next), value, given); err != nil {
			return fmt.Errorf("fault %s=%s: %w", name, value, err)
		}
	}
	*f = next
	return nil
}

// String returns f in the form that ParseFaults reads; "" is a correct server.
func (f Faults) String() string {
	var parts []string
	for i := range faultTable {
		if v := faultValue(&f, faultNo(i)); v != "" {
			if v == "on" {
				parts = append(parts, faultTable[i].Name)
			} else {
				parts = append(parts, faultTable[i].Name+"="+v)
			}
		}
	}
	return strings.Join(parts, ",")
}

func faultByName(name string) (faultNo, bool) {
	for i := range faultTable {
		if faultTable[i].Name == name {
			return faultNo(i), true
		}
	}
	return 0, false
}

func faultNames() string {
	names := make([]string, len(faultTable))
	for i := range faultTable {
		names[i] = faultTable[i].Name
	}
	return strings.Join(names, ", ")
}

// faultValue returns the value of a fault as text, "" where it is off.
func faultValue(f *Faults, no faultNo) string {
	switch p := faultTable[no].field(f).(type) {
	case *uint64:
		if *p > 0 {
			return strconv.FormatUint(*p, 10)
		}
	case *time.Duration:
		if *p > 0 {
			return p.String()
		}
	case *bool:
		if *p {
			return "on"
		}
	}
	return ""
}

func setFault(field any, value string, given bool) error {
	switch p := field.(type) {
	case *uint64:
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return fmt.Errorf("want a whole number, such as 10")
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return fmt.Errorf("want a duration, such as 50ms")
		}
		*p = d
	case *bool:
		if given && value != "on" && value != "off" {
			return fmt.Errorf("want on or off")
		}
		*p = value != "off"
	}
	return nil
}

// faultBox holds the faults in force and counts what was done, over all
// subscribers and since the server started.
type faultBox struct {
	now  atomic.Pointer[Faults] // nil: none
	done [faultCount]atomic.Uint64
}

func (b *faultBox) load() *Faults  { return b.now.Load() }
func (b *faultBox) did(no faultNo) { b.done[no].Add(1) }

func (b *faultBox) store(f Faults) {
	if f == (Faults{}) {
		b.now.Store(nil)
		return
	}
	b.now.Store(&f)
}
