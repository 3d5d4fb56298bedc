package reference

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /publish", s.withToken(s.publish))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /admin/faults", s.withToken(s.showFaults))
	mux.HandleFunc("PUT /admin/faults", s.withToken(s.setFaults))
	mux.HandleFunc("POST /admin/faults", s.withToken(s.setFaults))
	mux.HandleFunc("DELETE /admin/faults", s.withToken(s.setFaults))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.CORS != "" {
			w.Header().Set("Access-Control-Allow-Origin", s.CORS)
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) withToken(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Token != "" {
			given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if subtle.ConstantTimeCompare([]byte(given), []byte(s.Token)) != 1 {
				answerError(w, refuse(http.StatusUnauthorized, "token", "the request needs the header Authorization: Bearer TOKEN with the server's token"))
				return
			}
		}
		next(w, r)
	}
}

// publish takes the body as the data of one event.
func (s *Server) publish(w http.ResponseWriter, r *http.Request) {
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
	if len(names) > 1 {
		answerError(w, refuse(http.StatusBadRequest, "topics", "an event goes to one topic"))
		return
	}
	body, err := readBody(w, r, int64(orDefault(int(s.MaxBody), 1<<20)))
	if err != nil {
		answerError(w, err)
		return
	}
	id, n, err := s.hub.publish(names[0], &Event{ID: q.Get("id"), Type: q.Get("event"), Data: body})
	if err != nil {
		answerError(w, err)
		return
	}
	answerJSON(w, http.StatusOK, struct {
		ID          string `json:"id"`
		Subscribers int    `json:"subscribers"`
	}{id, n})
}

// readBody reads at most limit bytes; the result is not nil.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "body_limit", fmt.Sprintf("the body is over the limit of %d bytes", large.Limit))
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "body", "the body broke off: "+err.Error())
	}
	return body, nil
}

// topicLimit is how many topics one stream may have, topicBytes how long a
// name may be.
const (
	topicLimit = 64
	topicBytes = 200
)

// topicNames returns the distinct topics of a query; none means "default".
func topicNames(q url.Values) ([]string, error) {
	var names []string
	for _, name := range q["topic"] {
		if err := checkTopic(name); err != nil {
			return nil, err
		}
		seen := false
		for _, n := range names {
			seen = seen || n == name
		}
		if !seen {
			names = append(names, name)
		}
	}
	if len(names) > topicLimit {
		return nil, refuse(http.StatusBadRequest, "topics", fmt.Sprintf("a stream takes at most %d topics", topicLimit))
	}
	if names == nil {
		names = []string{"default"}
	}
	return names, nil
}

// checkTopic refuses what cannot be a topic's name. Patterns are refused, not
// taken literally: whoever sends one expects more than one topic.
func checkTopic(name string) error {
	if name == "" || len(name) > topicBytes || !utf8.ValidString(name) {
		return refuse(http.StatusBadRequest, "topic", fmt.Sprintf("a topic is 1 to %d bytes of UTF-8", topicBytes))
	}
	for _, c := range name {
		if unicode.IsControl(c) {
			return refuse(http.StatusBadRequest, "topic", "a topic holds no control characters")
		}
		if strings.ContainsRune("*?{}#+", c) {
			return refuse(http.StatusBadRequest, "topic_pattern", fmt.Sprintf("topic %q is a pattern; name each topic", name))
		}
	}
	return nil
}
