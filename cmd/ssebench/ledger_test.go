package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ssebench/results"
)

// ledgerClass is a way to be wrong and what the ledger must say of it.
type ledgerClass struct {
	fault string
	ring  int    // of the server; 0: longer than the test
	gap   string // load.gap
	class string // of each replay
	// What differs from a server that is right; done is the server's own count of the fault.
	want map[string]float64
	done float64
}

// Events come in bursts of this many, so that it is known which of them a stream missed.
const ledgerBurst = 12

// ledgerClasses for n streams, of which some are cut once.
func ledgerClasses(n, cut float64) []ledgerClass {
	const burst = ledgerBurst
	return []ledgerClass{
		{"", 0, "", "exact", nil, 0},
		{"forget-ring", 0, "", "none", map[string]float64{"deliveries.lost_gap": cut * burst}, cut * burst},
		{"replay-drop=1", 0, "", "none", map[string]float64{"deliveries.lost_gap": cut * burst}, cut * burst},
		// What is missing between two events of one replay is missing in mid-stream: both came on the new one.
		{"replay-drop=3", 0, "", "partial", map[string]float64{"deliveries.lost_midstream": cut * 4, "deliveries.replayed": cut * 8}, cut * 4},
		{"replay-twice", 0, "", "twice", map[string]float64{"deliveries.duplicate": cut * burst}, cut * burst},
		{"replay-reorder=5", 0, "", "reordered", map[string]float64{"deliveries.reordered": cut * 2}, cut * 2},
		{"replay-late=2", 0, "", "overlapping", map[string]float64{"deliveries.reordered": cut * 2}, cut * 2},
		{"drop-early=5", 0, "", "partial", map[string]float64{
			"deliveries.lost_midstream": n * 7, "deliveries.ids_hide_loss": n * 7, "deliveries.replayed": cut * (burst - 2),
		}, 7},
		{"", 5, "{event: gap}", "declared", map[string]float64{"deliveries.lost_gap": cut * 7}, 0},
		{"gap=comment", 5, "{comment: are gone}", "declared", map[string]float64{"deliveries.lost_gap": cut * 7}, cut},
		{"gap=none", 5, "{event: gap}", "partial", map[string]float64{"deliveries.lost_gap": cut * 7}, cut},
	}
}

// The classes of the ledger, each from a server that is wrong in that way, by exact counts, over HTTP/1.1 and HTTP/2. Half of the streams
// are cut between the first burst and the second, and come back before the third.
func TestLedgerClasses(t *testing.T) {
	n := float64(streams(200, 5000))
	beat, together := 3*time.Second, 5 // from burst to burst; runs at a time, which mostly wait
	if drill {
		beat, together = 8*time.Second, 1
	}
	type pending struct {
		ledgerClass
		protocol, url string
		document      func(testing.TB) *results.Document
	}
	var runs []pending
	finish := func() {
		r := runs[0]
		runs = runs[1:]
		t.Run(fmt.Sprintf("%s ring=%d %s", r.fault, r.ring, r.protocol), func(t *testing.T) {
			r.check(t, r.document(t), r.protocol, r.url, n, n/2)
		})
	}
	for _, class := range ledgerClasses(n, n/2) {
		for _, protocol := range []string{"http1.1", "h2c"} {
			if len(runs) == together {
				finish()
			}
			url := startServe(t, "--fault", class.fault, "--ring", strconv.Itoa(class.ring))
			gap := ""
			if class.gap != "" {
				gap = "gap: " + class.gap
			}
			runs = append(runs, pending{class, protocol, url, startScenario(t, fmt.Sprintf(`
name: ledger
target: {url: "%[1]s/events?topic={{.Topic}}", protocol: %[2]s}
load:
  connections: %[3]v
  reconnect: {profile: chromium, delay: %[4]s}
  phases:
    - ramp: 2000/s
    - {hold: %[5]s, name: before}
    - outage: {cut: 50%%, until: 60s}
    - {hold: %[6]s, name: after}
  %[7]s
publish: {rate: {burst: {events: %[8]d, every: %[6]s}}, hook: {http: {url: "%[1]s/publish?topic={{.Topic}}"}}}
drain: %[6]s
thresholds: [connections.failed == 0]
`, url, protocol, n, beat/2, beat*3/4, beat, gap, ledgerBurst))})
		}
	}
	for len(runs) > 0 {
		finish()
	}
}

