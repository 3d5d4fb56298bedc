package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"ssebench/results"
)

// checker looks for what is wrong with a scenario beyond its structure. What the decoder could not read is zero here, and skipped.
type checker struct {
	*Scenario
	mistakes *Mistakes
}

func check(s *Scenario, mistakes *Mistakes) {
	c := checker{s, mistakes}
	if strings.ContainsFunc(s.Name, func(r rune) bool { return r == '/' || r == '\\' || !unicode.IsPrint(r) }) {
		c.wrong("name", 0, "", "a name has no slashes and no line ends")
	}
	if s.Target != nil {
		c.target(s.Target)
	}
	c.load(&s.Load)
	c.sharing()
	c.clients()
	if s.Publish != nil {
		c.publish(s.Publish)
	}
	c.topics()
	if s.Observe != nil {
		c.observe(s.Observe)
	}
	c.comparison()
	const mostThresholds = 1000
	if len(s.Thresholds) > mostThresholds {
		c.wrong("thresholds", 0, "", "%d thresholds are more than anybody reads: at most %d", len(s.Thresholds), mostThresholds)
		return
	}
	for i, expression := range s.Thresholds {
		if _, err := results.ParseThreshold(expression); err != nil && expression != "" {
			c.threshold(fmt.Sprintf("thresholds.%d", i), expression, err)
		}
	}
}

func (c checker) wrong(path string, offset int, suggestion, format string, args ...any) {
	c.mistakes.add(c.source.at(path, offset, fmt.Sprintf(format, args...), suggestion))
}

// given tells what was left out from what could not be read.
func (c checker) given(path string) bool { return c.source.values[path] != nil || c.source.meant[path] }

func (c checker) threshold(path, expression string, err error) {
	offset, suggestion, message := thresholdMistake(expression, err)
	c.wrong(path, offset, suggestion, "%s", message)
}

// thresholdMistake gives the place of a mistake in an expression, and what to say of it.
func thresholdMistake(expression string, err error) (offset int, suggestion, message string) {
	var wrong *results.ThresholdError
	if !errors.As(err, &wrong) {
		return 0, "", err.Error()
	}
	return min(max(wrong.Column-1, 0), len(expression)), wrong.Suggestion, wrong.Message
}

func (c checker) load(l *Load) {
	const mostConnections = 10_000_000
	if l.Connections > mostConnections {
		c.wrong("load.connections", 0, "", "%s connections are more than ssebench can count on: at most %s", l.Connections, Count(mostConnections))
	}
	c.rampRate("load.ramp", l.Ramp)
	if len(l.Phases) == 0 && l.Connections == 0 && !c.given("load.connections") && !c.given("load.phases") && c.given("load") {
		c.mistakes.add(c.source.atKey("load", `missing field "connections" in load`, ""))
	}
	if len(l.Phases) > 0 {
		c.phases(l)
	}
	for i, topic := range l.Topics {
		if strings.ContainsFunc(topic, unicode.IsControl) {
			c.wrong(fmt.Sprintf("load.topics.%d", i), 0, "", "a topic's name has no control characters")
		}
	}
	for i, address := range l.SourceAddresses {
		if _, err := netip.ParseAddr(address); err != nil && address != "" {
			c.wrong(fmt.Sprintf("load.source_addresses.%d", i), 0, "", "%s is no IP address", quote(address))
		}
	}
	if l.Reconnect != nil {
		c.reconnect(l.Reconnect)
		outage := slices.ContainsFunc(l.Phases, func(p Phase) bool { return p.Outage != nil })
		if outage && l.Reconnect.Profile == "none" {
			c.wrong("load.reconnect", 0, "", "with none nobody comes back after an outage: choose a profile such as chromium")
		}
	}
	if l.Gap != nil {
		c.regexp("load.gap.comment", l.Gap.Comment)
	}
	const mostRecorded, mostRecorderSize = Count(1000), Size(1 << 20)
	if f := l.FlightRecorder; f != nil {
		if f.Streams > mostRecorded {
			c.wrong("load.flight_recorder.streams", 0, "", "%s streams are more than anybody reads: at most %s", f.Streams, mostRecorded)
		}
		if f.Size > mostRecorderSize {
			c.wrong("load.flight_recorder.size", 0, "", "%s of each stream is more than anybody reads: at most %s", f.Size, mostRecorderSize)
		}
	}
}

