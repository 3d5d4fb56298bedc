package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// postServer has streams at /events and takes posts; it knows over which connections they came.
type postServer struct {
	url     string
	mu      sync.Mutex
	streams map[string]bool // remote addresses
	posts   map[string]int  // requests of each
	hanging chan struct{}   // a post to /hang has come
	gone    chan struct{}   // and its client has left
	left    atomic.Int64    // streams that ended
}

func newPostServer(t *testing.T, w *way) *postServer {
	s := &postServer{streams: make(map[string]bool), posts: make(map[string]int), hanging: make(chan struct{}, 100), gone: make(chan struct{}, 100)}
	s.url = w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if r.URL.Path == "/events" {
			s.streams[r.RemoteAddr] = true
		} else {
			s.posts[r.RemoteAddr]++
		}
		s.mu.Unlock()
		switch r.URL.Path {
		case "/events", "/stream":
			rw.Header().Set("Content-Type", "text/event-stream")
			flush(rw)
			<-r.Context().Done()
			s.left.Add(1)
		case "/hang":
			io.Copy(io.Discard, r.Body) // else net/http would not notice the end
			s.hanging <- struct{}{}
			<-r.Context().Done()
			s.gone <- struct{}{}
		case "/redirect":
			http.Redirect(rw, r, "/echo", http.StatusSeeOther)
		case "/long":
			io.WriteString(rw, strings.Repeat("x", 2*answerMost))
		default:
			b, _ := io.ReadAll(r.Body)
			rw.WriteHeader(http.StatusAccepted)
			fmt.Fprintf(rw, "%s %s %s", r.Method, r.Header.Get("X-Own"), b)
		}
	})
	return s
}

func (s *postServer) request(t *testing.T, path, body string) *loadgen.Request {
	r := get(t, s.url+path, "X-Own", "yes")
	r.Method, r.Body = http.MethodPost, []byte(body)
	return r
}

// subscribe opens streams and waits until all are open.
func (s *postServer) subscribe(t *testing.T, tr *Transport, n int) (streams []loadgen.Stream, readers []*reader) {
	for range n {
		r := newReader(t)
		streams, readers = append(streams, open(tr, get(t, s.url+"/events"), r)), append(readers, r)
	}
	for _, r := range readers {
		r.until("the opening", func() bool { return len(r.openings) == 1 })
	}
	return streams, readers
}

func postTo(ctx context.Context, s loadgen.Stream, r *loadgen.Request) (*loadgen.Answer, error) {
	return s.(loadgen.Poster).Post(ctx, r)
}

// A subscriber has two connections over HTTP/1.1, the second one kept, and one over HTTP/2; what is posted and answered is counted.
func TestPostsGoBesideTheStream(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		const subscribers, each, size = 3, 4, 3000
		server := newPostServer(t, w)
		tr, sum := w.transport(t, Config{})
		streams, _ := server.subscribe(t, tr, subscribers)
		requests, sent, received := sum.of(results.RequestsCount), sum.of(results.BytesSent), sum.of(results.BytesReceived)
		body := strings.Repeat("b", size)
		var wait sync.WaitGroup
		for _, s := range streams {
			wait.Go(func() {
				for range each {
					a, err := postTo(t.Context(), s, server.request(t, "/echo", body))
					if err != nil || a.Status != http.StatusAccepted || string(a.Body) != "POST yes "+body {
						t.Errorf("answer %+v, %v", a, err)
					}
				}
			})
		}
		wait.Wait()
		tr.Close() // counts what came last
		if n := sum.of(results.RequestsCount) - requests; n != subscribers*each {
			t.Errorf("%d requests were counted", n)
		}
		up, down := sum.of(results.BytesSent)-sent, sum.of(results.BytesReceived)-received
		if least := int64(subscribers * each * size); up < least || up > least*12/10+subscribers*3000 || down < least || down > least*12/10+subscribers*6000 {
			t.Errorf("%d bytes up and %d down of %d", up, down, least)
		}
		if n := sum.of(results.BodyReceived); n != 0 {
			t.Errorf("%d bytes of answers were taken for the streams'", n)
		}
		server.mu.Lock()
		defer server.mu.Unlock()
		connections := subscribers
		if w.shared > 0 {
			connections = 1
		}
		if len(server.posts) != connections {
			t.Errorf("posts came over %v", server.posts)
		}
		for remote, n := range server.posts {
			if n != subscribers*each/connections || server.streams[remote] == (w.protocol == HTTP1) {
				t.Errorf("%d posts came from %s; streams from %v", n, remote, server.streams)
			}
		}
	})
}

