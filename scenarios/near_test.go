package scenarios

import "testing"

func TestNear(t *testing.T) {
	names := []string{"connections", "topics", "open_within", "hold", "ramp", "chromium", "url", "c"}
	for s, want := range map[string]string{
		"conections": "connections", "conenctions": "connections", "Connections": "connections", "connect": "connections",
		"open-within": "open_within", "openWithin": "open_within", "hodl": "hold", "rmap": "ramp", "chrome": "chromium", "uri": "url",
		"x": "", "": "", "colour": "", "hold": "", "topology": "",
	} {
		if got := near(s, names); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
