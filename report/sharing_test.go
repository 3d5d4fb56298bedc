package report

import (
	"strings"
	"testing"

	"ssebench/results"
)

// How many streams share a connection is what the server allows, where that is less than what the scenario asks for.
func TestSharingIsWhatTheServerAllows(t *testing.T) {
	for _, c := range []struct {
		facts results.Facts
		limit int64
		want  string
	}{
		{results.Facts{Sharing: 300, Protocol: "h2c"}, 128, "up to 128 streams on an HTTP/2 connection, as behind a gateway (the server allows no more; asked for 300)"},
		{results.Facts{Sharing: 300, Protocol: "h2c"}, 1000, "up to 300 streams on an HTTP/2 connection, as behind a gateway"},
		{results.Facts{Sharing: 300, Protocol: "h2c"}, 0, "up to 300 streams on an HTTP/2 connection, as behind a gateway"},
		{results.Facts{Tabs: 200, Protocol: "http2"}, 100, "1 connection of up to 100 streams to an origin"},
		{results.Facts{Tabs: 300, Protocol: "http2"}, 1000, "1 connection of up to 256 streams to an origin"},
		{results.Facts{Tabs: 8, Protocol: "http1.1"}, 0, "6 connections to an origin"},
	} {
		d := &results.Document{Run: results.Run{Facts: &c.facts, StreamLimit: c.limit}}
		if got := strings.Join(sharingFacts(&page{d: d}), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%+v, limit %d: %q", c.facts, c.limit, got)
		}
	}
}
