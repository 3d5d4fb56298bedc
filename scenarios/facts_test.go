package scenarios

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssebench/results"
)

// What a plan says of its scenario is what its document said before it stood there as data.
func TestFactsAreThoseOfTheScenario(t *testing.T) {
	for text, want := range map[string]results.Facts{
		"load: {connections: 1}\n": {Transport: "sse", Protocol: "http1.1", Reconnect: "none", Sharing: 1},
		"load: {connections: 4, reconnect: {profile: firefox, delay: 2s}, clients: {profile: browser, tabs: 2}}\ntarget: {protocol: h2c, heartbeat: 3s}\n": {
			Transport: "sse", Protocol: "h2c", Heartbeat: 3 * time.Second, Reconnect: "firefox", Tabs: 2, Sharing: 1,
		},
		"load: {connections: 4, phases: [{ramp: at_once}, {hold: 1s}, {name: news, hold: 2s}]}\ntarget: {transport: poll, poll: {interval: 4s}}\npublish: {rate: 1/s, from: news}\n": {
			Transport: "poll", Protocol: "http1.1", Interval: 4 * time.Second, Reconnect: "none", Sharing: 1, PublishFrom: "news",
		},
		"load: {connections: 4, streams_per_connection: 4}\ntarget: {protocol: h2c}\npublish: {rate: 1/s, hook: {subscribers: {url: 'http://127.0.0.1:1/'}}}\n": {
			Transport: "sse", Protocol: "h2c", Reconnect: "none", Sharing: 4, Subscribers: true, PublishFrom: "hold",
		},
	} {
		p := planOf(t, "reference: true\n"+text, fixed)
		if diff := cmp.Diff(&want, p.Facts()); diff != "" {
			t.Errorf("%s(-want +got):\n%s", text, diff)
		}
		old := (&results.Document{Scenario: p.Scenario}).Facts()
		old.Sharing, old.PublishFrom = max(old.Sharing, 1), want.PublishFrom // a document left out what was as usual
		if old.Protocol != "h2c" {                                           // nothing, or auto, was HTTP/1.1
			old.Transport, old.Protocol = want.Transport, "http1.1"
		}
		if diff := cmp.Diff(&want, old); diff != "" {
			t.Errorf("%sdecoded from the scenario (-want +got):\n%s", text, diff)
		}
	}
}
