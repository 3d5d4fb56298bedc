package reference

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// longPollWait is how long a long poll waits for news where it does not say,
// longPollLimit the longest that it may ask for.
const (
	longPollWait  = 30 * time.Second
	longPollLimit = 5 * time.Minute
)

// news is what followed a client's cursor.
type news struct {
	cursor []byte
	events []byte // JSON objects, with commas between
	gap    bool   // events after the client's cursor are gone
}

// poll answers at once with what followed the client's cursor (since): without
// one nothing did. A client that names the last ETag learns by 304 that there
// is no news.
func (s *Server) poll(w http.ResponseWriter, r *http.Request) {
	if !s.pass(w, r) {
		return
	}
	names, since, _, err := pollQuery(r)
	if err != nil {
		s.answerError(w, err)
		return
	}
	n, err := s.hub.news(names, since)
	if err != nil {
		s.answerError(w, err)
		return
	}
	n.answer(w, r)
}

// longPoll is poll that waits for the first event, or until its time is over.
func (s *Server) longPoll(w http.ResponseWriter, r *http.Request) {
	if !s.pass(w, r) {
		return
	}
	names, since, timeout, err := pollQuery(r)
	if err != nil {
		s.answerError(w, err)
		return
	}
	topics, err := s.hub.admit(names) // which bounds those who wait
	if err != nil {
		s.answerError(w, err)
		return
	}
	defer s.hub.left(topics)
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	published := make(chan struct{}, 1)
	s.hub.await(topics, published)
	defer s.hub.awaitNoMore(topics, published)
	over := time.NewTimer(timeout)
	defer over.Stop()
	for {
		n, err := s.hub.news(names, since)
		if err != nil {
			s.answerError(w, err)
			return
		}
		if since == "" || n.gap || len(n.events) > 0 {
			n.answer(w, r)
			return
		}
		select {
		case <-published:
		case <-over.C:
			n.answer(w, r)
			return
		case <-r.Context().Done():
			if _, over2 := w.(*h2response); over2 {
				return
			}
			panic(http.ErrAbortHandler) // else net/http would answer somebody who is gone
		case <-s.ended:
			return
		}
	}
}

func pollQuery(r *http.Request) (names []string, since string, timeout time.Duration, err error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, "", 0, refuse(http.StatusBadRequest, "bad_query", err.Error())
	}
	if names, err = topicNames(q); err != nil {
		return nil, "", 0, err
	}
	if since = q.Get("since"); len(since) > idBytes {
		return nil, "", 0, refuse(http.StatusBadRequest, "since", fmt.Sprintf("a cursor is at most %d bytes", idBytes))
	}
	timeout = longPollWait
	if v := q.Get("timeout"); v != "" {
		if timeout, err = time.ParseDuration(v); err != nil || timeout <= 0 || timeout > longPollLimit {
			return nil, "", 0, refuse(http.StatusBadRequest, "timeout", fmt.Sprintf("timeout is a duration of at most %v", longPollLimit))
		}
	}
	return names, since, timeout, nil
}

// answer says {"cursor":"17","events":[…]}, and "gap":true where that is so.
func (n *news) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	tag := `"` + string(n.cursor) + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	b := append(append([]byte(`{"cursor":"`), n.cursor...), `","events":[`...)
	b = append(append(b, n.events...), ']')
	if n.gap {
		b = append(b, `,"gap":true`...)
	}
	b = append(b, "}\n"...)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	// A client that left before its answer is no error of ours.
	_, _ = w.Write(b)
}

// news gives what followed a cursor in some topics; of an empty one nothing.
func (h *hub) news(names []string, cursor string) (*news, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosing
	}
	var topics []*topic
	last := h.first
	if h.ring <= 0 { // a topic that is new by then remembers nothing from before
		last = h.seq
	}
	for _, name := range names {
		if t := h.topics[name]; t != nil {
			topics = append(topics, t)
			last = max(last, t.ring.last())
		}
	}
	n := &news{cursor: strconv.AppendUint(nil, last, 10)}
	if cursor == "" {
		return n, nil
	}
	after, known := find(topics, cursor, h.first, h.seq)
	if n.gap = !known; n.gap {
		h.counts.gaps.Add(1)
		h.countGone(topics, cursor)
	}
	for ev := range since(topics, after) {
		if len(n.events) > 0 {
			n.events = append(n.events, ',')
		}
		n.events = ev.appendObject(n.events)
	}
	return n, nil
}

// appendObject appends an event that was published as a JSON object.
func (ev *event) appendObject(dst []byte) []byte {
	b := ev.stream()
	e := Event{}
	if ev.data > ev.idEnd {
		e.Type = string(b[ev.idEnd+len("event: ") : ev.data-1])
	}
	for line := range bytes.Lines(b[ev.data : len(b)-1]) {
		if e.Data != nil {
			e.Data = append(e.Data, '\n')
		}
		line = bytes.TrimPrefix(bytes.TrimPrefix(line[:len(line)-1], []byte("data:")), []byte(" "))
		e.Data = append(e.Data, line...)
	}
	return appendObject(dst, ev.id(), &e)
}

// await has published told, without waiting, of each event of the topics.
func (h *hub) await(topics []*topic, published chan<- struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		if t.waiting == nil {
			t.waiting = make(map[chan<- struct{}]struct{})
		}
		t.waiting[published] = struct{}{}
	}
}

func (h *hub) awaitNoMore(topics []*topic, published chan<- struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		delete(t.waiting, published)
	}
}

// tell wakes those who wait for news of the topic.
func (t *topic) tell() {
	for published := range t.waiting {
		select {
		case published <- struct{}{}:
		default: // it has not looked yet
		}
	}
}
