package reference

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPoll(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, Ring: 2, FirstID: 1})
		url := s.URL() + "/poll?topic=a"
		want := func(query, body string) {
			t.Helper()
			if status, got := ask(t, c, "GET", url+query, ""); status != 200 || got != body+"\n" {
				t.Errorf("%s: %d %s, want %s", query, status, got, body)
			}
		}
		want("", `{"cursor":"0","events":[]}`)
		publishTo(t, c, s, "topic=a", "1")
		publishTo(t, c, s, "topic=b", "2")
		publishTo(t, c, s, "topic=a&event=x&id=own", "two\nlines, \"é\"")
		want("&since=0", `{"cursor":"3","events":[{"id":"1","data":"1"},{"id":"own","event":"x","data":"two\nlines, \"é\""}]}`)
		want("&since=1", `{"cursor":"3","events":[{"id":"own","event":"x","data":"two\nlines, \"é\""}]}`)
		want("&topic=b&since=1", `{"cursor":"3","events":[{"id":"2","data":"2"},{"id":"own","event":"x","data":"two\nlines, \"é\""}]}`)
		want("&since=3", `{"cursor":"3","events":[]}`)
		want("", `{"cursor":"3","events":[]}`)
		if status, body := ask(t, c, "GET", url+"&since=3", "", "If-None-Match", `"3"`); status != http.StatusNotModified || body != "" {
			t.Errorf("%d %q", status, body)
		}
		publishTo(t, c, s, "topic=a", "4")
		publishTo(t, c, s, "topic=a", "5")
		if gone := s.counts.gone.Load(); gone != 0 {
			t.Errorf("%d events gone that nobody came back for", gone)
		}
		want("&since=0", `{"cursor":"5","events":[{"id":"4","data":"4"},{"id":"5","data":"5"}],"gap":true}`)
		if gone := s.counts.gone.Load(); gone != 3 {
			t.Errorf("%d events gone, want 3", gone)
		}
		for query, token := range map[string]string{"&since=" + strings.Repeat("1", 2000): "since", "&timeout=1h": "timeout", "&topic=*": "topic_pattern"} {
			if status, body := ask(t, c, "GET", url+query, ""); status != 400 || !strings.Contains(body, token) {
				t.Errorf("%s: %d %s", query[:min(len(query), 20)], status, body)
			}
		}
	})
}

func TestLongPoll(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls, FirstID: 1})
		url := s.URL() + "/longpoll?topic=a"
		answers := make(chan string)
		wait := func(query string) {
			go func() {
				status, body := ask(t, c, "GET", url+query, "")
				answers <- fmt.Sprintf("%d %s", status, body)
			}()
		}
		if status, body := ask(t, c, "GET", url, ""); status != 200 || body != `{"cursor":"0","events":[]}`+"\n" {
			t.Errorf("%d %s", status, body)
		}
		if status, body := ask(t, c, "GET", url+"&since=0&timeout=10ms", ""); status != 200 || body != `{"cursor":"0","events":[]}`+"\n" {
			t.Errorf("%d %s", status, body)
		}
		wait("&since=0")
		awaitWaiting(t, s, 1)
		publishTo(t, c, s, "topic=b", "1")
		publishTo(t, c, s, "topic=a", "2")
		if got := <-answers; got != `200 {"cursor":"2","events":[{"id":"2","data":"2"}]}`+"\n" {
			t.Errorf("got %s", got)
		}
		awaitWaiting(t, s, 0)

		ctx, leave := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", url+"&since=2", nil)
		if err != nil {
			t.Fatal(err)
		}
		left := make(chan error)
		go func() {
			_, err := c.Do(r)
			left <- err
		}()
		awaitWaiting(t, s, 1)
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		awaitWaiting(t, s, 0)

		wait("&since=2")
		awaitWaiting(t, s, 1)
		ended, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := s.Shutdown(ended); err != nil {
			t.Error(err)
		}
		if got := <-answers; !strings.HasPrefix(got, `503 {"error":"closing"`) {
			t.Errorf("got %s", got)
		}
	})
}

// Those who wait are bounded as streams are.
func TestLongPollsAreBounded(t *testing.T) {
	s := started(t, &Server{MaxSubscribers: 1, FirstID: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		ask(t, http.DefaultClient, "GET", s.URL()+"/longpoll?since=0", "")
	}()
	awaitWaiting(t, s, 1)
	if status, body := ask(t, http.DefaultClient, "GET", s.URL()+"/longpoll?since=0", ""); status != 503 || !strings.Contains(body, "subscribers_limit") {
		t.Errorf("%d %s", status, body)
	}
	publishTo(t, http.DefaultClient, s, "", "1")
	<-done
}

// awaitWaiting waits until so many long polls wait.
func awaitWaiting(t *testing.T, s *Server, want int) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		n := 0
		s.hub.mu.Lock()
		for _, topic := range s.hub.topics {
			n += len(topic.waiting)
		}
		s.hub.mu.Unlock()
		if n == want {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d long polls wait, want %d", n, want)
		}
	}
}
