package scenarios

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

func TestUnits(t *testing.T) {
	count := func(s string) (any, error) { return ParseCount(s) }
	duration := func(s string) (any, error) { return ParseDuration(s) }
	size := func(s string) (any, error) { return ParseSize(s) }
	rate := func(s string) (any, error) { return ParseRate(s) }
	share := func(s string) (any, error) { return ParseShare(s) }
	for _, c := range []struct {
		parse      func(string) (any, error)
		text       string
		want       any // nil: a mistake
		readable   string
		suggestion string
	}{
		{count, "0", Count(0), "0", ""},
		{count, "500", Count(500), "500", ""},
		{count, "1_000", Count(1000), "1k", ""},
		{count, "10k", Count(10_000), "10k", ""},
		{count, "1.5K", Count(1500), "1500", ""},
		{count, "2m", Count(2_000_000), "2m", ""},
		{count, "0.000001m", Count(1), "1", ""},
		{count, "-5", Count(-5), "-5", ""},
		{count, "9007199254740992", Count(1 << 53), "9007199254740992", ""},
		{count, "9007199254740994", nil, "", ""},
		{count, "99999999999999999999m", nil, "", ""},
		{count, "1.0005k", nil, "", ""},
		{count, "", nil, "", ""},
		{count, "k", nil, "", ""},
		{count, "10 k", nil, "", ""},
		{count, "10g", nil, "", ""},
		{count, "_1", nil, "", ""},
		{count, "1_", nil, "", ""},
		{count, "1__0", nil, "", ""},
		{count, "1_.5k", nil, "", ""},
		{count, "1.", nil, "", ""},
		{count, ".5k", nil, "", ""},
		{count, "+5", nil, "", ""},
		{count, "--5", nil, "", ""},
		{count, "1.2.3", nil, "", ""},
		{count, "0x10", nil, "", ""},
		{count, "1e3", nil, "", ""},
		{count, "NaN", nil, "", ""},

		{duration, "30s", Duration(30 * time.Second), "30s", ""},
		{duration, "90s", Duration(90 * time.Second), "1m30s", ""},
		{duration, "5m", Duration(5 * time.Minute), "5m", ""},
		{duration, "2h", Duration(2 * time.Hour), "2h", ""},
		{duration, "1h0m30s", Duration(time.Hour + 30*time.Second), "1h0m30s", ""},
		{duration, "1h5m", Duration(time.Hour + 5*time.Minute), "1h5m", ""},
		{duration, "250ms", Duration(250 * time.Millisecond), "250ms", ""},
		{duration, "0s", Duration(0), "0s", ""},
		{duration, "-1s", Duration(-time.Second), "-1s", ""},
		{duration, "30", nil, "", "30s"},
		{duration, "0", nil, "", "0s"},
		{duration, "1.5", nil, "", "1.5s"},
		{duration, "5 s", nil, "", "5s"},
		{duration, "5sec", nil, "", "5s"},
		{duration, "5 Minutes", nil, "", "5m"},
		{duration, "100millis", nil, "", "100ms"},
		{duration, "10S", nil, "", "10s"},
		{duration, "1d", nil, "", ""},
		{duration, "", nil, "", ""},
		{duration, "soon", nil, "", ""},
		{duration, "9999999999h", nil, "", ""},

		{size, "256B", Size(256), "256B", ""},
		{size, "256", Size(256), "256B", ""},
		{size, "4KiB", Size(4096), "4KiB", ""},
		{size, "1MB", Size(1_000_000), "1MB", ""},
		{size, "1MiB", Size(1 << 20), "1MiB", ""},
		{size, "1GiB", Size(1 << 30), "1GiB", ""},
		{size, "3GB", Size(3e9), "3GB", ""},
		{size, "1.5kB", Size(1500), "1500B", ""},
		{size, "0", Size(0), "0B", ""},
		{size, "4kib", nil, "", "4KiB"},
		{size, "4K", nil, "", "4KiB"},
		{size, "4m", nil, "", "4MiB"},
		{size, "4mb", nil, "", "4MB"},
		{size, "0.3B", nil, "", ""},
		{size, "9999999GiB", nil, "", ""},
		{size, "big", nil, "", ""},
		{size, "", nil, "", ""},

		{rate, "10/s", Rate(10), "10/s", ""},
		{rate, "10", Rate(10), "10/s", ""},
		{rate, "600/m", Rate(10), "10/s", ""},
		{rate, "30/m", Rate(0.5), "30/m", ""},
		{rate, "1/h", Rate(1.0 / 3600), "1/h", ""},
		{rate, "7/m", Rate(7.0 / 60), "7/m", ""},
		{rate, "2.5k/s", Rate(2500), "2500/s", ""},
		{rate, "20k/s", Rate(20_000), "20k/s", ""},
		{rate, "1m", Rate(1e6), "1m/s", ""},
		{rate, "0.1/s", Rate(0.1), "6/m", ""},
		{rate, "0.12345/s", Rate(0.12345), "0.12345/s", ""},
		{rate, "0/s", Rate(0), "0/s", ""},
		{rate, "-2/s", Rate(-2), "-2/s", ""},
		{share, "5%", Share(0.05), "5%", ""},
		{share, "0.5%", Share(0.005), "0.5%", ""},
		{share, "100%", Share(1), "100%", ""},
		{share, "33.3%", Share(0.333), "33.3%", ""},
		{share, "7%", Share(0.07), "7%", ""},
		{share, "0%", Share(0), "0%", ""},
		{share, "101%", nil, "", "100%"},
		{share, "5", nil, "", "5%"},
		{share, "0.3", nil, "", "0.3%"},
		{share, "500", nil, "", ""},
		{share, "-5%", nil, "", ""},
		{share, "1_0%", nil, "", ""},
		{share, "5 %", nil, "", ""},
		{share, "half", nil, "", ""},
		{share, "", nil, "", ""},

		{rate, "10/sec", nil, "", "10/s"},
		{rate, "10/minute", nil, "", "10/m"},
		{rate, "10 / s", nil, "", "10/s"},
		{rate, "10/d", nil, "", ""},
		{rate, "10/", nil, "", ""},
		{rate, "/s", nil, "", ""},
		{rate, "10/s/s", nil, "", ""},
		{rate, "fast", nil, "", ""},
		{rate, "", nil, "", ""},
	} {
		got, err := c.parse(c.text)
		if c.want == nil {
			var wrong *ValueError
			if !errors.As(err, &wrong) {
				t.Errorf("%T %q: got %v, %v, want a *ValueError", got, c.text, got, err)
			} else if wrong.Suggestion != c.suggestion {
				t.Errorf("%T %q: suggestion %q, want %q", got, c.text, wrong.Suggestion, c.suggestion)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%T %q: got %v, %v, want %v", got, c.text, got, err, c.want)
			continue
		}
		readable := got.(interface{ String() string }).String()
		if readable != c.readable {
			t.Errorf("%T %q: readable %q, want %q", got, c.text, readable, c.readable)
		}
		if again, err := c.parse(readable); err != nil || again != got {
			t.Errorf("%T %q: %q reads as %v, %v", got, c.text, readable, again, err)
		}
	}
}

func TestUnitsAsFlags(t *testing.T) {
	var (
		c Count
		d Duration
		s Size
		r Rate
		p Ramp
	)
	type flagValue interface {
		Set(string) error
		String() string
		Type() string
	}
	for _, f := range []struct {
		value             flagValue
		typ, text, result string
	}{
		{&c, "count", "10k", "10k"},
		{&d, "duration", "60s", "1m"},
		{&s, "size", "1024", "1KiB"},
		{&r, "rate", "10", "10/s"},
		{&p, "rate", "at_once", "at_once"},
		{&p, "rate", "5", "5/s"},
	} {
		if err := f.value.Set(f.text); err != nil || f.value.String() != f.result || f.value.Type() != f.typ {
			t.Errorf("%s: %v, %q, %q", f.text, err, f.value.String(), f.value.Type())
		}
		if f.value.Set("?") == nil {
			t.Errorf("%s: took ?", f.typ)
		}
	}
	if c != 0 || d != 0 {
		t.Errorf("a refused text left %v, %v", c, d)
	}
}

func TestReadableForms(t *testing.T) {
	for _, c := range []struct {
		value      any
		yaml, json string
	}{
		{Count(10_000), "10k\n", "10000"},
		{Duration(90 * time.Second), "1m30s\n", `"1m30s"`},
		{Size(4096), "4KiB\n", `"4KiB"`},
		{Rate(0.5), "30/m\n", `"30/m"`},
		{Ramp{AtOnce: true}, "at_once\n", `"at_once"`},
		{Ramp{Rate: 5}, "5/s\n", `"5/s"`},
		{Topics{"t0", "t1"}, "2\n", "2"},
		{Topics{"t1", "t0"}, "- t1\n- t0\n", `["t1","t0"]`},
		{Schedule{Constant: 5}, "5/s\n", `"5/s"`},
		{Schedule{Poisson: 5}, "poisson: 5/s\n", `{"poisson":"5/s"}`},
		{Reconnect{Profile: "safari"}, "safari\n", `"safari"`},
		{Reconnect{Profile: "safari", POST: true}, "profile: safari\npost: true\n", `{"profile":"safari","post":true}`},
	} {
		text, err := yaml.Dump(c.value)
		if err != nil || string(text) != c.yaml {
			t.Errorf("%v: YAML %q, %v, want %q", c.value, text, err, c.yaml)
		}
		text, err = json.Marshal(c.value)
		if err != nil || string(text) != c.json {
			t.Errorf("%v: JSON %s, %v, want %s", c.value, text, err, c.json)
		}
	}
}