func (c *ledgerClass) check(t *testing.T, d *results.Document, protocol, url string, n, cut float64) {
	o := d.Outages[0]
	if o.Open != int64(n) || o.Dropped != int64(cut) || o.Recovered != int64(cut) || o.Replays[c.class] != int64(cut) || len(o.Replays) != 1 {
		t.Errorf("of %d streams %d dropped and %d came back, their replays were %v, want %s", o.Open, o.Dropped, o.Recovered, o.Replays, c.class)
	}
	published := 3.0 * ledgerBurst
	if got := metricOf(t, url, "events_published_total"); got != published {
		t.Errorf("%v were published, want %v", got, published)
	}
	want := map[string]float64{
		"deliveries.expected": n * published, "deliveries.lost_gap": 0, "deliveries.lost_midstream": 0, "deliveries.lost_tail": 0,
		"deliveries.duplicate": 0, "deliveries.reordered": 0, "deliveries.unexpected": 0, "deliveries.ids_hide_loss": 0, "reconnect.count": cut,
	}
	maps.Copy(want, c.want)
	lost := want["deliveries.lost_gap"] + want["deliveries.lost_midstream"]
	want["deliveries.lost"], want["deliveries.received"] = lost, n*published-lost
	if _, given := c.want["deliveries.replayed"]; !given {
		want["deliveries.replayed"] = cut*ledgerBurst - want["deliveries.lost_gap"]
	}
	for name, v := range want {
		if got := value(d, name); got != v {
			t.Errorf("%s = %v, want %v", name, got, v)
		}
	}
	fault, _, _ := strings.Cut(c.fault, "=")
	if done := faultsDone(t, url)[fault]; done != c.done {
		t.Errorf("the server says that it did %v, want %v", done, c.done)
	}
	if gone := metricOf(t, url, "events_gone_total"); c.ring > 0 && gone != lost || c.ring == 0 && gone != 0 {
		t.Errorf("the server says that %v were gone; %v were lost", gone, lost)
	}
	v := func(name string) string { return fmt.Sprintf("%.0f", value(d, "deliveries."+name)) }
	tabulate(t, "Classes", "fault", cmp.Or(c.fault, "none"), "ring", cmp.Or(c.ring, 1024), "protocol", protocol, "streams", n, "cut", cut, "replays", tokens(o.Replays), "expected", v("expected"),
		"lost in gaps", v("lost_gap"), "in mid-stream", v("lost_midstream"), "twice", v("duplicate"), "reordered", v("reordered"), "ids_hide_loss", v("ids_hide_loss"),
		"the server's count", fmt.Sprintf("%.0f", faultsDone(t, url)[fault]))
}

// startScenario starts ssebench with a scenario; the function waits for its end and gives its document.
func startScenario(tb testing.TB, text string, args ...string) (document func(testing.TB) *results.Document) {
	tb.Helper()
	out := tb.TempDir()
	file := filepath.Join(out, "scenario.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return startRun(tb, out, append([]string{file}, args...)...)
}

// startRun starts ssebench run with the folder for its document. The function waits for the end and gives the document, whatever the
// verdict.
func startRun(tb testing.TB, out string, args ...string) (document func(testing.TB) *results.Document) {
	tb.Helper()
	cmd := command(tb, "ssebench", append([]string{"run", "-q", "--out", out}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what counts is the document
		close(ended)
	}()
	return func(tb testing.TB) *results.Document {
		tb.Helper()
		<-ended
		paths, _ := filepath.Glob(filepath.Join(out, "*.json"))
		if len(paths) != 1 {
			tb.Fatalf("%v: %d documents\n%s", args, len(paths), &stderr)
		}
		d, err := results.Load(paths[0])
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if tb.Failed() {
				tb.Log(stdout.String())
			}
		})
		return d
	}
}
