package loadgen

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"ssebench/loadgen/internal/jsonpointer"
	"ssebench/loadgen/sse"
	"ssebench/results"
)

// poller is a subscription as the stream of a poller sees it: each poll is an opening. The subscription is open from its first good answer on.
// Polls do not interrupt it, but one that fails does, until the next good one.
type poller subscription

// polls is what a poller keeps from one poll to the next. Instants are those of the poll under way, or of the last.
type polls struct {
	cursor     []byte   // that the next request names; empty: none is known
	etag       []byte   // of the last answer with content
	body       []byte   // what is not decoded yet; from the lane's shard
	opening    *Opening // that makes the subscription open if the answer is good; nil: it is open
	due        time.Time
	requested  time.Time
	at         time.Time     // when bytes came last
	retryAfter time.Duration // that a refusal asks for
	events     int           // in the answer
	unchanged  bool          // the answer is one without content
	stepped    bool          // the answer's cursor is lower than the last
	opens      bool          // the poll under way is the opening of the subscription, and counts as one
}

// Resume implements StreamHandler.
func (p *poller) Resume(to *Resumption) {
	q, c := p.own.polls, p.run.polling
	switch {
	case c.cursor == nil:
		if c.stream {
			p.client.Resume(to)
		}
	case len(q.cursor) == 0:
	case c.cursor.To.Query != "":
		to.AddQuery(c.cursor.To.Query, q.cursor)
	default:
		to.AddHeader(c.cursor.To.Header, q.cursor)
	}
	if c.conditional && len(q.etag) > 0 {
		to.AddHeader("If-None-Match", q.etag)
	}
}

// Queued implements Queuer.
func (p *poller) Queued(waits bool) { (*subscription)(p).Queued(waits) }

// Opened implements StreamHandler.
func (p *poller) Opened(o Opening) error {
	q, c := p.own.polls, p.run.polling
	*q = polls{
		cursor: q.cursor, etag: q.etag, body: q.body, due: q.due, requested: o.Requested, at: o.Headers,
		unchanged: o.Status == http.StatusNotModified && len(q.etag) > 0 || o.Status == http.StatusNoContent && !c.finite,
	}
	if !q.unchanged {
		if f := c.judge(&o); f != nil {
			q.retryAfter = retryAfter(&o)
			return f
		}
		if tags := o.Header["Etag"]; c.conditional && len(tags) > 0 {
			q.etag = append(q.etag[:0], tags[0]...)
		}
		if c.cursor != nil && c.cursor.From.Header != "" {
			if f := p.advance([]byte(o.Header.Get(c.cursor.From.Header))); f != nil {
				return f
			}
		}
	}
	if p.isOpen {
		if c.finite {
			(*subscription)(p).beginAnswer(&o)
		}
		return nil
	}
	first := o
	if c.stream {
		q.opens = true
		p.client.opened(&first) // its events are handled as they come
		return nil
	}
	q.opening = &first
	return nil
}

// Bytes implements StreamHandler.
func (p *poller) Bytes(b []byte, at time.Time) error {
	q, c := p.own.polls, p.run.polling
	q.at = at
	if c.stream {
		return p.client.Bytes(b, at)
	}
	(*subscription)(p).Read(b, at)
	if q.body == nil {
		q.body = p.lane.shard.takeBody()
	}
	if q.body = append(q.body, b...); int64(len(q.body)) > c.limit {
		return &Failure{"answer_too_long", "an answer is longer than " + strconv.FormatInt(c.limit, 10) + " bytes (target.event_limit)"}
	}
	if cap(q.body) > smallBuffer {
		return (*subscription)(p).Hold(cap(q.body))
	}
	return nil
}

// Ended implements StreamHandler.
func (p *poller) Ended(e Ending) time.Time {
	s, q := (*subscription)(p), p.own.polls
	defer func() {
		s.letGo()
		s.lane.shard.giveBody(q.body)
		q.body, q.opening = nil, nil
	}()
	if q.due.IsZero() {
		q.due = e.DialStart
	}
	discarded := p.run.polling.stream && e.Opened && p.client.parser.End()
	if e.Opened && e.Token == TokenEOF {
		var f *Failure
		switch err := p.complete(); {
		case discarded:
			f = &Failure{tokenEOFMidEvent, "an answer ended inside an event, which was dropped"}
		case errors.As(err, &f):
		default:
			if c := p.run.polling; !c.finite && !c.long && e.At.After(q.due.Add(c.interval)) {
				s.lane.shard.latePolls++
			}
			q.due = p.nextDue(e.At)
			return q.due
		}
		e.Token, e.Message = f.Token, f.Message
	}
	e.Opened = false
	severed := p.client.severedBy(&e)
	if severed && p.isOpen && e.DialStart.IsZero() {
		return s.cutBetween(&e)
	}
	if !severed && e.Token != TokenCut {
		p.client.failed()
	}
	next := p.next(&e)
	q.due = next.At
	s.pollEnded(&e, discarded, next)
	return next.At
}

