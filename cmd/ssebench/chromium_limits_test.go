package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ssebench/results"
)

// tabsScript is run in a page of the server's own origin.
const tabsScript = `
	window.sources = []
	window.polled = 0
	window.subscribe = (from, to) => {
		for (let n = from; n < to; n++) sources.push(new EventSource('/events?topic=t0&tab=' + n))
	}
	window.poll = () => { fetch('/poll?topic=t0').then(answer => polled = answer.status) }
	window.look = () => ({open: sources.flatMap((s, n) => s.readyState == EventSource.OPEN ? [n] : []), polled})
`

// tabsSeen is what the page knows: which EventSources are open, and the status of the poll; 0: it waits.
type tabsSeen struct {
	Open   []int
	Polled int
}

// site is a real Chromium on a page of the server.
type site struct {
	t   *testing.T
	ctx context.Context
}

func visit(t *testing.T, url string, options ...chromedp.ExecAllocatorOption) *site {
	t.Helper()
	s := &site{t, openChromium(t, options...)}
	if err := chromedp.Do(s.ctx, chromedp.Navigate(url+"/metrics")); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	s.do(tabsScript)
	return s
}

func (s *site) do(script string) {
	s.t.Helper()
	if _, err := chromedp.Run(s.ctx, chromedp.Evaluate[chromedp.Void]("{"+script+"}")); err != nil {
		s.t.Fatalf("chromium: %v", err)
	}
}

// stays waits for a state and sees that it lasts for some looks: what still waits does not open in between.
func (s *site) stays(want tabsSeen) {
	s.t.Helper()
	const looks = 20
	var seen tabsSeen
	for begun, same := time.Now(), 0; same < looks; time.Sleep(10 * time.Millisecond) {
		var err error
		if seen, err = chromedp.Run(s.ctx, chromedp.Evaluate[tabsSeen]("look()")); err != nil {
			s.t.Fatalf("chromium: %v", err)
		}
		if slices.Equal(seen.Open, want.Open) && seen.Polled == want.Polled {
			same++
		} else if same = 0; time.Since(begun) > 20*time.Second {
			s.t.Fatalf("open are %v, the poll has status %d; want %+v", seen.Open, seen.Polled, want)
		}
	}
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// emulate runs as many tabs of one browser, one of which leaves after a while and is followed by another.
func emulate(t *testing.T, tabs int, target string) *results.Document {
	t.Helper()
	return startScenario(t, fmt.Sprintf("name: tabs\ntarget: {%s}\nload:\n  connections: %d\n  clients: {profile: browser, tabs: %d}\n"+
		"  phases: [{ramp: at_once}, {hold: 500ms}, {churn: {rate: 2/s, for: 400ms}}, {hold: 500ms}]\n", target, tabs, tabs))(t)
}

// TestChromiumHasSixConnections opens eight EventSources in a real Chromium over HTTP/1.1: six open, two wait, and so does a poll. Who closes
// one lets the next open. The emulated tabs do the same.
func TestChromiumHasSixConnections(t *testing.T) {
	t.Parallel()
	url := startServe(t)
	page := visit(t, url)
	page.do("subscribe(0, 8)")
	page.stays(tabsSeen{Open: upTo(6)})
	page.do("poll()")
	page.stays(tabsSeen{Open: upTo(6)})
	if n := metricOf(t, url, "streams_open"); n != 6 {
		t.Errorf("the server has %v streams of Chromium", n)
	}
	page.do("sources[0].close(); subscribe(8, 9)")
	page.stays(tabsSeen{Open: []int{1, 2, 3, 4, 5, 6}})
	page.do("sources[1].close()")
	page.stays(tabsSeen{Open: []int{2, 3, 4, 5, 6, 7}})
	page.do("sources[2].close()") // the poll's turn, and then the ninth's
	page.stays(tabsSeen{Open: []int{3, 4, 5, 6, 7, 8}, Polled: 200})
	opened := metricOf(t, url, "streams_opened_total")
	if opened != 9 {
		t.Errorf("Chromium opened %v streams", opened)
	}
	page.do("sources.forEach(s => s.close())")
	page.stays(tabsSeen{Polled: 200})

	d := emulate(t, 8, "url: "+url+"/events?topic=t0")
	if n := metricOf(t, url, "streams_opened_total") - opened; n != 7 {
		t.Errorf("the server opened %v streams of the emulated browser, want 7", n)
	}
	for name, want := range map[string]float64{
		"connections.peak": 6, "connections.opened": 7, "connections.left": 1, "connections.abandoned": 2, "connections.starved": 2,
		"connections.queued": 3, "connections.failed": 0,
	} {
		if got := value(d, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if n := by(d, "connections.starved", "browser_limit"); n != 2 {
		t.Errorf("%v starved by the browser's limit", n)
	}
}

// TestChromiumHas256Streams does the same over HTTP/2, where the server would allow more.
func TestChromiumHas256Streams(t *testing.T) {
	t.Parallel()
	const tabs, places = 260, 256
	url := startServe(t, "--tls")
	page := visit(t, url, chromedp.Flag("ignore-certificate-errors", true))
	page.do(fmt.Sprintf("subscribe(0, %d)", tabs))
	page.stays(tabsSeen{Open: upTo(places)})
	page.do("sources[0].close()")
	page.stays(tabsSeen{Open: upTo(places + 1)[1:]})

	d := emulate(t, tabs, "url: "+url+"/events?topic=t0, protocol: http2, tls: {insecure: true}")
	for name, want := range map[string]float64{
		"connections.peak": places, "connections.opened": places + 1, "connections.left": 1, "connections.starved": tabs - places,
	} {
		if got := value(d, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if n := d.Metrics["connect.dial"].Histogram.Count; n != 1 {
		t.Errorf("%d connections were dialed", n)
	}
}
