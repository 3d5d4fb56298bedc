package scenarios

import (
	"slices"
	"strings"
	"time"
)

// Poll says how to poll.
type Poll struct {
	// Interval from one due time of a client to its next (an answer that takes longer delays the next one), and with long-poll the wait
	// after a failure; default 5s, with long-poll 1s.
	Interval Duration `yaml:"interval,omitempty" json:"interval,omitempty"`
	// Conditional sends If-None-Match with the last ETag: 304 is an answer without news.
	Conditional bool `yaml:"conditional,omitempty" json:"conditional,omitempty"`
	// Reuse keeps the connection from one request to the next; default true.
	Reuse *bool `yaml:"reuse,omitempty" json:"reuse,omitempty"`
	// Timeout is how long the bundled server holds an answer with long-poll, as the target or beside it; default 30s. Other servers are told in
	// target.url.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty"`
	// Cursor says how a client names the last thing it has seen; default: not at all, with format event-stream by the last event ID, and with the
	// bundled server by the pointer /cursor, sent as the parameter since.
	Cursor *Cursor `yaml:"cursor,omitempty" json:"cursor,omitempty"`
	// Format of the answers; default json.
	Format string `yaml:"format,omitempty" json:"format,omitempty" jsonschema:"enum=json,enum=ndjson,enum=event-stream"`
	// Events is the JSON pointer to the list of events in a JSON answer, "" where the answer is the list; default /events. With ndjson each
	// line is an event.
	Events *string `yaml:"events,omitempty" json:"events,omitempty" zero:"ok"`
	// Data is the JSON pointer to an event's data in it, "" where the event is the data; default /data.
	Data *string `yaml:"data,omitempty" json:"data,omitempty" zero:"ok"`
	// Type is the JSON pointer to an event's type in it; default /event. An event without one is a message.
	Type string `yaml:"type,omitempty" json:"type,omitempty"`
}

// Cursor says how a poller names the last thing it has seen.
type Cursor struct {
	// From is where an answer has it.
	From *CursorFrom `yaml:"from" json:"from"`
	// To is where the next request has it.
	To *CursorTo `yaml:"to" json:"to"`
}

// CursorFrom is where an answer has the cursor; exactly one is given.
type CursorFrom struct {
	// Pointer into a JSON answer (RFC 6901); of ndjson into each line, the last of which counts.
	Pointer string `yaml:"pointer,omitempty" json:"pointer,omitempty"`
	// Header of the answer.
	Header string `yaml:"header,omitempty" json:"header,omitempty"`
}

// CursorTo is where a request has the cursor; exactly one is given.
type CursorTo struct {
	// Query is a parameter of the URL. Its value in target.url, where it has one, is the first cursor.
	Query string `yaml:"query,omitempty" json:"query,omitempty"`
	// Header of the request. Its value in target.headers, where it has one, is the first cursor.
	Header string `yaml:"header,omitempty" json:"header,omitempty"`
}

// The formats of a poller's answers.
const (
	FormatJSON        = "json"
	FormatNDJSON      = "ndjson"
	FormatEventStream = "event-stream"
)

// defaultInterval is that of a transport: with long-poll it is the wait after a failure alone.
var defaultInterval = map[string]Duration{TransportPoll: Duration(5 * time.Second), TransportLongPoll: Duration(time.Second)}

// message is the type of an event that has none.
const message = "message"

// Bundled says whether the bundled server is the target, and not a server to compare with.
func (s *Scenario) Bundled() bool { return s.Reference && (s.Target == nil || s.Target.URL == "") }

// bundled is Bundled where a URL that could not be read counts as one.
func (c checker) bundled() bool { return c.Bundled() && !c.given("target.url") }

// ours checks what is asked of the bundled server as a target.
func (c checker) ours(t *Target) {
	if !c.bundled() {
		if c.given("target.heartbeat") {
			c.mistakes.add(c.source.atKey("target.heartbeat", "heartbeat is for the bundled server: set it in your own server", ""))
		}
		return
	}
	for _, field := range []string{"start", "pid", "connect_to"} {
		if c.given("target." + field) {
			c.mistakes.add(c.source.atKey("target."+field, field+" has no meaning with the bundled server: give target.url for one of your own", ""))
		}
	}
	if t.Protocol == "h2c" && t.TLS != nil {
		c.wrong("target.protocol", 0, "http2", "h2c is HTTP/2 without TLS: there are TLS settings")
	}
}

