package reference

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// events opens an event stream: the answer's head goes out at once, then what
// was missed since the last event ID, then events as they are published.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if !s.pass(w, r) {
		return
	}
	names, lastID, err := streamQuery(r)
	if err != nil {
		s.answerError(w, err)
		return
	}
	f := s.faults.orNone()
	if s.misanswer(w, r, f) {
		return
	}
	topics, err := s.hub.admit(names)
	if err != nil {
		s.answerError(w, err)
		return
	}
	sub := &subscriber{serial: uint32(s.streams.Add(1)), index: -1, fd: -1}
	s.counts.opened.Add(1)
	if s.Retry > 0 {
		b, _ := AppendRetry(nil, s.Retry)
		sub.queue = append(sub.queue, delivery{b: b})
	}
	if f.BOM {
		s.faults.did(faultBOM)
		sub.queue = append([]delivery{{b: []byte("\ufeff")}}, sub.queue...)
	}
	if f.NoFlush > 0 {
		sub.flags |= flagHeld
	}
	contentType := "text/event-stream"
	if f.ContentType != "" {
		s.faults.did(faultContentType)
		contentType = f.ContentType
	}
	if onSockets && r.ProtoMajor == 1 && r.TLS == nil {
		s.openSocket(w, r, sub, topics, lastID, contentType)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	if w, ok := w.(*h2response); ok {
		w.taken = w.st.attach(sub, h2Fields(http.StatusOK, h), f.NoFlush > 0)
		if !w.taken {
			s.hub.left(topics)
			return
		}
		s.hub.join(sub, topics, lastID)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	out := newWriter(&s.counts)
	sub.out = out
	s.hub.join(sub, topics, lastID) // its flags are the lane's from here on
	defer sub.lane.post(command{do: doLeave, sub: sub})
	w.WriteHeader(http.StatusOK)
	out.write(r.Context(), w, sub, f.NoFlush > 0)
}

// openSocket hands the connection's socket to a lane, the answer's head with it.
func (s *Server) openSocket(w http.ResponseWriter, r *http.Request, sub *subscriber, topics []*topic, lastID, contentType string) {
	fd, err := takeSocket(w)
	if err != nil {
		// The connection is lost: what is left is to count the stream out.
		s.hub.left(topics)
		return
	}
	sub.fd = fd
	if r.ProtoMinor == 0 {
		sub.flags |= flagPlain
		sub.head = &answerHead{fmt.Appendf(nil, "HTTP/1.0 200 OK\r\n%s\r\n", s.streamHead(contentType))}
	} else {
		sub.head = &answerHead{fmt.Appendf(nil, "HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n", s.streamHead(contentType))}
	}
	s.hub.join(sub, topics, lastID)
}

func (s *Server) streamHead(contentType string) string {
	head := "Content-Type: " + contentType + "\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\nConnection: close\r\n"
	if s.CORS != "" {
		head += "Access-Control-Allow-Origin: " + s.CORS + "\r\n"
	}
	return head
}

// misanswer answers in place of a stream where a fault wants that.
func (s *Server) misanswer(w http.ResponseWriter, r *http.Request, f *Faults) bool {
	switch {
	case f.Redirect != "":
		s.faults.did(faultRedirect)
		http.Redirect(w, r, f.Redirect, http.StatusTemporaryRedirect)
	case f.Status == http.StatusNoContent || f.Status == http.StatusNotModified:
		s.faults.did(faultStatus)
		w.WriteHeader(f.Status)
	case f.Status != 0:
		s.faults.did(faultStatus)
		s.answerError(w, refuse(f.Status, "fault", "the fault status is in force"))
	default:
		return false
	}
	return true
}

// streamQuery reads the topics and the last event ID of a request. An ID in
// the header, from a client that comes back, is newer than one in the URL.
func streamQuery(r *http.Request) (names []string, lastID string, err error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, "", refuse(http.StatusBadRequest, "bad_query", err.Error())
	}
	if names, err = topicNames(q); err != nil {
		return nil, "", err
	}
	lastID = r.Header.Get("Last-Event-ID")
	if lastID == "" {
		lastID = q.Get("lastEventId")
	}
	if len(lastID) > idBytes || strings.ContainsAny(lastID, "\x00\r\n") {
		return nil, "", refuse(http.StatusBadRequest, "last_event_id", fmt.Sprintf("a last event ID is at most %d bytes without NUL, CR or LF", idBytes))
	}
	return names, lastID, nil
}

// idBytes is how long an event's id may be.
const idBytes = 1000
