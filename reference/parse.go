package reference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
		if err := setFault(faultNo(no), faultTable[no].field(&next), value, given); err != nil {
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
	case *int:
		if *p > 0 {
			return strconv.Itoa(*p)
		}
	case *string:
		return *p
	case *bool:
		if *p {
			return "on"
		}
	}
	return ""
}

// faultWords are the values of the faults that take one of a few words.
var faultWords = map[faultNo][]string{faultLineEnds: {"cr", "crlf"}, faultGap: {"comment", "none"}}

func setFault(no faultNo, field any, value string, given bool) error {
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
	case *int:
		n, err := parseBytes(value)
		if err != nil {
			return err
		}
		if no == faultStatus && n != 0 && (n < 200 || n > 599) {
			return fmt.Errorf("want a status from 200 to 599")
		}
		*p = n
	case *string:
		if words, bound := faultWords[no]; bound && value != "" && !slices.Contains(words, value) {
			return fmt.Errorf("want %s", strings.Join(words, " or "))
		}
		*p = value
	case *bool:
		if given && value != "on" && value != "off" {
			return fmt.Errorf("want on or off")
		}
		*p = value != "off"
	}
	return nil
}

// parseBytes reads a number, with KiB or MiB after it where it is a size.
func parseBytes(value string) (int, error) {
	number, unit := value, 1
	if n, ok := strings.CutSuffix(value, "KiB"); ok {
		number, unit = n, 1<<10
	} else if n, ok := strings.CutSuffix(value, "MiB"); ok {
		number, unit = n, 1<<20
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 1<<30/unit {
		return 0, fmt.Errorf("want a whole number or a size, such as 64KiB")
	}
	return n * unit, nil
}
