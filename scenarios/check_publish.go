package scenarios

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// mostPayload is the longest event that a client reads.
const mostPayload = Size(16 << 20)

func (c checker) publish(p *Publish) {
	if p.Hook == nil && !c.given("publish.hook") && !c.bundled() {
		c.mistakes.add(c.source.atKey("publish", "missing field \"hook\" in publish: only with reference: true the way to the server is known", ""))
	}
	c.from(p.From)
	if p.Payload.Size > mostPayload {
		c.wrong("publish.payload.size", 0, "", "%s is longer than any event that a client reads: at most %s", p.Payload.Size, mostPayload)
	}
	if strings.ContainsAny(p.Event, "\r\n") {
		c.wrong("publish.event", 0, "", "an event's type has no line ends")
	}
	c.extract("publish.sequence", p.Sequence)
	c.schedule(&p.Rate)
	_, ok := c.template("publish.payload.template", p.Payload.Template, eventScope)
	if ok && p.Sequence == nil && !c.given("publish.sequence") && !mentions(p.Payload.Template, "Payload") {
		c.wrong("publish.payload.template", 0, "", "the template has no {{.Payload}}, so no event could be recognised: add it, or say in publish.sequence where the event's number is")
	}
	if p.Hook != nil {
		c.hook(p)
	}
}

// from checks that publishing starts with a phase that has streams to publish to, and that what follows is measured.
func (c checker) from(name string) {
	if name == "" {
		return
	}
	phases := c.Load.withDefaults(false).Phases
	at := slices.IndexFunc(phases, func(p Phase) bool { return p.Name == name })
	switch {
	case at < 0:
		var names []string
		for _, phase := range phases {
			names = append(names, phase.Name)
		}
		c.wrong("publish.from", 0, near(name, names), "no phase has the name %s: there are %s", quote(name), strings.Join(names, ", "))
	case phases[at].Ramp != nil:
		c.wrong("publish.from", 0, "", "%s is a ramp: publishing starts with a hold, churn or outage", quote(name))
	case !slices.ContainsFunc(phases[at:], func(p Phase) bool { return p.Ramp == nil && !p.Warmup }):
		c.wrong("publish.from", 0, "", "nothing is measured from %s on: the phases are a warm-up", quote(name))
	}
}

// mentions tells whether a good event template names a field.
func mentions(text, field string) bool {
	p, wrong := parseTemplate(text, eventScope)
	return len(wrong) == 0 && slices.Contains(p.fields, field)
}

func (c checker) schedule(s *Schedule) {
	const mostRate = Rate(10_000_000)
	rates := map[string]Rate{"constant": s.Constant, "poisson": s.Poisson}
	if s.Ramp != nil {
		rates["ramp.from"], rates["ramp.to"] = s.Ramp.From, s.Ramp.To
		if s.Ramp.From == 0 && s.Ramp.To == 0 && c.given("publish.rate.ramp.from") && c.given("publish.rate.ramp.to") {
			c.wrong("publish.rate.ramp", 0, "", "a ramp from zero to zero publishes nothing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rates)) {
		if at := "publish.rate." + name; rates[name] > mostRate {
			if !c.given(at) {
				at = "publish.rate"
			}
			c.wrong(at, 0, "", "%s is more than ssebench can keep apart: at most %s", rates[name], mostRate)
		}
	}
	if s.Burst != nil && s.Burst.Events > 10_000_000 {
		c.wrong("publish.rate.burst.events", 0, "", "%s events at once are more than ssebench can keep apart: at most 10m", s.Burst.Events)
	}
}

func (c checker) hook(p *Publish) {
	switch h := p.Hook; {
	case h.HTTP != nil:
		c.url("publish.hook.http.url", h.HTTP.URL, eventScope)
		c.method("publish.hook.http.method", h.HTTP.Method)
		c.headers("publish.hook.http.headers", h.HTTP.Headers, eventScope)
		_, ok := c.template("publish.hook.http.body", h.HTTP.Body, eventScope)
		c.statuses("publish.hook.http.expect", h.HTTP.Expect)
		if ok {
			c.payload(p, "publish.hook.http.body", h.HTTP.Body, append(h.HTTP.Headers.all(), h.HTTP.URL)...)
		}
	case h.Subscribers != nil:
		c.subscribers(p, h.Subscribers)
	case h.Redis != nil:
		c.address("publish.hook.redis.address", h.Redis.Address, redisAddressMistake)
		c.template("publish.hook.redis.channel", h.Redis.Channel, eventScope)
		if _, ok := c.template("publish.hook.redis.body", h.Redis.Body, eventScope); ok {
			c.payload(p, "publish.hook.redis.body", h.Redis.Body)
		}
	case h.Exec != nil:
		for _, word := range h.Exec.Command {
			if _, wrong := expandEnv(word, false, anyEnv); len(wrong) > 0 {
				c.wrong("publish.hook.exec.command", 0, "", "%s", wrong[0].message)
				break
			}
		}
		if _, ok := c.template("publish.hook.exec.line", h.Exec.Line, eventScope); ok {
			c.payload(p, "publish.hook.exec.line", h.Exec.Line)
			if at := strings.IndexAny(strings.TrimSuffix(h.Exec.Line, "\n"), "\r\n"); at >= 0 {
				c.wrong("publish.hook.exec.line", at, "", "a line has no line ends in it: each event is one line")
			}
		}
	}
}

// payload asks for the mark in what is sent: in the text, or in one of the others.
func (c checker) payload(p *Publish, path, text string, others ...string) {
	inOthers := slices.ContainsFunc(others, func(text string) bool { return mentions(text, "Payload") })
	if p.Sequence == nil && !c.given("publish.sequence") && !inOthers && !mentions(text, "Payload") {
		c.wrong(path, 0, "", "{{.Payload}} is not in it, so no event could be recognised: add it, or say in publish.sequence where the event's number is")
	}
}

func redisAddressMistake(address string) string {
	if !strings.Contains(address, "://") {
		return hostPortMistake(address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
		return fmt.Sprintf("%s is neither host:port nor a redis:// or rediss:// URL", quote(address))
	}
	return ""
}
