package scenarios

import (
	"time"

	"ssebench/results"
)

// Facts returns what renderers of a run's document need to know of its scenario.
func (p *Plan) Facts() *results.Facts {
	f := &results.Facts{
		Transport: p.Target.Transport, Protocol: p.Target.Protocol, Heartbeat: time.Duration(p.Target.Heartbeat),
		Reconnect: p.Reconnect.Profile, Tabs: p.Tabs, Sharing: p.StreamsPerConnection,
	}
	if poll := p.Target.Poll; poll != nil {
		f.Interval, f.Timeout = time.Duration(poll.Interval), time.Duration(poll.Timeout)
	}
	if p.Publish != nil {
		f.Subscribers = p.Publish.Hook.Subscribers != nil
		if p.Publish.From > 0 {
			f.PublishFrom = p.Phases[p.Publish.From].Name
		}
	}
	return f
}
