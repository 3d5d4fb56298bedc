package scenarios

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// String gives the readable form: 10k, 1500, 2m.
func (c Count) String() string {
	switch {
	case c != 0 && c%1e6 == 0:
		return strconv.FormatInt(int64(c/1e6), 10) + "m"
	case c != 0 && c%1e3 == 0:
		return strconv.FormatInt(int64(c/1e3), 10) + "k"
	}
	return strconv.FormatInt(int64(c), 10)
}

// String gives the readable form: 30s, 1m30s, 5m.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// String gives the readable form: 256B, 4KiB, 1MB.
func (s Size) String() string {
	for _, unit := range sizeUnits {
		if whole := int64(unit.bytes); s != 0 && int64(s)%whole == 0 {
			return strconv.FormatInt(int64(s)/whole, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// String gives the readable form: 5%, 0.5%.
func (s Share) String() string {
	// Twelve digits hide what the division by 100 left.
	return strconv.FormatFloat(math.Round(float64(s)*1e14)/1e12, 'f', -1, 64) + "%"
}

// String gives the readable form: 10/s, 30/m, 1/h.
func (r Rate) String() string {
	for _, unit := range []struct {
		name    string
		seconds float64
	}{{"/s", 1}, {"/m", 60}, {"/h", 3600}} {
		amount := float64(r) * unit.seconds
		if whole := math.Round(amount); math.Abs(whole) < 1e15 && whole/unit.seconds == float64(r) {
			if whole >= 10_000 {
				return Count(whole).String() + unit.name
			}
			return strconv.FormatFloat(whole, 'f', -1, 64) + unit.name
		}
	}
	return strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s"
}

// String gives the readable form: 2000/s or at_once.
func (r Ramp) String() string {
	if r.AtOnce {
		return atOnce
	}
	return r.Rate.String()
}

const atOnce = "at_once"

// Set reads the text of a flag, as ParseCount does.
func (c *Count) Set(s string) (err error) { *c, err = ParseCount(s); return err }

// Set reads the text of a flag, as ParseDuration does.
func (d *Duration) Set(s string) (err error) { *d, err = ParseDuration(s); return err }

// Set reads the text of a flag, as ParseSize does.
func (s *Size) Set(text string) (err error) { *s, err = ParseSize(text); return err }

// Set reads the text of a flag, as ParseRate does.
func (r *Rate) Set(s string) (err error) { *r, err = ParseRate(s); return err }

// Set reads the text of a flag, as ParseShare does.
func (s *Share) Set(text string) (err error) { *s, err = ParseShare(text); return err }

// Set reads the text of a flag: a rate or at_once.
func (r *Ramp) Set(s string) error {
	if s == atOnce {
		*r = Ramp{AtOnce: true}
		return nil
	}
	rate, err := ParseRate(s)
	if err != nil {
		v := &ValueError{Message: fmt.Sprintf("%s is neither a rate such as 2000/s nor at_once", quote(s))}
		if strings.EqualFold(strings.NewReplacer(" ", "_", "-", "_").Replace(s), atOnce) || near(s, []string{atOnce}) != "" {
			v.Suggestion = atOnce
		}
		return v
	}
	*r = Ramp{Rate: rate}
	return nil
}

// Type names the flag value in help texts.
func (c *Count) Type() string { return "count" }

// Type names the flag value in help texts.
func (d *Duration) Type() string { return "duration" }

// Type names the flag value in help texts.
func (s *Size) Type() string { return "size" }

// Type names the flag value in help texts.
func (r *Rate) Type() string { return "rate" }

// Type names the flag value in help texts.
func (s *Share) Type() string { return "share" }

// Type names the flag value in help texts.
func (r *Ramp) Type() string { return "rate" }

// MarshalYAML writes the readable form. JSON has the plain number, so that scripts can count with it.
func (c Count) MarshalYAML() (any, error) { return c.String(), nil }

// MarshalText writes the readable form, in JSON and in YAML.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalText writes the readable form, in JSON and in YAML.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalText writes the readable form, in JSON and in YAML.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// MarshalText writes the readable form, in JSON and in YAML.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalText writes the readable form, in JSON and in YAML.
func (r Ramp) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// plain is a numbered list of names that can be written as its length.
func (t Topics) plain() bool {
	for i, name := range t {
		if name != topicName(i) {
			return false
		}
	}
	return len(t) > 0
}

func topicName(i int) string { return "t" + strconv.Itoa(i) }

// MarshalYAML writes a number where the names are t0, t1 and so on.
func (t Topics) MarshalYAML() (any, error) {
	if t.plain() {
		return len(t), nil
	}
	return []string(t), nil
}

// MarshalJSON writes a number where the names are t0, t1 and so on.
func (t Topics) MarshalJSON() ([]byte, error) {
	v, _ := t.MarshalYAML()
	return json.Marshal(v)
}

type scheduleFields Schedule

// MarshalYAML writes a constant rate alone.
func (s Schedule) MarshalYAML() (any, error) {
	if s.Constant != 0 && s.Poisson == 0 && s.Burst == nil && s.Ramp == nil {
		return s.Constant, nil
	}
	return scheduleFields(s), nil
}

// MarshalJSON writes a constant rate alone.
func (s Schedule) MarshalJSON() ([]byte, error) {
	v, _ := s.MarshalYAML()
	return json.Marshal(v)
}

type slowReadersFields SlowReaders

// MarshalYAML writes a share without a pace alone.
func (s SlowReaders) MarshalYAML() (any, error) {
	if s == (SlowReaders{Share: s.Share}) {
		return s.Share, nil
	}
	return slowReadersFields(s), nil
}

// MarshalJSON writes a share without a pace alone.
func (s SlowReaders) MarshalJSON() ([]byte, error) {
	v, _ := s.MarshalYAML()
	return json.Marshal(v)
}

type reconnectFields Reconnect

// MarshalYAML writes a profile without settings as its name.
func (r Reconnect) MarshalYAML() (any, error) {
	if r == (Reconnect{Profile: r.Profile}) {
		return r.Profile, nil
	}
	return reconnectFields(r), nil
}

// MarshalJSON writes a profile without settings as its name.
func (r Reconnect) MarshalJSON() ([]byte, error) {
	v, _ := r.MarshalYAML()
	return json.Marshal(v)
}
