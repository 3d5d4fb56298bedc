package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ssebench/results"
)

// emitter sends an event at once and then one every so often, of which it has a number; then it is silent, ends properly or breaks off.
type emitter struct {
	every time.Duration
	count int
	then  string // "silence", "end" or "break"
}

func (e emitter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for n := range e.count {
		fmt.Fprintf(w, "data: %d\n\n", n)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(e.every):
		case <-r.Context().Done():
			return
		}
	}
	switch e.then {
	case "silence":
		<-r.Context().Done()
	case "break":
		panic(http.ErrAbortHandler)
	}
}

// inTurn gives each stream the next of several handlers.
func inTurn(handlers ...http.Handler) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers[int(n.Add(1)-1)%len(handlers)].ServeHTTP(w, r)
	})
}

// breaksAtAnyAge breaks each of thirty streams off at an age of its own.
func breaksAtAnyAge() http.Handler {
	var all []http.Handler
	for n := range 30 {
		all = append(all, emitter{200 * time.Millisecond, 2 + n, "break"})
	}
	return inTurn(all...)
}

// heartbeats sends comments for as long as the stream is open.
func heartbeats(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		fmt.Fprint(w, ": heartbeat\n\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(2 * time.Second):
		case <-r.Context().Done():
			return
		}
	}
}

// A limit is named after what the streams have in common: the silence before their end where nginx gave up reading, their age where the
// server breaks off whatever it sends, and neither where it ends its answers itself.
func TestTimeoutsOfRealServers(t *testing.T) {
	long(t)
	for name, c := range map[string]struct {
		handler http.Handler
		proxied bool
		want    string // the token; empty: none
	}{
		"nginx, silent from the start":        {emitter{time.Millisecond, 1, "silence"}, true, "timeout"}, // it may be either
		"nginx, some silent from the start":   {inTurn(emitter{2 * time.Second, 100, ""}, emitter{time.Millisecond, 1, "silence"}), true, "idle_timeout"},
		"nginx, heartbeats in time":           {http.HandlerFunc(heartbeats), true, ""},
		"at any age":                          {breaksAtAnyAge(), false, ""},
		"nginx, silent after some events":     {emitter{300 * time.Millisecond, 5, "silence"}, true, "idle_timeout"},
		"nginx, events in time":               {emitter{2 * time.Second, 100, "silence"}, true, ""},
		"a limit on the whole response":       {emitter{100 * time.Millisecond, 50, "break"}, false, "total_timeout"},
		"answers that end after their events": {emitter{500 * time.Millisecond, 10, "end"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			defer server.Close()
			defer server.CloseClientConnections()
			url := server.URL
			if c.proxied {
				url = proxied(t, server.Listener.Addr().String())
			}
			program, err := exec.LookPath("ssebench")
			if err != nil {
				t.Fatal(err)
			}
			var out, said bytes.Buffer
			cmd := exec.Command(program, "run", "-q", "-o", "json", "--out", t.TempDir(), "--url", url, "-c", "30", "-d", "8s")
			cmd.Stdout, cmd.Stderr = &out, &said
			_ = cmd.Run() // streams that end cross a threshold, which is not the question here
			d, err := results.Read(&out)
			if err != nil {
				t.Fatalf("%v: %s", err, said.String())
			}
			var named []string
			for _, w := range d.Warnings {
				if strings.HasSuffix(w.Token, "timeout") {
					named = append(named, w.Token)
				}
			}
			if want := strings.Fields(c.want); !slices.Equal(named, want) {
				t.Errorf("named %q, want %q: %v", named, want, d.Warnings)
			}
		})
	}
}

// proxied starts nginx before a server, with a read timeout of 5 s, and returns its URL.
func proxied(t *testing.T, server string) string {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	command := nginxCommand(t, fmt.Sprintf(`
	server {
		listen %s;
		location / { proxy_pass http://%s; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 5s; }
	}`, address, server))
	nginx := exec.Command(command[0], command[1:]...)
	nginx.SysProcAttr = tethered()
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM) // which ends its workers, as a kill would not
		_ = nginx.Wait()
	})
	awaitListener(t, address)
	return "http://" + address
}
