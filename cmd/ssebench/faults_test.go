package main

import (
	"bufio"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ssebench/reference"
	"ssebench/results"
)

// by gives a counter's share under a token.
func by(d *results.Document, name, token string) float64 { return float64(d.Metrics[name].By[token]) }

func warned(d *results.Document, token string) bool {
	return slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == token })
}

// comesBack makes subscribers reconnect 50 ms after their stream ended.
const comesBack = "load.reconnect={profile: library, delay: 50ms, max: 100ms}"

// Every fault of the reference server that damages neither one event nor its order (those are in TestTruth): how a stream is written,
// ended, refused, or replayed. The document says exactly what was done.
func TestFaultsOfStreams(t *testing.T) {
	const clients, events, all = 30, 40, 30 * 40
	intact := func(t *testing.T, d *results.Document) {
		t.Helper()
		for name, n := range map[string]float64{
			"deliveries.expected": all, "deliveries.received": all, "deliveries.lost": 0, "deliveries.duplicate": 0, "deliveries.reordered": 0,
			"deliveries.corrupt": 0, "events.received": all, "connections.opened": clients,
		} {
			if got := value(d, name); got != n {
				t.Errorf("%s = %v, want %v", name, got, n)
			}
		}
	}
	balanced := func(t *testing.T, d *results.Document) {
		t.Helper()
		if e, r, l := value(d, "deliveries.expected"), value(d, "deliveries.received"), value(d, "deliveries.lost"); e != all || e != r+l {
			t.Errorf("expected %v, received %v, lost %v", e, r, l)
		}
	}
	same := func(t *testing.T, what string, got, want float64) {
		t.Helper()
		if got != want || want == 0 {
			t.Errorf("%s = %v, want %v, which is not 0", what, got, want)
		}
	}
	for _, tt := range []struct {
		fault string
		args  []string
		check func(t *testing.T, d *results.Document, done map[string]float64)
	}{
		{"jitter=40ms", nil, func(t *testing.T, d *results.Document, _ map[string]float64) { intact(t, d) }},
		{"line-ends=cr", nil, func(t *testing.T, d *results.Document, _ map[string]float64) { intact(t, d) }},
		{"line-ends=crlf", nil, func(t *testing.T, d *results.Document, _ map[string]float64) { intact(t, d) }},
		{"bom", nil, func(t *testing.T, d *results.Document, done map[string]float64) {
			intact(t, d)
			same(t, "streams with a mark", done["bom"], clients)
		}},
		{"split", nil, func(t *testing.T, d *results.Document, _ map[string]float64) { intact(t, d) }},
		{"huge-line=30000", nil, func(t *testing.T, d *results.Document, done map[string]float64) {
			intact(t, d)
			same(t, "events.comments", value(d, "events.comments"), done["huge-line"])
		}},
		{"invalid-utf8=5", nil, func(t *testing.T, d *results.Document, done map[string]float64) {
			same(t, "events.invalid_utf8", value(d, "events.invalid_utf8"), done["invalid-utf8"])
			same(t, "deliveries.corrupt", value(d, "deliveries.corrupt"), done["invalid-utf8"])
			balanced(t, d)
		}},
		{"coalesce=4", nil, func(t *testing.T, d *results.Document, _ map[string]float64) {
			intact(t, d)
			// The first of four waits for three more, which are due 50 ms apart.
			if max := d.Metrics["fanout.latency"].Histogram.Max; max < 0.999*150e6 {
				t.Errorf("fanout.latency.max = %v", time.Duration(max))
			}
		}},
		{"no-flush=3000", []string{"--set", "load.open_within=300ms", "--drain", "300ms"}, func(t *testing.T, d *results.Document, _ map[string]float64) {
			balanced(t, d)
			if lost := value(d, "deliveries.lost"); lost != value(d, "deliveries.lost_tail") || !warned(d, "buffered") || warned(d, "headers_delayed") {
				t.Errorf("lost %v, in the tail %v, warnings %v", lost, value(d, "deliveries.lost_tail"), d.Warnings)
			}
		}},
		{"stall=10", []string{"--drain", "300ms"}, func(t *testing.T, d *results.Document, _ map[string]float64) {
			balanced(t, d)
			same(t, "deliveries.lost_tail", value(d, "deliveries.lost_tail"), clients*(events-10))
			if n := value(d, "connections.closed_by_server"); n != 0 {
				t.Errorf("%v streams were closed", n)
			}
		}},
		{"half-close=10", []string{"--drain", "300ms"}, func(t *testing.T, d *results.Document, done map[string]float64) {
			balanced(t, d)
			same(t, "connections.closed_by_server", value(d, "connections.closed_by_server"), done["half-close"])
			same(t, "deliveries.lost_tail", value(d, "deliveries.lost_tail"), clients*(events-10))
		}},
		{"rst=10", []string{"--drain", "300ms"}, func(t *testing.T, d *results.Document, done map[string]float64) {
			balanced(t, d)
			same(t, "closed by reset", by(d, "connections.closed_by_server", "reset"), done["rst"])
		}},
		{"cut=10", []string{"--drain", "300ms"}, func(t *testing.T, d *results.Document, done map[string]float64) {
			balanced(t, d)
			same(t, "closed mid-body", by(d, "connections.closed_by_server", "body_truncated"), done["cut"])
			same(t, "deliveries.lost_tail", value(d, "deliveries.lost_tail"), clients*(events-10))
		}},
		{"cut-after=700ms", []string{"--set", comesBack}, func(t *testing.T, d *results.Document, done map[string]float64) {
			balanced(t, d)
			if n := by(d, "connections.closed_by_server", "body_truncated"); n == 0 || n > done["cut-after"] {
				t.Errorf("%v closed mid-body, the server says %v", n, done["cut-after"])
			}
			same(t, "reconnect.count + 30", value(d, "reconnect.count")+clients, value(d, "connections.opened"))
		}},
		{"cut=15", []string{"--set", comesBack}, func(t *testing.T, d *results.Document, _ map[string]float64) { // the ring makes up for it
			balanced(t, d)
			if value(d, "deliveries.lost") != 0 || value(d, "deliveries.duplicate") != 0 || value(d, "reconnect.count") == 0 {
				t.Errorf("lost %v, duplicate %v, reconnects %v", value(d, "deliveries.lost"), value(d, "deliveries.duplicate"), value(d, "reconnect.count"))
			}
		}},
		{"cut=15,forget-ring", []string{"--drain", "2s", "--set", "load.reconnect={profile: chromium, delay: 300ms}"}, func(t *testing.T, d *results.Document, _ map[string]float64) {
			balanced(t, d)
			if value(d, "deliveries.lost_midstream") != 0 || value(d, "deliveries.lost_gap") == 0 {
				t.Errorf("lost in mid-stream %v, in gaps %v", value(d, "deliveries.lost_midstream"), value(d, "deliveries.lost_gap"))
			}
			same(t, "lost in gaps and tails", value(d, "deliveries.lost_gap")+value(d, "deliveries.lost_tail"), value(d, "deliveries.lost"))
		}},
		{"cut=15,replay-twice", []string{"--set", "load.reconnect={profile: chromium, delay: 300ms}"}, func(t *testing.T, d *results.Document, done map[string]float64) {
			balanced(t, d)
			same(t, "deliveries.duplicate", value(d, "deliveries.duplicate"), done["replay-twice"])
			// What was sent while a stream opened counts as replayed too: the definition goes by the time.
			if n := value(d, "deliveries.replayed"); n < done["replay-twice"] || n == 0 {
				t.Errorf("deliveries.replayed = %v, the server replayed %v", n, done["replay-twice"])
			}
		}},
		{"status=503", nil, func(t *testing.T, d *results.Document, done map[string]float64) {
			same(t, "failed with status_503", by(d, "connections.failed", "status_503"), done["status"])
		}},
		{"status=204", []string{"--reconnect", "library"}, func(t *testing.T, d *results.Document, done map[string]float64) {
			same(t, "failed with status_204", by(d, "connections.failed", "status_204"), done["status"])
			same(t, "stranded by it", by(d, "reconnect.stranded", "status_204"), clients)
		}},
		{"content-type=text/plain", nil, func(t *testing.T, d *results.Document, done map[string]float64) {
			same(t, "failed with content_type", by(d, "connections.failed", "content_type"), done["content-type"])
		}},
		{"redirect=/events", nil, func(t *testing.T, d *results.Document, done map[string]float64) { // to itself
			same(t, "failed with redirect_loop", by(d, "connections.failed", "redirect_loop"), clients)
			same(t, "requests.count", value(d, "requests.count"), done["redirect"])
		}},
	} {
		t.Run("fault "+tt.fault, func(t *testing.T) {
			t.Parallel()
			url := startServe(t, "--fault", tt.fault)
			args := append([]string{"-c", strconv.Itoa(clients), "-d", "2s", "--rate", strconv.Itoa(events / 2), "--drain", "20s"}, tt.args...)
			tt.check(t, runAgainst(t, url, args...), faultsDone(t, url))
		})
	}
}

