package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ssebench/results"
)

// doorPage keeps an EventSource for each URL and what they heard.
const doorPage = `<!doctype html><title>EventSource</title><script>
let sources = [], heard = []
function subscribe(...urls) {
	sources = urls.map(url => new EventSource(url))
	heard = urls.map(() => [])
	sources.forEach((source, i) => source.addEventListener('message', e => heard[i].push(e.lastEventId)))
}
function state() { return sources.map((source, i) => ({ready: source.readyState, heard: heard[i]})) }
</script>`

// The states of EventSource.readyState.
const (
	sourceConnecting = iota
	sourceOpen
	sourceClosed
)

// source is an EventSource in the page: its state, and the id of each event that it heard.
type source struct {
	Ready int
	Heard []string
}

// subscribeChromium opens an EventSource for each URL in a real Chromium, and gives a look at them.
func subscribeChromium(t *testing.T, urls ...string) (look func() []source) {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, doorPage) // a browser that does not get it subscribes to nothing
	}))
	t.Cleanup(page.Close)
	ctx := openChromium(t)
	arguments, err := json.Marshal(urls)
	if err == nil {
		err = chromedp.Do(ctx, chromedp.Navigate(page.URL))
	}
	if err == nil {
		_, err = chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void]("subscribe(..."+string(arguments)+")"))
	}
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return func() []source {
		t.Helper()
		all, err := chromedp.Run(ctx, chromedp.Evaluate[[]source]("state()"))
		if err != nil {
			t.Fatalf("chromium: %v", err)
		}
		return all
	}
}

// TestChromiumAtTheDoor subscribes a real Chromium and emulated ones to the same servers, cuts them all, and shuts the door for a time in
// each of three ways. Where connections are refused or wait, all come back and have missed nothing. Where they are answered with 503,
// none ever does, the real one as the emulated ones, and all miss the same events.
func TestChromiumAtTheDoor(t *testing.T) {
	t.Parallel()
	const emulated = 20
	doors := []string{"refused", "stalled", "status_503"}
	var servers, sources []string
	for range doors {
		// With one loop the cut comes after the same event for everybody.
		url := startServe(t, "--cors", "*", "--retry", "300ms", "--loops", "1")
		servers, sources = append(servers, url), append(sources, url+"/events?topic=t0")
	}
	look := subscribeChromium(t, sources...)
	documents := make([]chan *results.Document, len(doors))
	for i, url := range servers {
		awaitMetric(t, url, "streams_open", 1)
		documents[i] = make(chan *results.Document, 1)
		go func() {
			documents[i] <- runAgainst(t, url, "-c", "20", "-d", "6s", "--rate", "20", "--ramp", "at_once", "--reconnect", "chromium")
		}()
	}
	for i, url := range servers {
		awaitMetric(t, url, "streams_open", 1+emulated)
		awaitPublished(t, url, 20)
		administer(t, http.MethodPut, url+"/admin/door", "shut=1s,end,door="+doors[i])
	}
	for i, url := range servers {
		d := <-documents[i]
		published := int(metricOf(t, url, "events_published_total"))
		v := func(name string) float64 { return value(d, name) }
		if v("deliveries.expected") != float64(emulated*published) || published < 100 {
			t.Errorf("%s: %d were published, %v deliveries expected", doors[i], published, v("deliveries.expected"))
		}
		stranded, state := 0, sourceOpen
		if doors[i] == "status_503" {
			stranded, state = emulated, sourceClosed
		}
		var seen source
		for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) { // the condition is in another process
			seen = look()[i]
			if seen.Ready == state && (state == sourceClosed || len(seen.Heard) >= published) || time.Since(begun) > 20*time.Second {
				break
			}
		}
		missed := published - len(slices.Compact(seen.Heard))
		if seen.Ready != state || missed > 0 != (state == sourceClosed) || len(seen.Heard)+missed != published {
			t.Errorf("%s: Chromium is in state %d, want %d; it heard %d of %d", doors[i], seen.Ready, state, len(seen.Heard), published)
		}
		if by(d, "reconnect.stranded", "status_503") != float64(stranded) || v("reconnect.stranded") != float64(stranded) {
			t.Errorf("%s: %v are stranded, want %d", doors[i], d.Metrics["reconnect.stranded"], stranded)
		}
		if lost := v("deliveries.lost"); lost != float64(emulated*missed) || lost != v("deliveries.lost_tail") {
			t.Errorf("%s: the emulated ones lost %v, %v of them in the tail; Chromium missed %d", doors[i], lost, v("deliveries.lost_tail"), missed)
		}
		t.Logf("%s: published %d; Chromium missed %d and is in state %d; %d emulated ones lost %v, stranded %v", doors[i], published, missed,
			seen.Ready, emulated, v("deliveries.lost"), v("reconnect.stranded"))
	}
}
