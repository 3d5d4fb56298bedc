package loadgen

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ssebench/loadgen/internal/jsonpointer"
	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

// polling is how all pollers of a run poll. It does not change.
type polling struct {
	finite      bool // event streams that end, and whose clients come back after the reconnection time
	long        bool
	interval    time.Duration
	conditional bool
	reuse       bool
	cursor      *scenarios.Cursor // nil: none; of an event stream the last event ID
	accept      string
	types       []string // that an answer may have
	stream      bool     // an answer is an event stream
	limit       int64    // bytes of an answer that is JSON

	// Of JSON.
	lines    bool                 // each line is an event
	events   *jsonpointer.Pointer // the list
	at       *jsonpointer.Pointer // the cursor; nil: it is elsewhere
	gap      *jsonpointer.Pointer // what is true where the server declares a gap; nil: it does not
	envelope envelope             // of an event
}

// pollingOf gives how a plan polls; nil: it does not.
func pollingOf(t *scenarios.Target, gap *scenarios.Gap) *polling {
	c := &polling{limit: int64(t.EventLimit), reuse: true}
	if c.limit == 0 {
		c.limit = sse.DefaultLimit
	}
	format := scenarios.FormatEventStream
	switch t.Transport {
	case scenarios.TransportFiniteSSE:
		c.finite = true
	case scenarios.TransportPoll, scenarios.TransportLongPoll:
		c.long = t.Transport == scenarios.TransportLongPoll
		c.interval, c.conditional, c.reuse = time.Duration(t.Poll.Interval), t.Poll.Conditional, *t.Poll.Reuse
		c.cursor, format = t.Poll.Cursor, t.Poll.Format
	default:
		return nil
	}
	switch format {
	case scenarios.FormatEventStream:
		c.stream, c.types = true, []string{"text/event-stream"}
		c.accept = c.types[0]
		return c
	case scenarios.FormatNDJSON:
		c.lines, c.types = true, []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
	default:
		c.events, c.types = jsonpointer.Parse(*t.Poll.Events), []string{"application/json"}
	}
	c.accept = c.types[0]
	c.envelope = envelope{data: jsonpointer.Parse(*t.Poll.Data), kind: jsonpointer.Parse(t.Poll.Type)}
	if gap != nil && gap.Pointer != "" {
		c.gap = jsonpointer.Parse(gap.Pointer)
	}
	if c.cursor != nil && c.cursor.From.Pointer != "" {
		c.at = jsonpointer.Parse(c.cursor.From.Pointer)
	}
	return c
}

// judge says whether a response is an answer with content.
func (c *polling) judge(o *Opening) *Failure {
	return judgeAs(o, "a poll", func(essence string) bool {
		return slices.Contains(c.types, essence) || c.events != nil && strings.HasSuffix(essence, "+json")
	}, c.accept)
}

// cursorAt names the place of the cursor, for messages.
func (c *polling) cursorAt() string {
	if c.at != nil {
		return c.cursor.From.Pointer
	}
	return "the header " + c.cursor.From.Header
}

// start takes the first cursor out of a request that names one, where the scenario says that cursors stand.
func (c *polling) start(from *scenarios.ClientRequest) (first string, err error) {
	switch {
	case c == nil || c.cursor == nil:
		first = from.Header.Get("Last-Event-ID")
		from.Header.Del("Last-Event-ID")
	case c.cursor.To.Header != "":
		first = from.Header.Get(c.cursor.To.Header)
		from.Header.Del(c.cursor.To.Header)
	default:
		from.URL, first, err = withoutParameter(from.URL, c.cursor.To.Query)
	}
	return first, err
}

// mostRetryAfter bounds what a server can ask for: an hour is longer than a run waits.
const mostRetryAfter = time.Hour

// retryAfter is the wait that a refusal asks for (RFC 9110, section 10.2.3); 0: none.
func retryAfter(o *Opening) time.Duration {
	value := o.Header.Get("Retry-After")
	if value == "" || o.Status/100 < 4 {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, mostRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(o.Headers), 0), mostRetryAfter)
	}
	return 0
}

// judgeAs says whether a response has status 200, a type that will do, and no content coding. (RFC 9110, section 8.3 for letter case and
// parameters.)
func judgeAs(o *Opening, what string, will func(essence string) bool, want string) *Failure {
	if o.Status != 200 {
		return &Failure{fmt.Sprintf("status_%d", o.Status), fmt.Sprintf("%s answered %d; %s needs 200", ShowURL(o.URL), o.Status, what)}
	}
	if types := o.Header["Content-Type"]; !(len(types) == 1 && types[0] == want) && !will(mediaType(types)) {
		return &Failure{"content_type", fmt.Sprintf("%s answered with type %q; %s needs %s", ShowURL(o.URL), strings.Join(types, ", "), what, want)}
	}
	if coding := o.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &Failure{"content_encoding", fmt.Sprintf("%s answered in coding %q though only identity was asked for", ShowURL(o.URL), coding)}
	}
	return nil
}

// noteLatePolls says that the load was not the one that was asked for.
func (r *run) noteLatePolls() {
	late := int64(0)
	for _, l := range r.lanes {
		l.Hold()
		late += l.shard.latePolls
		l.Release()
	}
	if late > 0 {
		r.notes.add("polls_late", fmt.Sprintf("%d polls were made late, when the answer to the one before had come: the server takes longer than target.poll.interval to answer", late), 1)
	}
}
