package loadgen

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

// Subscriber is the client of one event stream: it judges the response, feeds the parser, and decides whether and when to come
// back (WHATWG HTML, section 9.2.3). It reads no socket and tells no time: a Transport feeds it, or a test in virtual time. All
// calls come from the loop that owns the stream. What it understands goes to the Sink. There are tens of thousands, so what they
// have in common is shared and what is left is small.
type Subscriber struct {
	Sink    Sink
	Request *Request

	parser   sse.Parser
	delay    uint32 // that the server has set, in milliseconds
	streams  uint32
	Seed     uint32 // of the jitter, which differs with it
	failures uint16 // openings that failed since the last good one
	served   bool   // the server has set delay
	severed  uint8  // 1 + the Cut by which the network is played to end the stream; 0: none
}

// Sink receives what a Subscriber understands, from the loop that owns the stream. Slices are valid until the call returns.
type Sink interface {
	// Policy says when to come back.
	Policy() *scenarios.ReconnectPolicy
	// Opened: a response that is an event stream.
	Opened(o *Opening)
	// Read comes before what a read brought, with its bytes and its instant. Where the stream may get the same bytes as others, it gives what they
	// share; nil: nothing.
	Read(b []byte, at time.Time) *sse.Repeat
	Event(ev *sse.Event)
	Comment(text []byte)
	Retry(millis int64)
	// Ended: the stream ended, or an opening failed (e.Opened is false). discarded: an unterminated event was dropped.
	Ended(e *Ending, discarded bool, next Next)
}

// Next is what a Subscriber does after a stream ended.
type Next struct {
	Reopen   bool
	At       time.Time     // when
	Delay    time.Duration // the reconnection time in force
	Stranded bool          // by its policy it will never come back, though it would have for another ending
}

// minDelay keeps a server's `retry: 0` from making a hot loop.
const minDelay = 10 * time.Millisecond

// Streams counts the streams that opened.
func (s *Subscriber) Streams() uint32 { return s.streams }

// Resume implements StreamHandler: what is not empty goes out as Last-Event-ID.
func (s *Subscriber) Resume(to *Resumption) {
	if id := s.LastEventID(); len(id) > 0 {
		to.AddHeader("Last-Event-ID", id)
	}
}

// Queued implements Queuer, for a Sink that is one.
func (s *Subscriber) Queued(waits bool) {
	if q, ok := s.Sink.(Queuer); ok {
		q.Queued(waits)
	}
}

// LastEventID is the last event ID string, in UTF-8, as raw bytes. It is valid until the next call of a handler.
func (s *Subscriber) LastEventID() []byte {
	id := s.parser.LastEventID()
	if !utf8.Valid(id) {
		return sse.AppendValidUTF8(nil, id)
	}
	return id
}

// StartFrom sets the last event ID to start from. Before the first opening only.
func (s *Subscriber) StartFrom(lastEventID string) { s.parser.SetLastEventID([]byte(lastEventID)) }

// Limit bounds the bytes of one event; zero stands for sse.DefaultLimit. Before the first opening only.
func (s *Subscriber) Limit(bytes int64) { s.parser.Limit = bytes }

// Sever makes the next cut of the stream the network's: its ending has the token cut_fin, cut_rst or cut_silence, and is one to come
// back from. The transport, for which a cut is the end, does not open the stream again: whoever cut it does, at Next.At.
func (s *Subscriber) Sever(how Cut) { s.severed = 1 + uint8(how) }

var severedToken = [...]string{CutFIN: "cut_fin", CutRST: "cut_rst", CutSilent: "cut_silence"}

// Opened implements StreamHandler.
func (s *Subscriber) Opened(o Opening) error {
	if f := judge(&o); f != nil {
		return f
	}
	s.opened(&o)
	return nil
}

// opened notes a stream whose answer was judged to be good.
func (s *Subscriber) opened(o *Opening) {
	s.streams++
	s.failures = 0
	s.Sink.Opened(o)
}

// judge says whether a response is an event stream. (WHATWG HTML, section 9.2.3.)
func judge(o *Opening) *Failure {
	const want = "text/event-stream"
	return judgeAs(o, "an event stream", func(essence string) bool { return essence == want }, want)
}

// mediaType is the last valid type that the Content-Type fields name, in lower case and without parameters, which may be malformed
// (Fetch, "extract a MIME type").
func mediaType(fields []string) (last string) {
	quoted := false
	apart := func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	}
	for _, value := range strings.FieldsFunc(strings.Join(fields, ","), apart) {
		essence, _, _ := strings.Cut(value, ";")
		essence = strings.ToLower(strings.Trim(essence, " \t"))
		if main, sub, ok := strings.Cut(essence, "/"); ok && main != "" && sub != "" && !strings.ContainsAny(sub, "/ ") && essence != "*/*" {
			last = essence
		}
	}
	return last
}

