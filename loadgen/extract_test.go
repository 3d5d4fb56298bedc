package loadgen

import (
	"testing"

	"ssebench/scenarios"
)

func TestClockReadsTheServersTime(t *testing.T) {
	const at = int64(1767225600_123000000) // 2026-01-01T00:00:00.123Z
	for _, tt := range []struct {
		where, unit, data string
		want              int64
		ok                bool
	}{
		{"data", "s", "1767225600.123", at, true},
		{"data", "s", "1767225600", at - 123e6, true},
		{"data", "ms", "1767225600123", at, true},
		{"data", "ms", " 1767225600123 ", at, true},
		{"data", "us", "1767225600123000", at, true},
		{"data", "ns", "1767225600123000000", at, true},
		{"data", "rfc3339", "2026-01-01T01:00:00.123+01:00", at, true},
		{"/ts", "ms", `{"ts":1767225600123}`, at, true},
		{"/ts", "ms", `{"ts":"1767225600123"}`, at, true},
		{"/a~1b/1/t~0s", "rfc3339", `{"a/b":[0,{"t~s":"2026-01-01T00:00:00.123Z"}]}`, at, true},
		{"/ts", "ms", `{"at":1}`, 0, false},
		{"/ts", "ms", `{"ts":{}}`, 0, false},
		{"/0", "ms", `not JSON`, 0, false},
		{"data", "ms", "soon", 0, false},
		{"data", "ms", "-5", 0, false},
		{"data", "s", "1767225600123", 0, false}, // milliseconds taken for seconds: beyond what a clock can say
		{"data", "rfc3339", "1767225600", 0, false},
	} {
		read := newClock(&scenarios.Observe{Time: tt.where, Unit: tt.unit})
		got, _, ok := read([]byte(tt.data))
		// A float64 of seconds is good for about 200 ns here.
		if ok != tt.ok || ok && (got < tt.want-500 || got > tt.want+500) {
			t.Errorf("%s in %s of %q: %d %v, want %d %v", tt.where, tt.unit, tt.data, got, ok, tt.want, tt.ok)
		}
	}
	if newClock(&scenarios.Observe{}) != nil || newClock(nil) != nil {
		t.Error("a clock without a time to read")
	}
}

func TestTheResolutionIsThatOfTheDigitsSeen(t *testing.T) {
	for _, tt := range []struct {
		unit, data string
		digits     int
	}{
		{"s", "1767225600", 0},
		{"s", "1767225600.123456", 6},
		{"s", "1767225600.500", 1},
		{"ms", "1767225600123", 3},
		{"ms", "1767225600000", 0}, // seconds, written in milliseconds
		{"ms", "1767225600123.25", 5},
		{"us", "1767225600123000", 3},
		{"ns", "1767225600123456789", 9},
		{"rfc3339", "2026-01-01T01:00:00+01:00", 0},
		{"rfc3339", "2026-01-01T01:00:00.123400Z", 4},
	} {
		if _, digits, ok := newClock(&scenarios.Observe{Time: "data", Unit: tt.unit})([]byte(tt.data)); !ok || digits != tt.digits {
			t.Errorf("%s in %s: %d digits, %v; want %d", tt.data, tt.unit, digits, ok, tt.digits)
		}
	}
}

func TestExtractorFindsTheSequence(t *testing.T) {
	for _, tt := range []struct {
		extract scenarios.Extract
		data    string
		want    uint64
		ok      bool
	}{
		{scenarios.Extract{Pointer: "/seq"}, `{"seq":7}`, 7, true},
		{scenarios.Extract{Pointer: ""}, `7`, 7, true},
		{scenarios.Extract{Pointer: "/seq"}, `{"seq":7.5}`, 0, false},
		{scenarios.Extract{Pointer: "/seq"}, `{"seq":-1}`, 0, false},
		{scenarios.Extract{Pointer: "/2"}, `[1,2]`, 0, false},
		{scenarios.Extract{Regexp: `n=(\d+)`}, "x n=12; n=13", 12, true},
		{scenarios.Extract{Regexp: `n=(\d+)`}, "nothing", 0, false},
	} {
		x, err := newExtractor(&tt.extract)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := x.number([]byte(tt.data)); got != tt.want || ok != tt.ok {
			t.Errorf("%+v of %q: %d %v, want %d %v", tt.extract, tt.data, got, ok, tt.want, tt.ok)
		}
	}
	if _, err := newExtractor(&scenarios.Extract{Regexp: "no group"}); err == nil {
		t.Error("an expression without a group is no sequence")
	}
}