func TestAnswersToPosts(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		server := newPostServer(t, w)
		tr, _ := w.transport(t, Config{})
		streams, _ := server.subscribe(t, tr, 1)
		for path, want := range map[string]struct{ status, body int }{
			"/redirect": {http.StatusSeeOther, 0}, "/long": {http.StatusOK, answerKept}, "/stream": {http.StatusOK, 0}, "/echo": {http.StatusAccepted, 10},
		} {
			if a, err := postTo(t.Context(), streams[0], server.request(t, path, "b")); err != nil || a.Status != want.status || len(a.Body) != want.body {
				t.Errorf("%s: %+v, %v", path, a, err)
			}
		}
	})
}

// A caller who waits no longer gives up the connection, over HTTP/1.1, or the stream on it; those that waited behind, and the subscriber, go on.
func TestAPostCanBeWithdrawn(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		server := newPostServer(t, w)
		tr, _ := w.transport(t, Config{})
		streams, readers := server.subscribe(t, tr, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := postTo(ctx, streams[0], server.request(t, "/hang", "b")); !errors.Is(err, context.Canceled) {
				t.Errorf("withdrawn: %v", err)
			}
		})
		<-server.hanging
		wait.Go(func() {
			if a, err := postTo(t.Context(), streams[0], server.request(t, "/echo", "b")); err != nil || a.Status != http.StatusAccepted {
				t.Errorf("behind it: %+v, %v", a, err)
			}
		})
		done, expire := context.WithTimeout(t.Context(), time.Nanosecond)
		defer expire()
		if _, err := postTo(done, streams[0], server.request(t, "/echo", "b")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while it waited: %v", err)
		}
		cancel()
		wait.Wait()
		<-server.gone
		readers[0].mu.Lock()
		defer readers[0].mu.Unlock()
		if len(readers[0].endings) != 0 {
			t.Errorf("the stream ended: %+v", readers[0].endings)
		}
	})
}

// A subscriber that is cut takes its posts along, and the connection for them.
func TestACutEndsPosts(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		server := newPostServer(t, w)
		tr, _ := w.transport(t, Config{})
		streams, _ := server.subscribe(t, tr, 2)
		var wait sync.WaitGroup
		for _, s := range streams {
			wait.Go(func() {
				_, err := postTo(t.Context(), s, server.request(t, "/hang", "b"))
				if f := failureOf(err); f == nil || f.Token != loadgen.TokenCut {
					t.Errorf("cut: %v", err)
				}
			})
		}
		<-server.hanging
		<-server.hanging
		streams[0].Cut(loadgen.CutFIN)
		<-server.gone
		streams[1].Cut(loadgen.CutRST)
		<-server.gone
		wait.Wait()
		if _, err := postTo(t.Context(), streams[0], server.request(t, "/echo", "b")); failureOf(err) == nil || failureOf(err).Token != loadgen.TokenNotOpen {
			t.Errorf("after the cut: %v", err)
		}
	})
}

// What cannot be sent says why.
func TestPostsThatFail(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		server := newPostServer(t, w)
		tr, _ := w.transport(t, Config{})
		streams, _ := server.subscribe(t, tr, 1)
		nobody, want := server.request(t, "/echo", "b"), ""
		nobody.URL.Host, want = "127.0.0.1:1", tokenDialRefused
		if w.protocol != HTTP1 {
			want = tokenRequestInvalid // another origin
		}
		if _, err := postTo(t.Context(), streams[0], nobody); failureOf(err) == nil || failureOf(err).Token != want {
			t.Errorf("to nobody: %v, want %s", err, want)
		}
		bad := server.request(t, "/echo", "b")
		bad.Header = append(bad.Header, loadgen.Field{Name: "X", Value: "a\r\nb"})
		if _, err := postTo(t.Context(), streams[0], bad); failureOf(err) == nil || failureOf(err).Token != tokenRequestInvalid {
			t.Errorf("a bad field: %v", err)
		}
		if a, err := postTo(t.Context(), streams[0], server.request(t, "/echo", "b")); err != nil || a.Status != http.StatusAccepted {
			t.Errorf("after these: %+v, %v", a, err)
		}
	})
}
