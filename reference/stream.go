package reference

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// events opens an event stream: the answer's head goes out at once, then what
// was missed since the last event ID, then events as they are published.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		answerError(w, refuse(http.StatusBadRequest, "bad_query", err.Error()))
		return
	}
	names, err := topicNames(q)
	if err != nil {
		answerError(w, err)
		return
	}
	lastID := r.Header.Get("Last-Event-ID")
	if lastID == "" {
		lastID = q.Get("lastEventId")
	}
	sub := &subscriber{
		faults: &s.faults, backlog: orDefault(s.Backlog, 1024), policy: s.Slow, counts: &s.counts,
		wake: make(chan struct{}, 1),
	}
	sub.disturb = disturber{box: &s.faults, rnd: rand.New(rand.NewPCG(s.Seed, s.clients.Add(1)))}
	if s.Retry > 0 {
		b, _ := AppendRetry(nil, s.Retry)
		sub.push(delivery{b: b})
	}
	if err := s.hub.subscribe(sub, names, lastID); err != nil {
		answerError(w, err)
		return
	}
	defer s.hub.unsubscribe(sub)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s.write(w, r, sub)
}

// write is the one writer of a stream; it returns when the stream is over or
// the client has left.
func (s *Server) write(w http.ResponseWriter, r *http.Request, sub *subscriber) {
	out := http.NewResponseController(w)
	if out.Flush() != nil {
		return
	}
	var beat <-chan time.Time
	if s.Heartbeat > 0 {
		t := time.NewTicker(s.Heartbeat)
		defer t.Stop()
		beat = t.C
	}
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	var batch []delivery
	for {
		var wait time.Duration
		var over bool
		batch, wait, over = sub.take(batch[:0], time.Now())
		for i := range batch {
			if _, err := w.Write(batch[i].stream()); err != nil {
				return
			}
		}
		if len(batch) > 0 && out.Flush() != nil {
			return
		}
		clear(batch)
		if over {
			return
		}
		var later <-chan time.Time
		if wait > 0 {
			due.Reset(wait)
			later = due.C
		}
		select {
		case <-sub.wake:
		case <-later:
		case <-beat:
			sub.push(delivery{b: []byte(":\n\n")})
		case <-r.Context().Done():
			return
		}
	}
}