// complete handles an answer that came to its end: what is in it, and what it cost.
func (p *poller) complete() error {
	s, q, c := (*subscription)(p), p.own.polls, p.run.polling
	var answer *answer
	if !c.stream && !q.unchanged {
		var err error
		if answer, err = p.lane.shard.answers.of(c, q.body); err != nil {
			return err
		}
		if c.cursor != nil && c.cursor.From.Pointer != "" && (c.events != nil || len(answer.events) > 0) {
			if f := p.advance(answer.cursor); f != nil {
				return f
			}
		}
	}
	if !p.isOpen && q.opening != nil {
		p.client.opened(q.opening)
	}
	p.client.failures = 0
	if answer != nil && answer.gap && s.out != nil && s.out.back {
		s.out.declared = true
	}
	if answer != nil && len(answer.events) > 0 {
		s.lane.shard.startRead(q.body, s.run.timeline.since(q.at))
		for i := range answer.events {
			s.Event(&sse.Event{Type: answer.events[i].kind, Data: answer.events[i].data})
		}
	}
	v := s.lane.shard.current()
	if q.events == 0 {
		v.Add(results.RequestsEmpty, 1)
	}
	v.Record(results.RequestsDuration, int64(q.at.Sub(q.requested)))
	if q.stepped {
		return &Failure{"cursor_went_back", "an answer's cursor is lower than that of the answer before, " + string(q.cursor)}
	}
	return nil
}

// advance takes the cursor of an answer. One that goes back is taken too: a server that counts anew would else never be followed again.
func (p *poller) advance(cursor []byte) *Failure {
	q := p.own.polls
	if len(cursor) == 0 {
		return &Failure{"cursor_missing", "an answer has no cursor at " + p.run.polling.cursorAt()}
	}
	q.stepped = wentBack(q.cursor, cursor)
	q.cursor = append(q.cursor[:0], cursor...)
	return nil
}

// wentBack compares cursors where both are numbers; of others nothing is known.
func wentBack(before, now []byte) bool {
	b, ok := jsonpointer.Uint(before)
	n, ok2 := jsonpointer.Uint(now)
	return ok && ok2 && n < b
}

// nextDue is when a poll follows on a good answer.
func (p *poller) nextDue(ended time.Time) time.Time {
	q, c := p.own.polls, p.run.polling
	switch {
	case c.finite:
		return ended.Add(p.client.wait(&p.run.plan.Reconnect))
	case !c.long:
		return later(q.due.Add(c.interval), ended)
	case q.events == 0: // a server that does not hold its answers must not be called without pause
		return later(q.requested.Add(minDelay), ended)
	}
	return ended
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// next decides what follows on a failure: a poller comes back by its interval, or as late as the server asks for; the client of a finite
// event stream is one of event streams.
func (p *poller) next(e *Ending) Next {
	q, c := p.own.polls, p.run.polling
	switch {
	case c.finite:
		return p.client.next(e)
	case e.Token == TokenCut:
		return Next{}
	case e.Permanent:
		return Next{Stranded: true}
	}
	at := e.At.Add(c.interval)
	if !c.long {
		at = later(q.due.Add(c.interval), e.At.Add(minDelay))
	}
	if q.retryAfter > 0 {
		at = e.At.Add(q.retryAfter)
	}
	return Next{Reopen: true, At: at, Delay: at.Sub(e.At)}
}

// cutBetween accounts for an outage's cut that met no poll: it took the kept connection, as a server does that ends. The subscription does not
// notice, and its next poll, at its due time, takes another.
func (s *subscription) cutBetween(e *Ending) time.Time {
	s.lane.shard.current().AddBy(results.ConnectionsCut, e.Token, 1)
	s.special &^= severed
	s.run.reopener.add(s, s.own.polls.due)
	return s.own.polls.due
}

// pollEnded accounts for a poll that failed, or for the end of all polls.
func (s *subscription) pollEnded(e *Ending, discarded bool, next Next) {
	v := s.lane.shard.current()
	if discarded && e.Token != TokenCut {
		v.Add(results.EventsDiscarded, 1)
	}
	now := s.run.timeline.since(e.At)
	s.lane.shard.flights.ended(s, e, now)
	wasOpen := s.isOpen
	if wasOpen {
		s.isOpen = false
		s.run.streamClosed(s.special&slow != 0)
		s.run.senders.leave(s)
		if s.lastEvent >= 0 {
			v.Record(results.StreamSilence, int64(s.silence)*millisecond)
		}
		if e.Token != TokenCut {
			s.down = now
			if (next.Reopen || next.Stranded) && s.special&leaving == 0 {
				s.drop(next, now)
			}
		}
	}
	switch {
	case isOurCut(e.Token):
		v.AddBy(results.ConnectionsCut, e.Token, 1)
	case e.Token != TokenCut && s.own.polls.opens: // it was counted when it opened
		v.AddBy(results.ConnectionsClosedByServer, e.Token, 1)
		s.run.notes.add(e.Token, e.Message, 1)
	case e.Token != TokenCut || !wasOpen:
		s.endAttempt(v, e)
	}
	s.goOn(v, e, next)
}

// beginAnswer starts anew what is told of the stream's time: between two answers it is the client that waits.
func (s *subscription) beginAnswer(o *Opening) {
	s.opened, s.comment = s.run.timeline.since(o.Headers), 0
	s.lastEvent = -1 - s.run.timeline.since(o.Requested)
}

// mostBodies bounds the buffers of answers that a lane keeps, longestBody the bytes of one.
const (
	mostBodies  = 64
	longestBody = 64 << 10
)

// takeBody gives a buffer for an answer.
func (s *shard) takeBody() []byte {
	n := len(s.bodies)
	if n == 0 {
		return make([]byte, 0, 512)
	}
	b := s.bodies[n-1]
	s.bodies = s.bodies[:n-1]
	return b
}

// giveBody takes a buffer back; nil is none.
func (s *shard) giveBody(b []byte) {
	if b != nil && cap(b) <= longestBody && len(s.bodies) < mostBodies {
		s.bodies = append(s.bodies, b[:0])
	}
}
