package reference

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// finite answers with what was published since the client's last event ID and
// ends, so that the client comes back after the reconnection time: an event
// stream as polling. The last block carries an id and no data; it is never
// dispatched but leaves the client a cursor, from its first request on.
func (s *Server) finite(w http.ResponseWriter, r *http.Request) {
	if !s.pass(w, r) {
		return
	}
	names, lastID, err := streamQuery(r)
	if err != nil {
		s.answerError(w, err)
		return
	}
	body, err := s.hub.since(names, lastID, orDefault(s.Retry, 2*time.Second))
	if err != nil {
		s.answerError(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	// A client that left before its answer is no error of ours.
	_, _ = w.Write(body)
}

// since returns a finite event stream of what followed lastID.
func (h *hub) since(names []string, lastID string, retry time.Duration) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosing
	}
	body, err := AppendRetry(nil, retry)
	if err != nil {
		return nil, err
	}
	var topics []*topic
	for _, name := range names {
		if t := h.topics[name]; t != nil {
			topics = append(topics, t)
		}
	}
	if lastID != "" {
		after, known := find(topics, lastID, h.first, h.seq)
		if !known {
			body = append(body, h.gap(lastID)...)
		}
		for ev := range since(topics, after) {
			body = append(body, ev.stream()...)
		}
	}
	return fmt.Appendf(body, "id: %d\n\n", h.seq), nil
}

// clockLimit bounds what a client may ask of the clock.
const clockLimit = 100_000

// clock sends the time as Unix milliseconds, once every interval (1s), n times
// (20), and ends. With flush=0 it holds everything, the head too, until then,
// as a server does that nobody told to flush.
func (s *Server) clock(w http.ResponseWriter, r *http.Request) {
	n, interval := 20, time.Second
	var err error
	if v := r.FormValue("n"); v != "" {
		if n, err = strconv.Atoi(v); err != nil || n < 1 || n > clockLimit {
			s.answerError(w, refuse(http.StatusBadRequest, "n", fmt.Sprintf("n is a number from 1 to %d", clockLimit)))
			return
		}
	}
	if v := r.FormValue("interval"); v != "" {
		if interval, err = time.ParseDuration(v); err != nil || interval < time.Millisecond {
			s.answerError(w, refuse(http.StatusBadRequest, "interval", "interval is a duration from 1ms"))
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	var held []byte
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{})
	flush := r.FormValue("flush") != "0"
	if flush && out.Flush() != nil {
		return
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := range n {
		if i > 0 {
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			case <-s.ended:
				return
			}
		}
		held = fmt.Appendf(held, "data: %d\n\n", time.Now().UnixMilli())
		if flush {
			if _, err := w.Write(held); err != nil || out.Flush() != nil {
				return
			}
			held = held[:0]
		}
	}
	if len(held) > 0 {
		// A client that left before its answer is no error of ours.
		_, _ = w.Write(held)
	}
}
