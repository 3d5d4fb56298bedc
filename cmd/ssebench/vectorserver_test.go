package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// subscription is one URL that clients subscribe to, and what they get for it, request by request; in the end always 204, which
// nobody comes back from.
type subscription struct {
	name    string
	answers []reply
	via     int  // redirected to with this status; 0: there is no redirect
	apart   bool // at an address that was not connected to before: a connection that is kept hides that it was closed
}

// reply is the answer to one request. Its zero value is an empty event stream.
type reply struct {
	status int         // 0: 200
	types  []string    // of Content-Type fields; nil: text/event-stream; empty: none
	header http.Header // further fields
	body   string
	early  bool // an interim response comes first
	abort  bool // the connection is closed in place of the body's end, or, with nothing to say, of an answer
	raw    string
}

// asked is one request as it came.
type asked struct {
	lastEventID string
	header      http.Header
	began       time.Time
	ended       time.Time // the answer was complete
}

// vectorServer serves subscriptions on /stream/{who}/{name}, and keeps apart who asks.
type vectorServer struct {
	*httptest.Server
	apart         *httptest.Server // the same at another address
	subscriptions map[string]*subscription

	mu    sync.Mutex
	asked map[[2]string][]asked // by who and name
}

func newVectorServer(t *testing.T, page string, subscriptions []*subscription) *vectorServer {
	s := &vectorServer{subscriptions: map[string]*subscription{}, asked: map[[2]string][]asked{}}
	for _, sub := range subscriptions {
		if s.subscriptions[sub.name] != nil {
			t.Fatalf("two subscriptions have the name %s", sub.name)
		}
		s.subscriptions[sub.name] = sub
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, page)
	})
	mux.HandleFunc("GET /stream/{who}/{name}", s.stream)
	mux.HandleFunc("GET /via/{status}/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.PathValue("status"))
		w.Header().Set("Location", "/"+r.PathValue("rest"))
		w.WriteHeader(status)
	})
	s.Server = httptest.NewServer(mux)
	s.apart = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.Close()
		s.apart.Close()
	})
	return s
}

// url is where somebody subscribes.
func (s *vectorServer) url(who string, sub *subscription) string {
	switch path := "/stream/" + who + "/" + sub.name; {
	case sub.apart:
		return s.apart.URL + path
	case sub.via != 0:
		return s.URL + "/via/" + strconv.Itoa(sub.via) + path
	default:
		return s.URL + path
	}
}

// requests gives what was asked for a subscription so far.
func (s *vectorServer) requests(who, name string) []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked[[2]string{who, name}])
}

func (s *vectorServer) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	sub, key := s.subscriptions[r.PathValue("name")], [2]string{r.PathValue("who"), r.PathValue("name")}
	if sub == nil {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	n := len(s.asked[key])
	s.asked[key] = append(s.asked[key], asked{lastEventID: strings.Join(r.Header["Last-Event-Id"], "|"), header: r.Header, began: time.Now()})
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.asked[key][n].ended = time.Now()
		s.mu.Unlock()
	}()
	if n >= len(sub.answers) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	sub.answers[n].write(w)
}

func (a *reply) write(w http.ResponseWriter) {
	if a.raw != "" {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(conn, a.raw)
			conn.Close()
		}
		return
	}
	if a.early {
		w.WriteHeader(http.StatusEarlyHints)
	}
	h := w.Header()
	h["Content-Type"] = a.types
	if a.types == nil {
		h["Content-Type"] = []string{"text/event-stream"}
	} else if len(a.types) == 0 {
		h["Content-Type"] = nil // else one would be guessed
	}
	for name, values := range a.header {
		h[name] = values
	}
	if a.abort && a.body == "" {
		panic(http.ErrAbortHandler)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	io.WriteString(w, a.body)
	if a.abort {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}
