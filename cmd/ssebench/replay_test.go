package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"ssebench/results"
)

// Every fault of the reference server in what it replays to a stream that comes back: the document says exactly what was done.
func TestFaultsOfReplay(t *testing.T) {
	const clients, events = 30, 40
	for _, tt := range []struct {
		fault string
		serve []string
		want  func(v func(name string) float64, done map[string]float64) (what string, got, want float64)
	}{
		{"replay-drop=2", nil, func(v func(string) float64, done map[string]float64) (string, float64, float64) {
			return "deliveries.lost", v("deliveries.lost"), done["replay-drop"]
		}},
		{"replay-reorder=2", nil, func(v func(string) float64, done map[string]float64) (string, float64, float64) {
			return "deliveries.reordered", v("deliveries.reordered"), done["replay-reorder"]
		}},
		{"drop-early=9", nil, func(v func(string) float64, done map[string]float64) (string, float64, float64) {
			return "deliveries.lost", v("deliveries.lost"), clients * done["drop-early"]
		}},
		{"gap=comment", []string{"--ring", "2"}, func(v func(string) float64, done map[string]float64) (string, float64, float64) {
			return "events.comments", v("events.comments"), done["gap"]
		}},
		{"gap=none", []string{"--ring", "2"}, func(v func(string) float64, _ map[string]float64) (string, float64, float64) {
			return "events.received", v("events.received"), v("deliveries.received")
		}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			url := startServe(t, append([]string{"--fault", "cut=15," + tt.fault}, tt.serve...)...)
			d := runAgainst(t, url, "-c", strconv.Itoa(clients), "-d", "2s", "--rate", strconv.Itoa(events/2), "--drain", "2s",
				"--set", "load.reconnect={profile: chromium, delay: 300ms}")
			v := func(name string) float64 { return value(d, name) }
			if e := v("deliveries.expected"); e != clients*events || e != v("deliveries.received")+v("deliveries.lost") {
				t.Errorf("expected %v, received %v, lost %v", e, v("deliveries.received"), v("deliveries.lost"))
			}
			if metricOf(t, url, "replays_total") == 0 || v("deliveries.replayed") == 0 {
				t.Error("nothing was replayed")
			}
			if what, got, want := tt.want(v, faultsDone(t, url)); got != want || want == 0 {
				t.Errorf("%s = %v, want %v, which is not 0", what, got, want)
			}
			if lossy := strings.Contains(tt.fault, "drop") || strings.Contains(tt.fault, "gap"); lossy != (v("deliveries.lost") > 0) {
				t.Errorf("%v were lost", v("deliveries.lost"))
			}
		})
	}
}

// The ring is emptied while everybody waits at the door: what was published before is gone for good, and everybody is told.
func TestFaultEmptyRing(t *testing.T) {
	t.Parallel()
	const clients = 30
	url := startServe(t)
	done := make(chan *results.Document, 1)
	go func() {
		done <- runAgainst(t, url, "-c", strconv.Itoa(clients), "-d", "5s", "--rate", "20", "--ramp", "at_once", "--set", comesBack, "--drain", "3s")
	}()
	awaitPublished(t, url, 20)
	administer(t, http.MethodPut, url+"/admin/door", "door=stalled,shut=1m,end")
	published := metricOf(t, url, "events_published_total")
	awaitPublished(t, url, published+10)
	administer(t, http.MethodPost, url+"/admin/faults", "empty-ring")
	awaitMetric(t, url, `door_turned_away_total{door="stalled"}`, clients)
	administer(t, http.MethodDelete, url+"/admin/door", "")
	d := <-done
	if e, r, l := value(d, "deliveries.expected"), value(d, "deliveries.received"), value(d, "deliveries.lost"); e != r+l || r == 0 {
		t.Errorf("expected %v, received %v, lost %v", e, r, l)
	}
	gone := metricOf(t, url, "events_gone_total")
	if l := value(d, "deliveries.lost"); l < 10*clients || l != value(d, "deliveries.lost_gap") || l != gone {
		t.Errorf("lost %v, in gaps %v; the server says that %v were gone", l, value(d, "deliveries.lost_gap"), gone)
	}
	if n := metricOf(t, url, "gaps_declared_total"); n != clients {
		t.Errorf("%v were told, want %d", n, clients)
	}
	if n := faultsDone(t, url)["empty-ring"]; n != 1 {
		t.Errorf("the ring was emptied %v times", n)
	}
}

// administer asks something of the reference server.
func administer(tb testing.TB, method, url, body string) {
	tb.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		tb.Fatalf("%s %s %q: %s %s", method, url, body, response.Status, answer)
	}
}
