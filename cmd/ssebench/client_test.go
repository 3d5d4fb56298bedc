package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is ssebench in a process of its own.
type program struct {
	*exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// start runs ssebench until it ends or the test does.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	path, err := exec.LookPath("ssebench")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: exec.Command(path, args...)}
	p.Stderr = &p.stderr
	p.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // its end is waited for
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = p.Process.Signal(syscall.SIGQUIT) }) // shows what it hangs in
	t.Cleanup(func() {
		late.Stop()
		_ = p.Process.Kill()
		_ = p.Wait()
		if t.Failed() && p.stderr.Len() > 0 {
			t.Logf("standard error:\n%s", p.stderr.String())
		}
	})
	return p
}

// line waits for the next line.
func (p *program) line(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("standard output: %v after %q", err, line)
	}
	return strings.TrimSuffix(line, "\n")
}

// code waits for the end, drops what is still printed, and gives the exit code.
func (p *program) code(t *testing.T) int {
	t.Helper()
	if _, err := io.Copy(io.Discard, p.out); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	return p.ProcessState.ExitCode()
}

// stepped is a server whose stream goes on when the test says so.
type stepped struct {
	*httptest.Server
	steps chan string // closed: the stream ends
}

func newStepped(t *testing.T) *stepped {
	s := &stepped{steps: make(chan string)}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for {
			select {
			case step, ok := <-s.steps:
				if !ok {
					return
				}
				io.WriteString(w, step)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// The server says a thing only after the one before was seen at the other end of a pipe: whatever is held back stops the test.
func TestListenShowsEverythingAtOnce(t *testing.T) {
	for name, flags := range map[string][]string{
		"json": {"--json"}, "people": nil, "json over HTTP/2": {"--json", "--h2c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newStepped(t)
			p := start(t, slices.Concat([]string{"listen", "--no-reconnect", server.URL}, flags)...)
			if line := p.line(t); !strings.Contains(line, "open") {
				t.Fatalf("first line %q", line)
			}
			for _, step := range []struct{ says, shows string }{
				{": ping\n", "ping"},
				{"retry: 77\n", "77"},
				{"data: one\n\n", "one"},
				{"data: two\r\r", "two"}, // a lone CR ends its line without what follows
				{": pong\r", "pong"},
			} {
				server.steps <- step.says
				if line := p.line(t); !strings.Contains(line, step.shows) {
					t.Fatalf("after %q came %q", step.says, line)
				}
			}
			close(server.steps)
			if line := p.line(t); !strings.Contains(line, "end") {
				t.Fatalf("last line %q", line)
			}
			if code := p.code(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestDecodeShowsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t, "decode")
	for _, step := range []struct{ says, shows string }{
		{": ping\n", `{"comment":" ping"}`},
		{"retry: 77\n", `{"retry":77}`},
		{"id: 1\ndata: one\n\ndata", `{"event":{"type":"message","data":"one","id":"1"}}`},
		{"\r\r", `{"event":{"type":"message","data":"","id":"1"}}`},
	} {
		if _, err := io.WriteString(p.in, step.says); err != nil {
			t.Fatal(err)
		}
		if line := p.line(t); line != step.shows {
			t.Fatalf("after %q came %q", step.says, line)
		}
	}
	p.in.Close()
	if line, want := p.line(t), `{"end":{"last_event_id":"1","retry":77,"discarded":false}}`; line != want {
		t.Errorf("got %s, want %s", line, want)
	}
	if code := p.code(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Scripts depend on these keys.
func TestListenJSONKeys(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "retry: 1\n: c\nid: 1\ndata: d\n\n")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	var out, errors strings.Builder
	if code := run(t.Context(), []string{"listen", "--json", "-n", "2", server.URL}, nil, &out, &errors); code != 0 {
		t.Fatalf("exit code %d: %s", code, errors.String())
	}
	seen := map[string][]string{}
	for line := range strings.Lines(out.String()) {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &object); err != nil || len(object) != 1 {
			t.Fatalf("%q: %v, %d keys", line, err, len(object))
		}
		for key, inside := range object {
			var fields map[string]json.RawMessage
			_ = json.Unmarshal(inside, &fields) // a comment and a retry have none
			seen[key] = nil
			for name, value := range fields {
				seen[key] = append(seen[key], name)
				if name == "at" {
					if _, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(value)); err != nil {
						t.Error(err)
					}
				}
			}
			slices.Sort(seen[key])
		}
	}
	for key, want := range map[string][]string{
		"open": {"headers", "protocol", "status", "timings"}, "event": {"at", "data", "id", "type"}, "comment": nil, "retry": nil,
		"error": {"message", "token"}, "reconnect": {"delay_ms", "last_event_id"},
		"end": {"discarded", "events", "last_event_id", "retry", "token"},
	} {
		got, ok := seen[key]
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s has keys %v (present: %t), want %v", key, got, ok, want)
		}
		delete(seen, key)
	}
	if len(seen) > 0 {
		t.Errorf("unexpected: %v", seen)
	}
}

func TestListenInterrupted(t *testing.T) {
	for name, signal := range map[string]os.Signal{"SIGINT": os.Interrupt, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newStepped(t)
			p := start(t, "listen", "--json", server.URL)
			p.line(t)
			server.steps <- "id: 4\ndata: a\n\n"
			p.line(t)
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			want := `{"end":{"last_event_id":"4","retry":null,"discarded":false,"events":1,"token":"interrupted"}}`
			if line := p.line(t); line != want {
				t.Errorf("got %s, want %s", line, want)
			}
			if code := p.code(t); code != exitInterrupted || p.stderr.Len() > 0 {
				t.Errorf("exit code %d, standard error %q", code, p.stderr.String())
			}
		})
	}
}

// While it waits to come back it can be interrupted too.
func TestListenInterruptedBetweenStreams(t *testing.T) {
	t.Parallel()
	server := newStepped(t)
	p := start(t, "listen", "--retry", "1h", server.URL)
	p.line(t)
	close(server.steps)
	if line, want := p.line(t), "-- reconnecting in 1h0m0s"; line != want {
		t.Errorf("got %q, want %q", line, want)
	}
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if line, want := p.line(t), "-- end after 0 events: interrupted"; line != want {
		t.Errorf("got %q, want %q", line, want)
	}
	if code := p.code(t); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

// An output that nobody reads must not keep it alive.
func TestListenInterruptedTwiceWithAStuckOutput(t *testing.T) {
	t.Parallel()
	flooded := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		event := "data: " + strings.Repeat("x", 1000) + "\n\n"
		for n := 0; ; n++ {
			if n == 1000 { // a pipe holds far less
				close(flooded)
			}
			if _, err := io.WriteString(w, event); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	p := start(t, "listen", "--no-reconnect", server.URL)
	ended := make(chan error, 1)
	<-flooded
	go func() { ended <- p.Wait() }()
	again := time.NewTicker(100 * time.Millisecond) // signals that come together are one
	defer again.Stop()
	for range 100 {
		_ = p.Process.Signal(os.Interrupt)
		select {
		case <-ended:
			if code := p.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("exit code %d", code)
			}
			return
		case <-again.C:
		}
	}
	t.Error("it goes on")
}
