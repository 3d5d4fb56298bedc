package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"ssebench/loadgen/stamp"
)

// holding is a server that holds something back. Its first path element says what:
//
//	nothing   healthy
//	events    the events from the 20th to the 49th, until the 50th
//	blocks    all but every 20th event, with which the others come
//	head      the head of an answer, to the first event
//	fan-out   events are written by who publishes, so a reader that does not read holds up everybody
//	workers   it has three of them
//	answer    the answer to who publishes, for 300 ms
//	calls     the answer to who publishes, for good
//	topics    it knows none: everybody gets everything
//	news      what is published goes nowhere, and the answer says so
//	marks     the payload, behind base64
//	feed      GET alone: it emits by itself, ten times a second, and holds the events from the 60th to the 89th back
//	history   new subscribers get what an earlier run published
type holding struct {
	mu      sync.Mutex
	streams map[*heldStream]bool
	seen    int
	workers chan struct{}
}

type heldStream struct {
	mu     sync.Mutex
	writer http.ResponseWriter
	topic  string
	unsent bytes.Buffer
}

func newHolding() http.Handler {
	h := &holding{streams: make(map[*heldStream]bool), workers: make(chan struct{}, 3)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{what}/events", h.events)
	mux.HandleFunc("GET /feed", feedThatStalls)
	mux.HandleFunc("POST /{what}/publish", h.publish)
	return mux
}

func (h *holding) events(w http.ResponseWriter, r *http.Request) {
	what := r.PathValue("what")
	if what == "workers" {
		select {
		case h.workers <- struct{}{}:
			defer func() { <-h.workers }()
		case <-r.Context().Done():
			return
		}
	}
	s := &heldStream{writer: w, topic: r.FormValue("topic")}
	w.Header().Set("Content-Type", "text/event-stream")
	if what == "history" {
		fmt.Fprintf(w, "data: %s\n\n", stamp.Append(nil, &stamp.Mark{Run: 1, Seq: 1, Due: 1, Sent: 1}, 100))
	}
	if what != "head" && what != "blocks" {
		w.(http.Flusher).Flush()
	}
	h.mu.Lock()
	h.streams[s] = true
	h.mu.Unlock()
	<-r.Context().Done()
	h.mu.Lock()
	delete(h.streams, s)
	h.mu.Unlock()
	s.mu.Lock() // nobody writes any more when the handler returns
	defer s.mu.Unlock()
	s.writer = nil
}

func feedThatStalls(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.(http.Flusher).Flush()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
		fmt.Fprintf(w, "data: %d\n\n", time.Now().UnixMilli())
		if n < 60 || n >= 90 {
			w.(http.Flusher).Flush()
		}
	}
}

func (h *holding) publish(w http.ResponseWriter, r *http.Request) {
	what, topic := r.PathValue("what"), r.FormValue("topic")
	data, _ := io.ReadAll(r.Body)
	switch what {
	case "answer":
		time.Sleep(300 * time.Millisecond)
	case "calls":
		<-r.Context().Done()
		return
	case "news":
		fmt.Fprint(w, `{"subscribers":0}`)
		return
	case "marks":
		data = []byte(base64.StdEncoding.EncodeToString(data))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen++
	for s := range h.streams {
		if what != "topics" && s.topic != topic {
			continue
		}
		s.mu.Lock()
		fmt.Fprintf(&s.unsent, "data: %s\n\n", data)
		s.mu.Unlock()
		if what == "events" && h.seen >= 20 && h.seen < 50 || what == "blocks" && h.seen%20 != 0 {
			continue
		}
		s.flush()
	}
	w.WriteHeader(http.StatusNoContent)
}

// flush writes all that was held back.
func (s *heldStream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == nil {
		return
	}
	_, _ = s.unsent.WriteTo(s.writer)
	s.writer.(http.Flusher).Flush()
}
