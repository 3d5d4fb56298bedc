package scenarios

import (
	"maps"
	"net/textproto"
	"net/url"
	"slices"
)

// subscribers checks the hook by which subscribers send the events: what can be said depends on what their streams are.
func (c checker) subscribers(p *Publish, h *SubscribersHook) {
	const at = "publish.hook.subscribers."
	t := c.Target
	if t == nil {
		t = new(Target) // that of the bundled server
	}
	if c.broken("target.transport", t.Transport) {
		return
	}
	if t.Transport == TransportWebSocket {
		for _, field := range []string{"url", "method", "headers", "body", "expect"} {
			if c.given(at + field) {
				c.mistakes.add(c.source.atKey(at+field, field+" has no meaning with transport: websocket: a subscriber sends a message on its WebSocket", ""))
			}
		}
		if _, ok := c.template(at+"message", h.Message, eventScope); ok {
			c.payload(p, at+"message", h.Message)
		}
		if c.bundled() && p.Event != "" {
			c.wrong("publish.event", 0, "", "a message to the bundled server's WebSocket has no type: leave it out")
		}
		return
	}
	if c.given(at + "message") {
		c.mistakes.add(c.source.atKey(at+"message", "message has no meaning without transport: websocket: a subscriber sends a request", ""))
	}
	if h.URL == "" && !c.given(at+"url") && !c.bundled() {
		c.mistakes.add(c.source.atKey("publish.hook.subscribers", `missing field "url" in publish.hook.subscribers: only with reference: true the way to the server is known`, ""))
	}
	c.sameOrigin(t, c.url(at+"url", h.URL, eventScope))
	c.method(at+"method", h.Method)
	c.headers(at+"headers", h.Headers, eventScope)
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		if textproto.CanonicalMIMEHeaderKey(name) == "Host" {
			c.mistakes.add(c.source.atKey(join(at+"headers", name), "Host is what the URL says", ""))
		}
	}
	c.statuses(at+"expect", h.Expect)
	if _, ok := c.template(at+"body", h.Body, eventScope); ok {
		c.payload(p, at+"body", h.Body, append(h.Headers.all(), h.URL)...)
	}
	if poll := t.Poll; poll != nil && poll.Reuse != nil && !*poll.Reuse && t.multiplexes() {
		c.wrong("target.poll.reuse", 0, "true", "over HTTP/2 subscribers publish on the connection of their polls, which must be kept")
	}
	polls := t.Transport != TransportSSE && t.Transport != ""
	if polls && c.Load.StreamsPerConnection > 1 {
		c.wrong("load.streams_per_connection", 0, "", "pollers that publish have a connection each: between two polls nobody holds a place on a shared one")
	}
	if c.Load.Clients != nil && (polls || !t.multiplexes()) {
		c.mistakes.add(c.source.atKey("load.clients", "subscribers that publish are tabs of browsers with event streams over HTTP/2 only: what a browser publishes over HTTP/1.1 would "+
			"need one of its six connections, which is not emulated: take clients out", ""))
	}
}

// sameOrigin: over HTTP/2 a subscriber's requests go over the connection of its stream. nil: the address is not known.
func (c checker) sameOrigin(t *Target, to *url.URL) {
	if to == nil || !t.multiplexes() || t.URL == "" {
		return
	}
	p, wrong := parseTemplate(t.URL, subscriberScope)
	if len(wrong) > 0 {
		return
	}
	sample, err := p.sample(subscriberScope)
	if err != nil {
		return
	}
	own, err := url.Parse(sample)
	if err == nil && own.Host != "" && (own.Scheme != to.Scheme || own.Host != to.Host) {
		c.wrong("publish.hook.subscribers.url", 0, "", "over HTTP/2 subscribers publish on the connection of their stream, which goes to %s://%s", own.Scheme, own.Host)
	}
}

// multiplexes tells that many requests go over one connection.
func (t *Target) multiplexes() bool { return t.Protocol == "http2" || t.Protocol == "h2c" }
