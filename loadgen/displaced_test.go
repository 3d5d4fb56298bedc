package loadgen

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// displacing is a browser of eight tabs, of which six have a connection. All lose their streams after 2 s, and the two that waited
// have connections at once; later says how long two of those who come back wait for one.
func displacing(later time.Duration) *memory {
	m, isFirst := newMemory(), firstSecond()
	new(archive).serve(m)
	m.queue = func(client, _ int) time.Duration {
		switch {
		case client >= 6 && isFirst():
			return 2050 * time.Millisecond
		case client < 2 && !isFirst():
			return later
		}
		return 0
	}
	return m
}

// firstSecond tells the openings of the ramp from those of who comes back.
func firstSecond() func() bool {
	begun := time.Now()
	return func() bool { return time.Since(begun) < time.Second }
}

const eightTabs = hook + "load: {connections: 8, clients: {profile: browser, tabs: 8}, reconnect: chromium, " +
	"phases: [{ramp: at_once}, {hold: 2s}, {outage: {cut: 100%}}, {hold: 5s}]}\n"

// Tabs whose places others took wait for the rest of the run. The outage does not, nothing is expected in their place, and no threshold
// blames the server.
func TestDisplacedTabsExpectNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, displacing(time.Hour), eightTabs)
		o := theOutage(t, d)
		if o.Dropped != 6 || o.Recovered != 4 || o.Displaced != 2 || o.Away != 0 || !about(o.RecoveredAllNS, 3*time.Second) {
			t.Errorf("dropped %d = recovered %d + away %d + displaced %d", o.Dropped, o.Recovered, o.Away, o.Displaced)
		}
		if d.Run.DurationNS > 12e9 {
			t.Errorf("the run took %v: it waited for who is displaced", time.Duration(d.Run.DurationNS))
		}
		wantCounters(t, d, map[string]float64{
			"connections.starved": 2, "connections.displaced": 2, "connections.never_open": 0, "reconnect.away": 0, "reconnect.count": 4,
			"deliveries.lost": 0, "deliveries.received": *d.Metrics["deliveries.expected"].Value,
		})
		if code := d.ExitCode(); code != 0 {
			t.Errorf("exit code %d: %+v", code, d.Thresholds)
		}
		if !slices.ContainsFunc(d.Warnings, func(w results.Warning) bool { return w.Token == "tab_displaced" }) {
			t.Errorf("warnings %+v", d.Warnings)
		}
	})
}

// A displaced tab that gets a place in time comes back like any other: what it missed is expected.
func TestADisplacedTabThatComesBackExpectsWhatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runMemory(t, displacing(2*time.Second), eightTabs)
		wantCounters(t, d, map[string]float64{
			"connections.starved": 0, "connections.displaced": 0, "reconnect.away": 0, "reconnect.count": 6, "deliveries.lost": 0,
		})
		if replays := d.Metrics["reconnect.replays"].By; replays[replayExact] != 6 || d.ExitCode() != 0 {
			t.Errorf("replays %v, exit code %d", replays, d.ExitCode())
		}
	})
}

// Tabs that wait for a connection that nobody of their browser has are kept waiting by the server.
func TestTabsWithoutAnyStreamInTheirBrowserAreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, isFirst := newMemory(), firstSecond()
		m.queue = func(client, _ int) time.Duration {
			if !isFirst() && client > 0 {
				return time.Hour
			}
			return 0
		}
		m.answer = func(_, _ int) int {
			if !isFirst() {
				return 0 // the connection that all are to share never comes to be
			}
			return http.StatusOK
		}
		d := runMemory(t, m, hook+"load: {connections: 6, clients: {profile: browser, tabs: 6}, reconnect: chromium, "+
			"phases: [{ramp: at_once}, {hold: 2s}, {outage: {cut: 100%, until: 8s}}, {hold: 2s}]}\n")
		if o := theOutage(t, d); o.Away != 6 || o.Displaced != 0 || o.Recovered != 0 {
			t.Errorf("dropped %d = recovered %d + away %d + displaced %d", o.Dropped, o.Recovered, o.Away, o.Displaced)
		}
		wantCounters(t, d, map[string]float64{"reconnect.away": 6})
		if d.ExitCode() != results.ExitCrossed {
			t.Errorf("exit code %d: %+v", d.ExitCode(), d.Thresholds)
		}
	})
}

// Displaced tabs, which starve too, do not make up for tabs that never opened for another reason.
func TestDisplacedTabsHideNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := displacing(time.Hour)
		m.answer = func(client, _ int) int {
			if client >= 6 {
				return 0 // its headers stay pending
			}
			return http.StatusOK
		}
		d := runMemory(t, m, eightTabs)
		wantCounters(t, d, map[string]float64{"connections.displaced": 2, "connections.never_open": 2, "connections.starved": 2})
		if d.ExitCode() != results.ExitCrossed {
			t.Errorf("exit code %d: %+v", d.ExitCode(), d.Thresholds)
		}
	})
}

// A server that ends all streams by itself displaces tabs as an outage does.
func TestAServerThatEndsStreamsDisplacesTabs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := displacing(time.Hour)
		time.AfterFunc(2*time.Second, m.outage)
		d := runMemory(t, m, hook+"load: {connections: 8, clients: {profile: browser, tabs: 8}, reconnect: chromium, "+
			"phases: [{ramp: at_once}, {hold: 9s}]}\n")
		wantCounters(t, d, map[string]float64{
			"connections.starved": 2, "connections.displaced": 2, "reconnect.away": 0, "reconnect.count": 4, "deliveries.lost": 0,
		})
		if d.ExitCode() != 0 {
			t.Errorf("exit code %d: %+v", d.ExitCode(), d.Thresholds)
		}
	})
}
