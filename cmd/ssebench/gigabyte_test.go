//go:build linux && !race

// Under the race detector a process takes several times the memory.

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// limit is the default one, in bytes.
const limit = 16 << 20

// gigabyte is a line that no memory should hold.
const gigabyte = 1 << 30

// pastLimit is how many bytes may be taken beyond the limit: what lies in buffers between two processes.
const pastLimit = 16 << 20

// writeGigabyte writes the line until it is refused, and gives how much was taken.
func writeGigabyte(w io.Writer, taken *atomic.Int64) {
	piece := bytes.Repeat([]byte("x"), 64<<10)
	for taken.Load() < gigabyte {
		n, err := w.Write(piece)
		taken.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// peakMemory is the most memory that a living process ever had resident, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscanf(rest, "%d kB", &kib); err != nil {
		t.Fatalf("VmHWM of process %d: %v", pid, err)
	}
	return kib << 10
}

// idleMemory is what the program takes before a stream brings anything. The figure of the process itself is used and not that of its
// end (rusage), which counts the process that started it.
func idleMemory(t *testing.T) int64 {
	t.Helper()
	p := start(t, "decode")
	if _, err := io.WriteString(p.in, "data: a\n\n"); err != nil {
		t.Fatal(err)
	}
	p.line(t)
	return peakMemory(t, p.Process.Pid)
}

func TestGigabyteLineIsRefusedByListen(t *testing.T) {
	idle := idleMemory(t)
	var taken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: a\n\ndata: ")
		writeGigabyte(w, &taken)
	}))
	defer server.Close()
	p := start(t, "listen", "--json", "--retry", "1h", server.URL) // it waits then, and can be looked at
	for _, want := range []string{`{"open":`, `{"event":`, `{"error":{"token":"event_too_long","message":"a line or`, `{"reconnect":`} {
		if line := p.line(t); !strings.HasPrefix(line, want) {
			t.Fatalf("got %.200s, want %s", line, want)
		}
	}
	checkMemory(t, idle, peakMemory(t, p.Process.Pid), taken.Load())
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.code(t); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

func checkMemory(t *testing.T, idle, peak, taken int64) {
	t.Helper()
	t.Logf("idle %d KiB, peak %d KiB, taken %d KiB", idle>>10, peak>>10, taken>>10)
	if peak-idle >= 2*limit {
		t.Errorf("memory grew by %d bytes, twice the limit is %d", peak-idle, 2*limit)
	}
	if taken > limit+pastLimit {
		t.Errorf("%d bytes were taken, the limit is %d", taken, limit)
	}
}

func TestGigabyteLineIsRefusedByDecode(t *testing.T) {
	idle := idleMemory(t)
	p := start(t, "decode")
	// Up to the limit it is only a line without an end yet; so it can be looked at with nearly all of that in its memory.
	if _, err := p.in.Write(append([]byte("data: a\n\ndata: "), bytes.Repeat([]byte("x"), limit-100)...)); err != nil {
		t.Fatal(err)
	}
	if line, want := p.line(t), `{"event":{"type":"message","data":"a","id":""}}`; line != want {
		t.Errorf("got %s, want %s", line, want)
	}
	peak := peakMemory(t, p.Process.Pid)
	var taken atomic.Int64
	taken.Store(limit)
	fed := make(chan struct{})
	go func() {
		writeGigabyte(p.in, &taken)
		close(fed)
	}()
	for _, want := range []string{`{"error":{"token":"event_too_long","message":"a line or`, `{"end":{"last_event_id":"","retry":null,"discarded":true}}`} {
		if line := p.line(t); !strings.HasPrefix(line, want) {
			t.Errorf("got %.200s, want %s", line, want)
		}
	}
	<-fed
	checkMemory(t, idle, peak, taken.Load())
	if code := p.code(t); code != exitFailed || !strings.HasPrefix(p.stderr.String(), "ssebench: event_too_long: a line or") {
		t.Errorf("exit code %d, standard error %q", code, p.stderr.String())
	}
}