// Bytes implements StreamHandler.
func (s *Subscriber) Bytes(b []byte, at time.Time) error {
	var err error
	if repeat := s.Sink.Read(b, at); repeat != nil {
		err = s.parser.FeedRepeat(repeat, b, (*dispatch)(s))
	} else {
		err = s.parser.Feed(b, (*dispatch)(s))
	}
	if err != nil {
		return &Failure{sse.TooLongToken, strings.TrimPrefix(err.Error(), sse.TooLongToken+": ")}
	}
	if n := s.parser.Buffered(); n > smallBuffer {
		if h, ok := s.Sink.(Holder); ok {
			return h.Hold(n)
		}
	}
	return nil
}

// dispatch is the Subscriber as the parser sees it.
type dispatch Subscriber

func (d *dispatch) Event(ev *sse.Event) { d.Sink.Event(ev) }
func (d *dispatch) Comment(text []byte) { d.Sink.Comment(text) }

// Retry bounds what a server can ask for to what a delay can hold, 49 days: longer than any run.
func (d *dispatch) Retry(millis int64) {
	d.delay, d.served = uint32(min(millis, math.MaxUint32)), true
	d.Sink.Retry(millis)
}

// Ended implements StreamHandler.
func (s *Subscriber) Ended(e Ending) time.Time {
	discarded := e.Opened && s.parser.End()
	s.severedBy(&e)
	if !e.Opened && e.Token != TokenCut {
		s.failed()
	}
	next := s.next(&e)
	s.Sink.Ended(&e, discarded, next)
	return next.At
}

// severedBy gives the ending that the network is played to have caused its token, and says whether it is one.
func (s *Subscriber) severedBy(e *Ending) bool {
	if s.severed == 0 || e.Token != TokenCut {
		return false
	}
	e.Token, s.severed = severedToken[s.severed-1], 0
	return true
}

// failed counts an opening that failed.
func (s *Subscriber) failed() {
	if s.failures < math.MaxUint16 {
		s.failures++
	}
}

// next decides what follows an ending.
func (s *Subscriber) next(e *Ending) Next {
	policy := s.Sink.Policy()
	switch {
	case e.Token == TokenCut, policy.Profile == "none":
		return Next{}
	case e.Token == "status_204", e.Permanent: // 204 is the server's way to say: do not come back
		return Next{Stranded: true}
	case policy.GiveUp && !e.Opened && refused(e.Token):
		return Next{Stranded: true}
	case !IsSafe(s.Request.Method) && !policy.POST: // a repeated prompt costs money
		return Next{Stranded: true}
	}
	delay := s.wait(policy)
	return Next{Reopen: true, At: e.At.Add(delay), Delay: delay}
}

// refused says whether a browser takes the failure for the server's last word (WHATWG HTML, section 9.2.2: "fail the connection")
// and not for a network error.
func refused(token string) bool {
	return token == "content_type" || strings.HasPrefix(token, "status_")
}

// wait is the reconnection time in force.
func (s *Subscriber) wait(policy *scenarios.ReconnectPolicy) time.Duration {
	delay := policy.Delay
	if s.served {
		delay = time.Duration(s.delay) * time.Millisecond
	}
	delay = max(delay, policy.Min, minDelay)
	if !policy.Backoff {
		return delay
	}
	for range min(s.failures, 30) {
		if delay *= 2; delay >= policy.Max {
			break
		}
	}
	ceiling := max(policy.Max, policy.Min, minDelay)
	delay = min(delay, ceiling)
	jitter := rand.New(rand.NewPCG(uint64(s.Seed), uint64(s.streams)<<16|uint64(s.failures))) // each ending has its own
	return max(delay/2+time.Duration(jitter.Int64N(int64(delay/2)+1)), minDelay)
}

// StreamHeader is what every subscription to an event stream sends: Accept always, since servers refuse a request without it (nchan 403,
// Jetty 405), no caching, in the words of browsers (WHATWG HTML, section 9.2.2: the cache mode "no-store", for which Chromium 156 says
// no-cache twice), no content coding. Fields of the same name in own take its place.
func StreamHeader(own []Field) []Field {
	return setFields([]Field{
		{"Accept", "text/event-stream"}, {"Cache-Control", "no-cache"}, {"Pragma", "no-cache"}, {"Accept-Encoding", "identity"},
	}, own)
}

// setFields returns the header with own fields, all of them in their order, the first of a name in the place of the header's of that name.
func setFields(header, own []Field) []Field {
	for i, f := range own {
		same := func(other Field) bool { return strings.EqualFold(other.Name, f.Name) }
		if at := slices.IndexFunc(header, same); at >= 0 && !slices.ContainsFunc(own[:i], same) {
			header[at] = f
		} else {
			header = append(header, f)
		}
	}
	return header
}
