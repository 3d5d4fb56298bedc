package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// tabServer keeps the stream of each tab open, and notes in which order they ask.
type tabServer struct {
	*httptest.Server
	mu    sync.Mutex
	asked []int
	sixth chan struct{} // closed with the sixth stream
}

func newTabServer(t *testing.T) *tabServer {
	s := &tabServer{sixth: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events" {
			return
		}
		tab, err := strconv.Atoi(r.FormValue("tab"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: hello\n\n")
		_ = http.NewResponseController(w).Flush()
		s.mu.Lock()
		if s.asked = append(s.asked, tab); len(s.asked) == 6 {
			close(s.sixth)
		}
		s.mu.Unlock()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return s
}

// order waits until tabs asked so many times, and returns them.
func (s *tabServer) order(t *testing.T, n int) []int {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		asked := slices.Clone(s.asked)
		s.mu.Unlock()
		if len(asked) >= n {
			return asked
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("asked %v, want %d", asked, n)
		}
	}
}

// TestChromiumGivesFreedConnectionsToTabsThatWait ends the six streams of a browser of eight tabs. In a real Chromium as in the emulated
// one the two tabs that waited come first, and of the six, which ask again 3 s later, four find a connection.
func TestChromiumGivesFreedConnectionsToTabsThatWait(t *testing.T) {
	t.Parallel()
	judge := func(name string, s *tabServer) {
		asked := s.order(t, 12)
		first, waited, back := asked[:6], asked[6:8], asked[8:]
		for tab := range 8 {
			if slices.Contains(first, tab) == slices.Contains(waited, tab) {
				t.Errorf("%s: tab %d, order %v", name, tab, asked)
			}
		}
		for _, tab := range back {
			if !slices.Contains(first, tab) {
				t.Errorf("%s: tab %d came back, order %v", name, tab, asked)
			}
		}
	}
	real := newTabServer(t)
	page := visit(t, real.URL)
	page.do("subscribe(0, 8)")
	page.stays(tabsSeen{Open: upTo(6)})
	real.CloseClientConnections()
	judge("Chromium", real)
	open := real.order(t, 12)[6:]
	slices.Sort(open)
	page.stays(tabsSeen{Open: open})

	emulated := newTabServer(t)
	document := startScenario(t, "name: tabs\ntarget: {url: '"+emulated.URL+"/events?tab={{.Client}}'}\nload:\n  connections: 8\n"+
		"  clients: {profile: browser, tabs: 8}\n  reconnect: chromium\n  phases: [{ramp: at_once}, {hold: 6s}]\n")
	<-emulated.sixth
	time.AfterFunc(time.Second, emulated.CloseClientConnections) // the last two have begun to wait
	d := document(t)
	judge("the emulated browser", emulated)
	if n := value(d, "connections.displaced"); n != 2 || d.ExitCode() != 0 {
		t.Errorf("%v displaced, exit code %d: %+v", n, d.ExitCode(), d.Thresholds)
	}
}
