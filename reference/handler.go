package reference

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/pprof"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// handler routes by path and then by method, so that every refusal is one of
// ours.
func (s *Server) handler() http.Handler {
	type methods map[string]http.HandlerFunc
	faults, setDoor := s.withToken(s.setFaults), s.withToken(s.setDoor)
	routes := map[string]methods{
		"/events":       {"GET": s.events},
		"/finite":       {"GET": s.finite},
		"/poll":         {"GET": s.poll},
		"/longpoll":     {"GET": s.longPoll},
		"/ws":           {"GET": s.webSocket},
		"/clock":        {"GET": s.clock},
		"/publish":      {"POST": s.withToken(s.publish)},
		"/healthz":      {"GET": s.health},
		"/metrics":      {"GET": s.metrics.ServeHTTP},
		"/admin/faults": {"GET": s.withToken(s.showFaults), "PUT": faults, "POST": faults, "DELETE": faults},
		"/admin/door":   {"GET": s.withToken(s.showDoor), "PUT": setDoor, "DELETE": setDoor},
	}
	profiles := s.withToken(profile)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isH2Preface(r) && r.TLS == nil {
			s.hijackH2(w)
			return
		}
		// The deadline is for the request alone: streams lift it again.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(orDefault(s.BodyTimeout, 30*time.Second)))
		if s.CORS != "" {
			s.allowOrigin(w.Header())
		}
		route, ok := routes[r.URL.Path]
		switch {
		case s.Pprof && strings.HasPrefix(r.URL.Path, "/debug/pprof/"):
			profiles(w, r)
		case !ok:
			s.answerError(w, refuse(http.StatusNotFound, "not_found", "there is nothing at this path; see /events, /poll, /longpoll, /ws, /publish, /finite, /clock, /healthz, /metrics, /admin/faults, /admin/door"))
		case s.CORS != "" && r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case route[r.Method] == nil:
			allowed := slices.Sorted(maps.Keys(route))
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.answerError(w, refuse(http.StatusMethodNotAllowed, "method", "this path takes "+strings.Join(allowed, ", ")))
		default:
			route[r.Method](w, r)
		}
	})
}

func (s *Server) allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", s.CORS)
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func profile(w http.ResponseWriter, r *http.Request) {
	switch strings.TrimPrefix(r.URL.Path, "/debug/pprof/") {
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
}

// withToken keeps out who has not the server's token, and where it has none, what pages of other origins have a browser send: it sends
// a simple POST without asking.
func (s *Server) withToken(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.Token == "" && !s.sameOrigin(r):
			s.answerError(w, refuse(http.StatusForbidden, "origin", "pages of other origins need the server's setting CORS, or its token"))
			return
		case !s.mayPublish(r):
			s.answerError(w, refuse(http.StatusUnauthorized, "token", "the request needs the header Authorization: Bearer TOKEN with the server's token"))
			return
		}
		next(w, r)
	}
}

// mayPublish reports whether a request has the server's token, where it has one.
func (s *Server) mayPublish(r *http.Request) bool {
	given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return s.Token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.Token)) == 1
}

// publish takes the body as the data of one event.
func (s *Server) publish(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.answerError(w, refuse(http.StatusBadRequest, "bad_query", err.Error()))
		return
	}
	names, err := topicNames(q)
	if err != nil {
		s.answerError(w, err)
		return
	}
	if len(names) > 1 {
		s.answerError(w, refuse(http.StatusBadRequest, "topics", "an event goes to one topic"))
		return
	}
	body, err := readBody(w, r, orDefault(s.MaxBody, 1<<20))
	if err != nil {
		s.answerError(w, err)
		return
	}
	e := Event{ID: q.Get("id"), Type: q.Get("event"), Data: body}
	if len(e.ID) > idBytes || len(e.Type) > idBytes {
		s.answerError(w, refuse(http.StatusBadRequest, "id_limit", fmt.Sprintf("an id and a type are at most %d bytes", idBytes)))
		return
	}
	id, n, err := s.Publish(names[0], &e)
	if err != nil {
		s.answerError(w, err)
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
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, refuse(http.StatusRequestTimeout, "body_timeout", "the body took too long")
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
