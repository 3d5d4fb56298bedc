package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"ssebench/results"
)

// pages answers with a page of three numbered events, 100 ms apart, the first numbered 0, and breaks off after the second where it is told to.
func pages(truncate bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := range 3 {
			if truncate && n == 2 {
				panic(http.ErrAbortHandler)
			}
			if n > 0 {
				time.Sleep(100 * time.Millisecond) // the rate of the page
			}
			fmt.Fprintf(w, "retry: 300\ndata: {\"n\":%d}\n\n", n)
			_ = http.NewResponseController(w).Flush()
		}
	})
}

// measure runs a scenario against a server and returns its document.
func measure(t *testing.T, handler http.Handler, scenario string) *results.Document {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	defer server.CloseClientConnections()
	dir := t.TempDir()
	text := fmt.Sprintf(scenario, server.URL)
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("ssebench")
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	cmd := exec.Command(program, "run", "-q", "-o", "json", "--out", dir, filepath.Join(dir, "s.yaml"))
	cmd.Stdout, cmd.Stderr = &out, &said
	_ = cmd.Run() // how it ends stands in the document
	d, err := results.Read(&out)
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return d
}

func count(d *results.Document, id results.ID) int64 {
	if v := d.Metrics[id.String()]; v.Value != nil {
		return int64(*v.Value)
	} else if v.Histogram != nil {
		return v.Histogram.Count
	}
	return 0
}

const finite = "target: {url: '%s', transport: finite-sse}\nload: {connections: 5, phases: [{ramp: at_once}, {hold: 2500ms}]}\n"

// Each request of a client that comes back counts once, with its own first event, and the client's wait between two answers is no gap
// between events.
func TestFiniteStreamsCountOnce(t *testing.T) {
	long(t)
	d := measure(t, pages(false), finite)
	requests := count(d, results.RequestsCount)
	if code := d.ExitCode(); code != 0 && code != 98 || requests < 15 {
		t.Errorf("exit code %d, %d requests: %+v", code, requests, d.Thresholds)
	}
	if opened, attempted := count(d, results.ConnectionsOpened), count(d, results.ConnectionsAttempted); opened != 5 || attempted != 5 {
		t.Errorf("attempted %d, opened %d", attempted, opened)
	}
	answers := count(d, results.RequestsDuration)
	if first := count(d, results.ConnectFirstEvent); first < answers || first > requests {
		t.Errorf("%d first events of %d requests, %d of them answered", first, requests, answers)
	}
	if gaps := d.Metrics[results.EventsInterval.String()].Histogram; gaps.Max > 290e6 { // the wait is 300 ms
		t.Errorf("the longest gap between events is %v", time.Duration(gaps.Max))
	}
}

// Answers that break off are ends that nobody expects, counted once.
func TestTruncatedAnswersCrossADefaultThreshold(t *testing.T) {
	long(t)
	d := measure(t, pages(true), finite)
	attempted, opened := count(d, results.ConnectionsAttempted), count(d, results.ConnectionsOpened)
	failed, requests := count(d, results.ConnectionsFailed), count(d, results.RequestsCount)
	if attempted != opened+failed || attempted > requests || opened == 0 {
		t.Errorf("attempted %d = opened %d + failed %d, for %d requests", attempted, opened, failed, requests)
	}
	if closed := d.Metrics[results.ConnectionsClosedByServer.String()].By; closed["body_truncated"] > opened || closed["body_truncated"] < opened-5 {
		t.Errorf("of %d answers %v broke off, and no more than 5 were under way at the end", opened, closed)
	}
	if d.ExitCode() != 99 {
		t.Errorf("exit code %d: %+v", d.ExitCode(), d.Thresholds)
	}
}

// A POST comes back after an answer that broke off as after one that ended: finite streams are asked for again.
func TestFinitePostsComeBack(t *testing.T) {
	long(t)
	for _, truncate := range []bool{false, true} {
		d := measure(t, pages(truncate), finite[:len("target: {")]+"method: POST, "+finite[len("target: {"):])
		if requests := count(d, results.RequestsCount); requests < 15 || count(d, results.ReconnectStranded) != 0 {
			t.Errorf("truncated %v: %d requests, %d stranded", truncate, requests, count(d, results.ReconnectStranded))
		}
	}
}

// A server that counts from 0 loses nothing with its first event.
func TestObservedSequencesStartAnywhere(t *testing.T) {
	long(t)
	for _, from := range []int{0, 1, 7, 1 << 40} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for n := range 10 {
				b, _ := json.Marshal(map[string]int{"n": from + n})
				fmt.Fprintf(w, "data: %s\n\n", b)
			}
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		d := measure(t, handler, "target: {url: '%s'}\nload: {connections: 4, hold: 1s}\nobserve: {sequence: {pointer: /n}}\n")
		if expected, received := count(d, results.DeliveriesExpected), count(d, results.DeliveriesReceived); expected != 40 || received != 40 {
			t.Errorf("from %d: expected %d, received %d, want 40", from, expected, received)
		}
	}
}
