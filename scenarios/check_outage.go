package scenarios

import "time"

func (c checker) churn(path string, churn *Churn) {
	const mostRate = Rate(1_000_000)
	if churn.Rate > mostRate {
		c.wrong(path+".rate", 0, "", "%s is more than ssebench can open: at most %s", churn.Rate, mostRate)
	}
}

// outage checks that what is given fits together.
func (c checker) outage(path string, o *Outage) {
	bundled := c.bundled()
	server, restart, door := c.given(path+".server"), c.given(path+".restart"), c.given(path+".door")
	if door && !bundled {
		c.wrong(path+".door", 0, "", "only the bundled server's door can be shut (reference: true): break a server of your own with server or restart")
	}
	if server && !bundled && c.Target != nil && c.Target.Start == nil && !c.given("target.start") {
		c.wrong(path+".server", 0, "", "ssebench did not start the server, so it cannot start it again: give target.start, or a restart command")
	}
	for _, word := range o.Restart {
		if _, ok := c.template(path+".restart", word, nodeScope); !ok {
			break
		}
	}
	needs := func(field string, given bool, what string) {
		if c.given(path+"."+field) && !given {
			c.wrong(path+"."+field, 0, "", "%s has no meaning without %s", field, what)
		}
	}
	needs("by", c.given(path+".cut"), "cut: it says how a stream is cut")
	needs("shut", server || door, "server or door: it says how long they are gone")
	needs("retry_after", door && (o.Door == "status_503" || o.Door == ""), "door: status_503")
	needs("pause", c.given(path+".repeat"), "repeat: it is the time between two outages")
	needs("rolling", c.given(path+".cut") || restart, "cut or restart: there is one server only")
	if o.RetryAfter > 0 && time.Duration(o.RetryAfter)%time.Second != 0 {
		c.wrong(path+".retry_after", 0, "", "Retry-After is in whole seconds (RFC 9110, section 10.2.3)")
	}
	if o.Shut > 0 && o.Until > 0 && o.Until <= o.Shut {
		c.wrong(path+".until", 0, "", "the outage would be over after %s, before the door opens after %s", o.Until, o.Shut)
	}
	const mostRepeats, mostNodes = Count(1000), Count(1000)
	if o.Repeat > mostRepeats {
		c.wrong(path+".repeat", 0, "", "%s outages are more than a run can hold: at most %s", o.Repeat, mostRepeats)
	}
	if r := o.Rolling; r != nil {
		if r.Nodes > mostNodes {
			c.wrong(path+".rolling.nodes", 0, "", "%s nodes are more than ssebench can go through: at most %s", r.Nodes, mostNodes)
		}
		if r.Nodes > 0 && r.AtATime > r.Nodes {
			c.wrong(path+".rolling.at_a_time", 0, "", "%s of %s nodes cannot go down together", r.AtATime, r.Nodes)
		}
	}
}