// A restart in mid-run: every stream is cut, none can come back for a while, and what was published meanwhile is accounted for.
func TestFaultRestart(t *testing.T) {
	t.Parallel()
	url := startServe(t)
	done := make(chan *results.Document, 1)
	go func() {
		done <- runAgainst(t, url, "-c", "30", "-d", "5s", "--rate", "20", "--ramp", "at_once", "--set", comesBack, "--drain", "3s")
	}()
	awaitPublished(t, url, 20)
	administer(t, http.MethodPut, url+"/admin/faults", "restart=400ms")
	d := <-done
	if n := value(d, "connections.closed_by_server"); n != 30 {
		t.Errorf("%v streams were closed, want 30", n)
	}
	if n := value(d, "reconnect.count"); n != 30 {
		t.Errorf("%v came back, want 30", n)
	}
	if e, r, l := value(d, "deliveries.expected"), value(d, "deliveries.received"), value(d, "deliveries.lost"); e != r+l || r == 0 {
		t.Errorf("expected %v, received %v, lost %v", e, r, l)
	}
	if gap, gone := value(d, "deliveries.lost_gap"), metricOf(t, url, "events_gone_total"); gap != gone || gap == 0 {
		t.Errorf("%v were lost in gaps, the server says that %v were gone", gap, gone)
	}
	if n := value(d, "deliveries.lost_midstream") + value(d, "deliveries.duplicate") + value(d, "deliveries.reordered"); n != 0 {
		t.Errorf("%v lost in mid-stream, twice or out of order", n)
	}
}

// awaitPublished waits until the server has taken so many events.
func awaitPublished(t *testing.T, url string, n float64) {
	t.Helper()
	awaitMetric(t, url, "events_published_total", n)
}

// awaitMetric waits until a counter of the reference server has come so far.
func awaitMetric(t *testing.T, url, name string, n float64) {
	t.Helper()
	for begun := time.Now(); metricOf(t, url, name) < n; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("%s stays below %v", name, n)
		}
	}
}

// Each fault that the server lists is in one of the tests above.
func TestEveryFaultIsTested(t *testing.T) {
	source := readTests(t, "faults_test.go", "truth_test.go", "replay_test.go", "ledger_test.go")
	for _, f := range reference.ListFaults() {
		if !strings.Contains(source, `"`+f.Name) && !strings.Contains(source, ","+f.Name) {
			t.Errorf("no end-to-end test has the fault %s", f.Name)
		}
	}
}

// metricOf reads a counter of the reference server.
func metricOf(t *testing.T, url, name string) float64 {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "reference_"+name+" "); ok {
			n, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("%s/metrics has no reference_%s", url, name)
	return 0
}

func readTests(t *testing.T, names ...string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}