// sharing: only streams over HTTP/2 can share a connection.
func (c checker) sharing() {
	const path = "load.streams_per_connection"
	n := c.Load.StreamsPerConnection
	if n <= 1 || c.Target != nil && c.broken("target.protocol", c.Target.Protocol) {
		return
	}
	if c.Target == nil || c.Target.Protocol != "http2" && c.Target.Protocol != "h2c" {
		c.wrong(path, 0, "", "streams share a connection over HTTP/2 only: set target.protocol to http2, or h2c without TLS")
	}
}

// clients: browsers count WebSockets apart, and what shares a connection over HTTP/2 does not close it.
func (c checker) clients() {
	l, t := c.Load.Clients, c.Target
	if l == nil {
		return
	}
	const mostTabs = 10_000
	if l.Tabs > mostTabs {
		c.wrong("load.clients.tabs", 0, "", "%s tabs are more than anybody opens: at most %s", l.Tabs, Count(mostTabs))
	}
	if t == nil {
		return
	}
	if t.Transport == TransportWebSocket {
		c.mistakes.add(c.source.atKey("load.clients", "WebSockets do not count among the connections of a browser, which allows 255 of them: take clients out", ""))
	}
	if p := t.Poll; p != nil && p.Reuse != nil && !*p.Reuse && (t.Protocol == "http2" || t.Protocol == "h2c") {
		c.wrong("target.poll.reuse", 0, "", "a connection for each request cannot be shared, and over HTTP/2 a browser has one: take load.clients out")
	}
}

func (c checker) rampRate(path string, r *Ramp) {
	const mostRate = 10_000_000
	if r != nil && r.Rate > mostRate {
		c.wrong(path, 0, atOnce, "%s is more than ssebench can keep apart: at most %s", r.Rate, Rate(mostRate))
	}
}

// phases checks that the steps follow from each other.
func (c checker) phases(l *Load) {
	names := map[string]int{"drain": -1}
	open, reach, measured := Count(0), Count(0), false
	for i, phase := range l.Phases {
		at := fmt.Sprintf("load.phases.%d", i)
		ramp, others := c.given(at+".ramp"), c.given(at+".hold") || c.given(at+".churn") || c.given(at+".outage")
		if first, taken := names[phase.Name]; phase.Name != "" && taken {
			if first < 0 {
				c.wrong(at+".name", 0, "", "%s is the name of what follows the last phase", quote(phase.Name))
			} else {
				c.wrong(at+".name", 0, "", "phase %d has the name %s already", first+1, quote(phase.Name))
			}
		}
		names[phase.Name] = i
		if i == 0 && others && !ramp {
			c.wrong(at, 0, "", "the first phase must be a ramp: nothing is open yet")
		}
		measured = measured || others && !phase.Warmup || !ramp && !others // the latter is a mistake already
		if phase.Churn != nil {
			c.churn(at+".churn", phase.Churn)
		}
		if phase.Outage != nil {
			c.outage(at+".outage", phase.Outage)
		}
		if !ramp {
			continue
		}
		c.rampRate(at+".ramp", phase.Ramp)
		asked, place := phase.Connections, at+".connections"
		if !c.given(place) {
			if asked, place = l.Connections, at+".ramp"; !c.given("load.connections") {
				c.wrong(at, 0, "", "the ramp needs connections, of its own or in load")
				continue
			}
		}
		switch {
		case asked == 0: // was no count
		case asked <= open:
			c.wrong(place, 0, "", "the ramp opens nothing: %s streams are open already", open)
		case l.Connections > 0 && asked > l.Connections:
			c.wrong(place, 0, "", "the phase asks for %s connections, load.connections allows %s", asked, l.Connections)
		}
		open, reach = max(open, asked), max(reach, asked)
	}
	if !measured {
		c.mistakes.add(c.source.atKey("load.phases", "no phase is measured: at least one hold, churn or outage without warmup is needed", ""))
	}
	if l.Connections > reach && reach > 0 {
		c.wrong("load.connections", 0, "", "no phase opens %s connections: the ramps end at %s", l.Connections, reach)
	}
}