// polling checks how the target is polled.
func (c checker) polling(t *Target) {
	polls := t.Transport == TransportPoll || t.Transport == TransportLongPoll
	if c.broken("target.transport", t.Transport) {
		return
	}
	if t.Transport == TransportFiniteSSE && c.Load.Reconnect != nil && c.Load.Reconnect.Profile == "none" {
		c.wrong("load.reconnect", 0, "", "with none nobody comes back for the next answer: choose a profile such as chromium")
	}
	if (polls || t.Transport == TransportFiniteSSE) && c.given("load.slow_readers") {
		c.mistakes.add(c.source.atKey("load.slow_readers", "slow readers are for streams: an answer of transport "+t.Transport+" ends at once", ""))
	}
	p := t.Poll
	if p == nil {
		return
	}
	if !polls {
		c.mistakes.add(c.source.atKey("target.poll", "poll has no meaning here: set target.transport to poll or long-poll", ""))
		return
	}
	if p.Reuse != nil && !*p.Reuse && c.Load.StreamsPerConnection > 1 {
		c.wrong("target.poll.reuse", 0, "", "a connection for each request cannot be shared: take load.streams_per_connection out")
	}
	if c.given("target.poll.timeout") && (t.Transport != TransportLongPoll || !c.Reference) { // beside a URL it is for the one to compare with
		c.wrong("target.poll.timeout", 0, "", "timeout is for long-poll and the bundled server: other servers are told in target.url")
	}
	c.answer(p)
	if p.Cursor != nil {
		c.cursor(p)
	}
}

// answer checks where the events are in an answer.
func (c checker) answer(p *Poll) {
	only := func(field string, formats ...string) {
		if c.given("target.poll."+field) && !slices.Contains(formats, p.Format) && !c.broken("target.poll.format", p.Format) {
			c.wrong("target.poll."+field, 0, "", "an answer of format %s has no place for it", p.Format)
		}
	}
	only("events", "", FormatJSON)
	only("data", "", FormatJSON, FormatNDJSON)
	only("type", "", FormatJSON, FormatNDJSON)
	for field, pointer := range map[string]*string{"events": p.Events, "data": p.Data, "type": &p.Type} {
		if pointer != nil {
			c.pointer("target.poll."+field, *pointer)
		}
	}
}

func (c checker) cursor(p *Poll) {
	const path = "target.poll.cursor"
	if from := p.Cursor.From; from != nil {
		c.pointer(path+".from.pointer", from.Pointer)
		c.fieldName(path+".from.header", from.Header)
		if p.Format == FormatEventStream && from.Pointer != "" {
			c.wrong(path+".from.pointer", 0, "", "an event stream has no pointers: name a header, or leave cursor out for the last event ID")
		}
	}
	if to := p.Cursor.To; to != nil {
		c.fieldName(path+".to.header", to.Header)
		if to.Query != "" && !IsToken(to.Query) {
			c.wrong(path+".to.query", 0, "", "%s is no name of a parameter", quote(to.Query))
		}
	}
}

// fieldName checks the name of a header field that ssebench reads or writes.
func (c checker) fieldName(path, name string) {
	switch {
	case name == "":
	case !IsToken(name):
		c.wrong(path, 0, "", "%s is no header name", quote(name))
	case slices.ContainsFunc(ownHeaders, func(own string) bool { return strings.EqualFold(own, name) }):
		c.wrong(path, 0, "", "%s is set by ssebench itself", name)
	}
}

// listen checks that what is published is listened to.
func (c checker) listen(t *Target) {
	if len(t.Listen) == 0 || c.Publish == nil || c.broken("publish.event", c.Publish.Event) || refers(c.Publish.Event) {
		return
	}
	event := c.Publish.Event
	if event == "" {
		event = message
	}
	if !slices.Contains(t.Listen, event) && !slices.Contains(t.Listen, "") {
		c.wrong("target.listen", 0, "", "nobody listens to %s, the type of all that is published: no event could be delivered", quote(event))
	}
}

// withDefaults fills in what a poller needs. bundled: the server is ours.
func (p *Poll) withDefaults(transport string, bundled bool) *Poll {
	full := Poll{}
	if p != nil {
		full = *p
	}
	fill(&full.Interval, defaultInterval[transport])
	fill(&full.Format, FormatJSON)
	fill(&full.Reuse, new(true))
	if full.Format == FormatEventStream {
		return &full
	}
	if full.Format == FormatJSON {
		fill(&full.Events, new("/events"))
	}
	fill(&full.Data, new("/data"))
	fill(&full.Type, "/event")
	if bundled {
		fill(&full.Cursor, &Cursor{From: &CursorFrom{Pointer: "/cursor"}, To: &CursorTo{Query: "since"}})
	}
	return &full
}
