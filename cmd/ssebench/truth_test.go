package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ssebench/results"
)

// startServe starts the reference server as a process of its own and gives its address.
func startServe(tb testing.TB, args ...string) (url string) {
	tb.Helper()
	cmd := command(tb, "ssebench", append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	return strings.TrimSpace(strings.TrimPrefix(startAndHear(tb, cmd), "listening on "))
}

// command is a program of this binary (see TestMain) as a process that dies with the test.
func command(tb testing.TB, name string, args ...string) *exec.Cmd {
	tb.Helper()
	long(tb)
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.SysProcAttr = tethered()
	return cmd
}

// startUntilEnd starts a process that ends with the test.
func startUntilEnd(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
}

// startAndHear starts a process that ends with the test, and gives the line by which it says that it is ready.
func startAndHear(tb testing.TB, cmd *exec.Cmd) string {
	tb.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	startUntilEnd(tb, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatalf("%v said %q: %v", cmd.Args, line, err)
	}
	return line
}

// runAgainst runs ssebench against the server and gives its document.
func runAgainst(tb testing.TB, url string, args ...string) *results.Document {
	tb.Helper()
	return startRun(tb, tb.TempDir(), append([]string{"--url", url + "/events?topic={{.Topic}}", "--publish-url", url + "/publish?topic={{.Topic}}"}, args...)...)(tb)
}

// faultsDone asks the server what it did.
func faultsDone(tb testing.TB, url string) map[string]float64 {
	tb.Helper()
	response, err := http.Get(url + "/admin/faults")
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	var faults map[string]struct {
		Done float64 `json:"done"`
	}
	if err := json.NewDecoder(response.Body).Decode(&faults); err != nil {
		tb.Fatal(err)
	}
	done := make(map[string]float64)
	for name, f := range faults {
		done[name] = f.Done
	}
	return done
}

func value(d *results.Document, name string) float64 {
	if v, ok := d.Metrics[name]; ok && v.Value != nil {
		return *v.Value
	}
	return -1
}

// A server that is wrong in a known way: the document reports exactly what the server says that it did.
func TestTruth(t *testing.T) {
	const clients, events = 50, 60
	const all = clients * events
	clean := map[string]float64{
		"deliveries.expected": all, "deliveries.received": all, "deliveries.lost": 0, "deliveries.lost_midstream": 0, "deliveries.lost_gap": 0,
		"deliveries.lost_tail": 0, "deliveries.duplicate": 0, "deliveries.reordered": 0, "deliveries.corrupt": 0, "deliveries.unexpected": 0,
		"deliveries.ids_hide_loss": 0, "events.received": all,
	}
	for _, tt := range []struct {
		fault string
		done  string             // the fault whose count is held against the document
		want  map[string]float64 // what differs from clean
	}{
		{"", "", nil},
		{"drop=7", "drop", map[string]float64{ // 8 of 60, none of them the last
			"deliveries.received": all - 8*clients, "deliveries.lost": 8 * clients, "deliveries.lost_midstream": 8 * clients, "events.received": all - 8*clients,
		}},
		{"drop=10", "drop", map[string]float64{ // 6 of 60, the last among them
			"deliveries.received": all - 6*clients, "deliveries.lost": 6 * clients, "deliveries.lost_midstream": 5 * clients,
			"deliveries.lost_tail": clients, "events.received": all - 6*clients,
		}},
		{"duplicate=7", "duplicate", map[string]float64{"deliveries.duplicate": 8 * clients, "events.received": all + 8*clients}},
		{"reorder=7", "reorder", map[string]float64{"deliveries.reordered": 8 * clients}},
		{"corrupt=7", "corrupt", map[string]float64{"deliveries.corrupt": 8 * clients}},
		{"corrupt-front=7", "corrupt-front", map[string]float64{ // the mark itself: unreadable, so lost
			"deliveries.received": all - 8*clients, "deliveries.lost": 8 * clients, "deliveries.lost_midstream": 8 * clients,
		}},
		{"drop=7,renumber", "drop", map[string]float64{ // ids without a gap hide the loss from whoever looks at ids alone
			"deliveries.received": all - 8*clients, "deliveries.lost": 8 * clients, "deliveries.lost_midstream": 8 * clients, "events.received": all - 8*clients,
			"deliveries.ids_hide_loss": 8 * clients,
		}},
	} {
		t.Run("fault "+tt.fault, func(t *testing.T) {
			t.Parallel()
			url := startServe(t, "--fault", tt.fault)
			drain := "20s" // it ends when all has come
			if tt.want["deliveries.lost"] > 0 {
				drain = "5s" // what was dropped never comes
			}
			d := runAgainst(t, url, "-c", fmt.Sprint(clients), "-d", "3s", "--rate", fmt.Sprint(events/3), "--drain", drain)
			for name, n := range clean {
				if w, ok := tt.want[name]; ok {
					n = w
				}
				if got := value(d, name); got != n {
					t.Errorf("%s = %v, want %v", name, got, n)
				}
			}
			if tt.done == "" {
				return
			}
			metric := map[string]string{
				"drop": "deliveries.lost", "duplicate": "deliveries.duplicate", "reorder": "deliveries.reordered", "corrupt": "deliveries.corrupt",
				"corrupt-front": "deliveries.lost",
			}[tt.done]
			if done := faultsDone(t, url)[tt.done]; done == 0 || done != value(d, metric) {
				t.Errorf("the server says %v, %s says %v", done, metric, value(d, metric))
			}
		})
	}
}

// With a delay of D no receipt is earlier than D.
func TestNoReceiptBeforeTheDelay(t *testing.T) {
	t.Parallel()
	const delay = 150 * time.Millisecond
	url := startServe(t, "--fault", "delay="+delay.String())
	d := runAgainst(t, url, "-c", "50", "-d", "2s", "--rate", "20", "--drain", "20s")
	if n := value(d, "deliveries.received"); n != 50*40 {
		t.Errorf("%v received, want %d", n, 50*40)
	}
	for _, name := range []string{"fanout.latency", "fanout.from_send", "fanout.first"} {
		// A histogram of 3 digits may give a value up to 0.1 % low.
		if min := d.Metrics[name].Histogram.Min; min < float64(delay)*0.999 {
			t.Errorf("%s.min = %v, before the delay of %v", name, time.Duration(min), delay)
		}
	}
}

// BenchmarkTruth shows how near the median latency comes to a delay that the server is told to make: by how much the median with a
// delay exceeds the median without one plus the delay.
func BenchmarkTruth(b *testing.B) {
	median := func(fault string) float64 {
		url := startServe(b, "--fault", fault)
		d := runAgainst(b, url, "-c", "100", "-d", "5s", "--rate", "20", "--drain", "5s")
		return *d.Metrics["fanout.latency"].Histogram.P50
	}
	for b.Loop() {
		base := median("")
		b.ReportMetric(base/1e6, "ms-without")
		for _, delay := range []time.Duration{5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
			b.ReportMetric((median("delay="+delay.String())-base-float64(delay))/1e6, fmt.Sprintf("ms-off-at-%s", delay))
		}
	}
}
