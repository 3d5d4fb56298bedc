package results

import (
	"encoding/json"
	"time"
)

// Facts are what renderers need to know of a run's scenario, so that none of them reads the scenario itself.
type Facts struct {
	Transport   string        `json:"transport"`              // sse, poll, long-poll, finite-sse or websocket
	Protocol    string        `json:"protocol"`               // http1.1, http2 or h2c; of documents without facts also auto, which is http1.1
	Interval    time.Duration `json:"interval_ns,omitempty"`  // of polls
	Timeout     time.Duration `json:"timeout_ns,omitempty"`   // of long polls, as asked for
	Heartbeat   time.Duration `json:"heartbeat_ns,omitempty"` // of the server, as far as it is asked for one
	Reconnect   string        `json:"reconnect,omitempty"`    // the profile
	Tabs        int           `json:"tabs,omitempty"`         // of each browser; 0: subscribers are no tabs
	Sharing     int           `json:"streams_per_connection,omitempty"`
	Subscribers bool          `json:"subscribers_publish,omitempty"`
	// PublishFrom is the phase with which publishing starts; empty: from the first on.
	PublishFrom string `json:"publish_from,omitempty"`
}

// Facts returns what is known of the run's scenario.
func (d *Document) Facts() *Facts {
	if d.Run.Facts != nil {
		return d.Run.Facts
	}
	return decodeFacts(d.Scenario)
}

// decodeFacts reads the facts out of the scenario of a document or journal from before they stood in its header. What it does not
// say is left out.
func decodeFacts(scenario json.RawMessage) *Facts {
	var s struct {
		Target struct {
			Transport string
			Protocol  string
			Heartbeat string
			Poll      struct{ Interval, Timeout string }
		}
		Load struct {
			Streams   int `json:"streams_per_connection"`
			Clients   struct{ Tabs int }
			Reconnect json.RawMessage
		}
		Publish struct {
			From string
			Hook struct{ Subscribers json.RawMessage }
		}
	}
	_ = json.Unmarshal(scenario, &s)
	f := &Facts{
		Transport: s.Target.Transport, Protocol: s.Target.Protocol, Tabs: s.Load.Clients.Tabs, Sharing: s.Load.Streams,
		Subscribers: len(s.Publish.Hook.Subscribers) > 0, PublishFrom: s.Publish.From, Reconnect: decodeProfile(s.Load.Reconnect),
	}
	f.Interval, _ = time.ParseDuration(s.Target.Poll.Interval)
	f.Timeout, _ = time.ParseDuration(s.Target.Poll.Timeout)
	f.Heartbeat, _ = time.ParseDuration(s.Target.Heartbeat)
	return f
}

// decodeProfile reads the profile, which is a name, or has settings of its own.
func decodeProfile(reconnect json.RawMessage) string {
	var name string
	if json.Unmarshal(reconnect, &name) == nil {
		return name
	}
	var own struct{ Profile string }
	_ = json.Unmarshal(reconnect, &own)
	return own.Profile
}
