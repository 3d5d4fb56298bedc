package results

import "testing"

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  Unit
		want  string
	}{
		{0, UnitNanoseconds, "0 ns"},
		{850, UnitNanoseconds, "850 ns"},
		{999.6, UnitNanoseconds, "1.00 µs"},
		{3140, UnitNanoseconds, "3.14 µs"},
		{38_200, UnitNanoseconds, "38 µs"},
		{412_345, UnitNanoseconds, "412 µs"},
		{999_700, UnitNanoseconds, "1.00 ms"},
		{1_420_000, UnitNanoseconds, "1.42 ms"},
		{14_250_000, UnitNanoseconds, "14.2 ms"},
		{250e6, UnitNanoseconds, "250 ms"},
		{9.9996e9, UnitNanoseconds, "10.0 s"},
		{119e9, UnitNanoseconds, "119 s"},
		{125.4e9, UnitNanoseconds, "2m5s"},
		{-5e6, UnitNanoseconds, "-5.00 ms"},
		{0, UnitBytes, "0 B"},
		{999, UnitBytes, "999 B"},
		{1000, UnitBytes, "0.977 KiB"},
		{12.3 * (1 << 20), UnitBytes, "12.3 MiB"},
		{5 << 40, UnitBytes, "5.00 TiB"},
		{5 << 50, UnitBytes, "5,120 TiB"},
		{500_000, UnitOne, "500,000"},
		{1_234_567_890, UnitOne, "1,234,567,890"},
		{999, UnitOne, "999"},
		{-1000, UnitOne, "-1,000"},
		{1.5, UnitOne, "1.50"},
		{0.001, UnitRatio, "0.100 %"},
		{0.123456, UnitRatio, "12.3 %"},
		{0, UnitRatio, "0 %"},
		{1, UnitRatio, "100 %"},
		{1.236, UnitCores, "1.24 cores"},
		{50_000 / 1e9, "1/ns", "50,000/s"},
		{float64(2<<20) / 1e9, "B/ns", "2.00 MiB/s"},
		{2, "B^2", "2.00 B^2"},
	} {
		if got := Format(c.value, c.unit); got != c.want {
			t.Errorf("Format(%g, %s) = %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}
