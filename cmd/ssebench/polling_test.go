package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssebench/loadgen"
	"ssebench/loadgen/transport"
	"ssebench/results"
	"ssebench/scenarios"
)

// badAnswers are answers that a poller cannot use, each with its token.
var badAnswers = []struct {
	token  string
	answer func(w http.ResponseWriter)
}{
	{"content_type", func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<h1>Please log in</h1>")
	}},
	{"json_malformed", func(w http.ResponseWriter) { fmt.Fprint(w, `{"cursor":"30","events":[`) }},
	{"json_malformed", func(w http.ResponseWriter) {}},
	{"cursor_missing", func(w http.ResponseWriter) { fmt.Fprint(w, `{"events":[]}`) }},
	{"cursor_went_back", func(w http.ResponseWriter) { fmt.Fprint(w, `{"cursor":"9","events":[]}`) }},
	{"events_missing", func(w http.ResponseWriter) { fmt.Fprint(w, `{"cursor":"30","items":[]}`) }},
	{"events_missing", func(w http.ResponseWriter) { fmt.Fprint(w, `{"cursor":"30","events":null}`) }},
	{"events_missing", func(w http.ResponseWriter) { fmt.Fprint(w, `{"cursor":"30","events":[{"text":"x"}]}`) }},
	{"answer_too_long", func(w http.ResponseWriter) {
		fmt.Fprintf(w, `{"cursor":"30","events":[{"data":"%s"}]}`, strings.Repeat("x", 3000))
	}},
	{"content_encoding", func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "br"); fmt.Fprint(w, "x") }},
	{"status_503", func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }},
	{refusedLong, func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}},
}

// refusedLong is the token of the answer after which nobody may come back before an hour is over.
const refusedLong = "status_429"

// pollServer answers each client well, but for the third time. enough is closed once all were seen to come back who should.
type pollServer struct {
	enough chan struct{}

	mu     sync.Mutex
	asked  []int
	behind int // clients that have not come back
}

func (s *pollServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, _ := strconv.Atoi(r.FormValue("client"))
	s.asked[client]++
	if s.asked[client] == 5 {
		if s.behind--; s.behind == 0 {
			close(s.enough)
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if s.asked[client] == 3 {
		badAnswers[client].answer(w)
		return
	}
	fmt.Fprintf(w, `{"cursor":"%d","events":[]}`, 10+s.asked[client])
}

func TestBadAnswersOfPolls(t *testing.T) {
	for _, engine := range []string{transport.EngineLoop, transport.EngineGoroutines} {
		for _, protocol := range []string{transport.HTTP1, transport.H2C} {
			for _, how := range []string{"transport: poll, poll: {interval: 5ms", "transport: long-poll, poll: {interval: 5ms, reuse: false"} {
				t.Run(engine+" "+protocol+" "+strings.Fields(how)[1], func(t *testing.T) {
					t.Parallel()
					s := &pollServer{enough: make(chan struct{}), asked: make([]int, len(badAnswers)), behind: len(badAnswers) - 1}
					d := pollsOf(t, s, engine, protocol, how)
					want := map[string]int64{}
					for _, bad := range badAnswers {
						want[bad.token]++
					}
					if diff := cmp.Diff(want, d.Metrics["connections.failed"].By); diff != "" {
						t.Errorf("failed polls (-want +got):\n%s", diff)
					}
					n := float64(len(badAnswers))
					if opened := value(d, "connections.opened"); opened != 2*n-1 || value(d, "connections.attempted") != opened+n {
						t.Errorf("%v opened of %v attempted, want each twice but the one that has to wait", opened, value(d, "connections.attempted"))
					}
					if asked := s.asked[len(badAnswers)-1]; asked != 3 {
						t.Errorf("%d requests of the one that was told to wait an hour", asked)
					}
				})
			}
		}
	}
}

// pollsOf runs a client for each bad answer against the server until it has seen enough.
func pollsOf(t *testing.T, s *pollServer, engine, protocol, how string) *results.Document {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	scenario, err := scenarios.Decode(scenarios.Source{Name: "bad-answers", Bytes: fmt.Appendf(nil, `
target:
  url: '%s/?client={{.Client}}'
  protocol: %s
  event_limit: 2KiB
  %s, cursor: {from: {pointer: /cursor}, to: {query: since}}}
load: {connections: %d, phases: [{ramp: at_once}, {hold: 60s}]}
observe: {}
`, server.URL, protocol, strings.Replace(how, ", poll", "\n  poll", 1), len(badAnswers))})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := scenario.Plan(scenarios.PlanOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := transport.New(transport.Config{Engine: engine, Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	d, err := (&loadgen.Runner{Transport: tr, Stop: s.enough}).Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A poller on a topic of which the server keeps the latest event misses all others between two polls, exactly: the server counts what was gone
// when somebody came back for it.
func TestALosingPollerMissesWhatTheServerForgot(t *testing.T) {
	t.Parallel()
	url := startServe(t, "--ring", "1")
	d := startScenario(t, fmt.Sprintf(`
target:
  url: %[1]s/poll?topic={{.Topic}}
  transport: poll
  poll: {interval: 200ms, conditional: true, cursor: {from: {pointer: /cursor}, to: {query: since}}}
load: {connections: 10, phases: [{ramp: 100/s}, {hold: 2s}]}
publish: {rate: 40/s, hook: {http: {url: '%[1]s/publish?topic={{.Topic}}'}}}
`, url))(t)
	gone := metricOf(t, url, "events_gone_total")
	lost, expected := value(d, "deliveries.lost"), value(d, "deliveries.expected")
	if gone == 0 || lost != gone || value(d, "deliveries.lost_midstream") != gone {
		t.Errorf("%v lost, %v of them midstream; the server knows of %v", lost, value(d, "deliveries.lost_midstream"), gone)
	}
	if expected != 10*value(d, "publish.count") || expected != lost+value(d, "deliveries.received") {
		t.Errorf("%v expected of %v published, %v received", expected, value(d, "publish.count"), value(d, "deliveries.received"))
	}
}
