package loadgen

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// thresholdOf is the result of a threshold of the document.
func thresholdOf(t *testing.T, d *results.Document, expression string) results.ThresholdResult {
	t.Helper()
	for _, result := range d.Thresholds {
		if result.Expression == expression {
			return result
		}
	}
	t.Fatalf("no threshold %s: %+v", expression, d.Thresholds)
	return results.ThresholdResult{}
}

// crossed fails unless the threshold was crossed with a remark that says the texts, in this order.
func crossed(t *testing.T, d *results.Document, expression string, says ...string) {
	t.Helper()
	result, rest := thresholdOf(t, d, expression), ""
	if result.Outcome != results.Crossed {
		t.Errorf("%s: %+v", expression, result)
	}
	rest = result.Reason
	for _, text := range says {
		_, after, ok := strings.Cut(rest, text)
		if !ok {
			t.Errorf("%s: the remark %q does not say %q", expression, result.Reason, text)
		}
		rest = after
	}
}

// end ends every open stream of some clients with a token.
func (m *memory) end(token string, whose func(client int) bool) {
	for _, s := range m.all() {
		s.lane.Hold()
		open := s.open
		s.lane.Release()
		if open && whose(s.client) {
			s.end(Ending{At: time.Now(), Token: token})
		}
	}
}

const silent = "load: {connections: 20, phases: [{ramp: at_once}, {hold: 3s}]}\n"

func TestStreamsThatTheServerEndsFailTheRun(t *testing.T) {
	everybody := func(int) bool { return true }
	for name, c := range map[string]struct {
		end  func(m *memory)
		by   map[string]int64
		says []string
	}{
		"all at once":       {func(m *memory) { m.end("reset", everybody) }, map[string]int64{"reset": 20}, []string{"20 of 20 streams ended, ", "in phase hold: reset 20"}},
		"proper ends":       {func(m *memory) { m.end(TokenEOF, everybody) }, map[string]int64{"eof": 20}, []string{"20 of 20 streams ended", "eof 20"}},
		"one of them":       {func(m *memory) { m.end("body_truncated", func(c int) bool { return c == 7 }) }, map[string]int64{"body_truncated": 1}, []string{"1 of 20 streams ended", "body_truncated 1"}},
		"in different ways": {func(m *memory) { m.end(TokenEOF, func(c int) bool { return c < 12 }); m.end("reset", everybody) }, map[string]int64{"eof": 12, "reset": 8}, []string{"eof 12, reset 8"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			time.AfterFunc(time.Second, func() { c.end(m) })
			d := runMemory(t, m, silent)
			if by := d.Metrics["connections.closed_by_server"].By; !maps.Equal(by, c.by) || d.ExitCode() != results.ExitCrossed {
				t.Errorf("%s: closed by %v, exit %d", name, by, d.ExitCode())
			}
			crossed(t, d, "connections.closed_by_server == 0", c.says...)
			if all := len(c.by) > 1 || c.by["body_truncated"] == 0; all != strings.HasPrefix(d.Verdict.Cause, "all 20 streams ended at one moment, ") {
				t.Errorf("%s: the cause is %q", name, d.Verdict.Cause)
			}
		})
	}
}

func TestStreamsThatNeverOpenHaveTheirOwnLine(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(client, opening int) int
		load   string
		by     map[string]int64
		code   int
	}{
		"a server with five workers": {func(c, _ int) int {
			if c < 5 {
				return http.StatusOK
			}
			return 0
		}, "", map[string]int64{results.HeadersPending: 15}, results.ExitCrossed},
		"refused": {func(c, _ int) int {
			if c == 3 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}, "", map[string]int64{"status_503": 1}, results.ExitCrossed},
		"refused again and again": {func(c, _ int) int {
			if c == 3 {
				return memoryRefused
			}
			return http.StatusOK
		}, "reconnect: {profile: library}, ", map[string]int64{tokenRetrying: 1}, results.ExitCrossed},
		"refused at first": {func(c, opening int) int {
			if c == 3 && opening == 1 {
				return memoryRefused
			}
			return http.StatusOK
		}, "reconnect: {profile: library}, ", nil, results.ExitCrossed}, // by connections.failed
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.answer = c.answer
			d := runMemory(t, m, "load: {connections: 20, open_within: 1s, "+c.load+"phases: [{ramp: at_once}, {hold: 3s}]}\n"+hook)
			if by := d.Metrics["connections.never_open"].By; !maps.Equal(by, c.by) || d.ExitCode() != c.code {
				t.Errorf("%s: never open %v, exit %d: %s", name, by, d.ExitCode(), d.Run.Failure)
			}
			if len(c.by) > 0 {
				crossed(t, d, "connections.never_open == 0")
			}
			if n := c.by[results.HeadersPending]; n > 0 { // what they asked for in time is expected
				events := *d.Metrics["publish.count"].Value
				wantCounters(t, d, map[string]float64{"deliveries.expected": 20 * events, "deliveries.lost": float64(n) * events})
				crossed(t, d, "connections.never_open == 0", "headers_pending 15", "15 connected", "never got response headers")
			}
		})
	}
}

