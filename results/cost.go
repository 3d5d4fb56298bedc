package results

import "time"

// Cost is what subscribers cost on the wire, from the phases in which their number stood still: while nothing was published, and while
// events came.
//
// Both together give a straight line for each subscriber: bytes a second = Idle.Bytes + events a second × EventBytes.
type Cost struct {
	Transport  string
	Protocol   string
	Duplex     bool          // subscribers publish: Busy.Sent is theirs, and so is what it costs
	Idle, Busy Spell         // Clients 0: no phase shows it
	OnLink     bool          // bytes are the link's, with the headers of TCP/IP; else TCP's content
	Interval   time.Duration // of a poller; 0: it is none
	cycle      time.Duration // after which idle clients do the same again
}

// Spell is what one subscriber costs in a second.
type Spell struct {
	Clients  float64 // that were there
	Seconds  float64 // that it lasted
	Bytes    float64 // received and sent
	Requests float64 // made
	Empty    float64 // of these, answered without news
	Events   float64 // delivered of what was due in it
	Came     float64 // of these, what came in it too, as their bytes did: a poller gets the last ones later
	Sent     float64 // published
}

// CostOf takes the costs from a document's phases.
func CostOf(d *Document) Cost {
	f := d.Facts()
	c := Cost{Transport: f.Transport, Protocol: f.Protocol, Duplex: f.Subscribers}
	if f.Transport == "poll" {
		c.Interval = f.Interval
	}
	c.cycle = max(c.Interval, f.Timeout, f.Heartbeat)
	_, c.OnLink = d.Metrics[WireReceived.String()]
	publishing := f.PublishFrom == ""
	for _, p := range d.Phases {
		publishing = publishing || p.Name == f.PublishFrom
		if p.Kind != PhaseHold && p.Kind != PhaseChurn {
			continue
		}
		switch {
		case !publishing:
			c.Idle.add(&p, c.OnLink)
		case !p.Warmup:
			c.Busy.add(&p, c.OnLink)
		}
	}
	c.Idle.share()
	c.Busy.share()
	return c
}

// add adds a phase: its counters whole, and its clients for its seconds.
func (s *Spell) add(p *PhaseResult, onLink bool) {
	value := func(id ID) float64 {
		if v := p.Metrics[id.String()].Value; v != nil {
			return *v
		}
		return 0
	}
	lasted := float64(p.EndNS-p.StartNS) / 1e9
	s.Seconds += lasted
	if open := p.Metrics[ConnectionsOpen.String()].Max; open != nil {
		s.Clients += *open * lasted // their number stands still: a mean would have the moments of the edges in it
	}
	if onLink {
		s.Bytes += value(WireReceived) + value(WireSent)
	} else {
		s.Bytes += value(BytesReceived) + value(BytesSent)
	}
	s.Requests += value(RequestsCount)
	s.Empty += value(RequestsEmpty)
	came, delivered := value(EventsReceived), value(DeliveriesReceived)
	if _, counted := p.Metrics[DeliveriesReceived.String()]; !counted {
		delivered = came // observed without a sequence
	}
	s.Events += delivered
	s.Came += min(delivered, came)
	s.Sent += value(PublishCount) - value(PublishFailed)
}

// share divides what was added by the seconds of all clients.
func (s *Spell) share() {
	if s.Clients == 0 {
		*s = Spell{}
		return
	}
	for _, n := range []*float64{&s.Bytes, &s.Requests, &s.Empty, &s.Events, &s.Came, &s.Sent} {
		*n /= s.Clients
	}
	s.Clients /= s.Seconds
}

// HasIdle says whether phases without publishing show what idle subscribers cost: they last for a poller's interval, a long poll's timeout and
// a heartbeat at the least, as far as the scenario names them. Where it does not, as of a server elsewhere that holds long polls, most of those
// who come back after each answer did so.
func (c *Cost) HasIdle() bool {
	returns := c.Transport == "long-poll" || c.Transport == "finite-sse"
	return c.Idle.Clients > 0 && c.Idle.Seconds >= c.cycle.Seconds() && (!returns || c.Idle.Requests*c.Idle.Seconds > 0.5)
}

// DeliveryBytes is what an event costs each subscriber, with its share of what is idle. False where none came.
func (c *Cost) DeliveryBytes() (float64, bool) {
	if c.Busy.Came == 0 {
		return 0, false
	}
	return c.Busy.Bytes / c.Busy.Came, true
}

// EventBytes is what one more event adds for each subscriber: what is not idle, over the events. False where nothing shows it, as where not
// every poller asked while events came.
func (c *Cost) EventBytes() (float64, bool) {
	if c.Busy.Came == 0 || !c.HasIdle() || c.Busy.Seconds < c.Interval.Seconds() {
		return 0, false
	}
	return (c.Busy.Bytes - c.Idle.Bytes) / c.Busy.Came, true
}

// SentBytes is what a message costs that a subscriber sends, with all that come of it: what is not idle, where that is known, over the
// messages. False where none was sent.
func (c *Cost) SentBytes() (float64, bool) {
	if c.Busy.Sent == 0 {
		return 0, false
	}
	bytes := c.Busy.Bytes
	if c.HasIdle() {
		bytes -= c.Idle.Bytes
	}
	return bytes / c.Busy.Sent, true
}

// EventRequests is the same of requests: none for a poller, who asks no more often for there being events.
func (c *Cost) EventRequests() (float64, bool) {
	if _, ok := c.EventBytes(); !ok || c.Interval > 0 {
		return 0, ok
	}
	return max(c.Busy.Requests-c.Idle.Requests, 0) / c.Busy.Came, true
}