func (c checker) reconnect(r *Reconnect) {
	own := []struct {
		field string
		given bool
	}{{"delay", r.Delay > 0}, {"min", r.Min > 0}, {"max", r.Max > 0}, {"post", r.POST}}
	for _, setting := range own {
		if setting.given && r.Profile == "none" {
			c.wrong("load.reconnect."+setting.field, 0, "", "%s has no meaning with profile none: nothing comes back", setting.field)
		}
	}
	switch {
	case r.Profile == "none":
		return
	case r.Max > 0 && r.Profile != "library" && r.Profile != "":
		c.wrong("load.reconnect.max", 0, "", "max is for profile library: the others do not back off")
	case r.Max > 0 && r.Delay > r.Max:
		c.wrong("load.reconnect.max", 0, "", "the ceiling of %s lies below the delay of %s", r.Max, r.Delay)
	}
	if r.Min > 0 && r.Min < floor {
		c.wrong("load.reconnect.min", 0, floor.String(), "%s is too short: %s keeps a server that sets retry: 0 from being called without pause", r.Min, floor)
	}
}

func (c checker) observe(o *Observe) {
	if o.Time != "" && o.Time != "data" {
		if !strings.HasPrefix(o.Time, "/") {
			c.wrong("observe.time", 0, near(o.Time, []string{"data"}), "%s is neither data nor a JSON pointer such as /sent", quote(o.Time))
		} else {
			c.pointer("observe.time", o.Time)
		}
	}
	if c.given("observe.time") != c.given("observe.unit") {
		missing, other := "unit", "time"
		if c.given("observe.unit") {
			missing, other = other, missing
		}
		c.wrong("observe."+other, 0, "", "%s needs %s beside it", other, missing)
	}
	c.extract("observe.sequence", o.Sequence)
}

func (c checker) extract(path string, e *Extract) {
	if e == nil {
		return
	}
	c.pointer(path+".pointer", e.Pointer)
	if compiled := c.regexp(path+".regexp", e.Regexp); compiled != nil && compiled.NumSubexp() == 0 {
		c.wrong(path+".regexp", 0, "("+e.Regexp+")", "the expression has no group: the first one is what is read")
	}
}

// pointer checks a JSON pointer (RFC 6901, 3).
func (c checker) pointer(path, pointer string) {
	if pointer == "" {
		return
	}
	if !strings.HasPrefix(pointer, "/") {
		c.wrong(path, 0, "/"+strings.ReplaceAll(strings.TrimPrefix(pointer, "$."), ".", "/"), "a JSON pointer begins with a slash")
		return
	}
	for i := range len(pointer) {
		if pointer[i] == '~' && !strings.HasPrefix(pointer[i:], "~0") && !strings.HasPrefix(pointer[i:], "~1") {
			c.wrong(path, i, "", "~ is written as ~0 in a JSON pointer, and / within a name as ~1")
			return
		}
	}
}

func (c checker) regexp(path, text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		message, offset := err.Error(), 0
		var wrong *syntax.Error
		if errors.As(err, &wrong) {
			message = wrong.Code.String()
			if at := strings.Index(text, wrong.Expr); at >= 0 && wrong.Expr != text {
				offset = at
				message += ": " + quote(wrong.Expr)
			}
		}
		c.wrong(path, offset, "", "bad regular expression: %s", message)
		return nil
	}
	return compiled
}

// statuses checks the statuses that a hook expects.
func (c checker) statuses(path string, statuses []int) {
	for i, status := range statuses {
		at := fmt.Sprintf("%s.%d", path, i)
		switch {
		case status == 0: // was no number
		case status < 200 || status > 599:
			c.wrong(at, 0, "", "%d is no status that ends a request: 200 to 599", status)
		case slices.Contains(statuses[:i], status):
			c.wrong(at, 0, "", "%d is listed twice", status)
		}
	}
}