// What the run itself ends, or has not given the time to open, is nothing that a threshold may hold against the server.
func TestOurOwnEndingsAreNotTheServers(t *testing.T) {
	for name, c := range map[string]struct {
		load   string
		server func(m *memory)
	}{
		"churn to the end": {"phases: [{ramp: at_once}, {churn: {rate: 100/s, for: 2s}}]", func(m *memory) {
			m.answer = func(_, opening int) int { time.Sleep(300 * time.Millisecond); return http.StatusOK }
		}},
		"a server that ends the streams of those who leave": {"phases: [{ramp: at_once}, {churn: {rate: 20/s, for: 2s}}, {hold: 1s}]", func(m *memory) {
			m.answersCut = true
		}},
		"a server that answers the end of the run": {"phases: [{ramp: at_once}, {hold: 1s}]", func(m *memory) { m.answersCut = true }},
		"an outage on our side":                    {"reconnect: {profile: chromium, delay: 100ms}, phases: [{ramp: at_once}, {hold: 1s}, {outage: {cut: 50%, by: rst}}, {hold: 1s}]", func(*memory) {}},
	} {
		for mode, publish := range map[string]string{"publish": hook, "count": ""} {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				c.server(m)
				if publish == "" {
					m.greeting = ": hello\n\n"
				}
				d := runMemory(t, m, "load: {connections: 20, "+c.load+"}\n"+publish)
				wantCounters(t, d, map[string]float64{"connections.closed_by_server": 0, "connections.never_open": 0, "connections.abandoned": 0})
				if d.ExitCode() != 0 {
					t.Errorf("%s, %s: exit %d, %+v", name, mode, d.ExitCode(), d.Thresholds)
				}
			})
		}
	}
}

func TestWhoIsNotBackAtTheEndOfTheRunIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration // when the streams end
		retry string
		back  bool // whether the server takes them again
		want  float64
		code  int
		warns string
	}{
		"nobody comes back":                {time.Second, "", false, 20, results.ExitCrossed, ""},
		"all come back at once":            {time.Second, "", true, 0, 0, ""},
		"all come back after the load":     {2900 * time.Millisecond, "", true, 0, 0, ""},
		"nobody comes back after the load": {2900 * time.Millisecond, "", false, 20, results.ExitCrossed, ""},
		"nobody knows":                     {2900 * time.Millisecond, "retry: 60000\n\n", true, 0, results.ExitInconclusive, "reconnect_waiting"},
	} {
		for mode, publish := range map[string]string{"publish": hook, "count": ""} {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.greeting = ": hello\n" + c.retry + "\n"
				m.answer = func(_, opening int) int {
					if opening > 1 && !c.back {
						return memoryRefused
					}
					return http.StatusOK
				}
				m.replay = func(s *memoryStream, _ string) []string { return nil }
				time.AfterFunc(c.after, m.outage)
				d := runMemory(t, m, "thresholds: [connections.failed >= 0]\nload: {connections: 20, reconnect: {profile: chromium, delay: 1s}, phases: [{ramp: at_once}, {hold: 3s}]}\n"+publish)
				wantCounters(t, d, map[string]float64{"reconnect.away": c.want, "connections.closed_by_server": 20})
				if publish != "" { // what was published while they were away is lost
					return
				}
				if d.ExitCode() != c.code {
					t.Errorf("%s, %s: exit %d, %+v", name, mode, d.ExitCode(), d.Thresholds)
				}
				if c.warns != "" && !hasWarning(d, c.warns) {
					t.Errorf("%s, %s: warnings %v", name, mode, d.Warnings)
				}
			})
		}
	}
}

func hasWarning(d *results.Document, token string) bool {
	for _, w := range d.Warnings {
		if w.Token == token {
			return true
		}
	}
	return false
}
