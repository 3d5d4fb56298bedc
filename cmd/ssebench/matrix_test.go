package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// modes are what a run can be about.
var modes = map[string]string{
	"poll":    "target: {url: 'http://%[1]s/poll', transport: poll, poll: {interval: 500ms, cursor: {from: {pointer: /cursor}, to: {query: since}}}}\n",
	"socket":  "target: {url: 'http://%[1]s/ws', transport: websocket}\n",
	"publish": "publish: {rate: 20/s, hook: {http: {url: 'http://%[1]s/publish'}, timeout: 1s}}\n",
	"observe": "observe: {time: /t, unit: ms, sequence: {pointer: /n}}\n",
	"count":   "",
}

// cell is what a run against a server must come to.
type cell struct {
	code    int
	verdict string // regular expression of the verdict's first line
	token   string // that the report or the error names
}

// What each way comes to in each mode. A way that is left out of a mode cannot be seen in it, or is the same there as in another.
var matrix = map[string]map[string]cell{
	"healthy":       {"publish": passed, "observe": passed, "count": passed},
	"with comments": {"publish": passed, "observe": passed, "count": passed},

	"ends properly":           {"publish": ended("eof"), "observe": ended("eof"), "count": ended("eof")},
	"resets":                  {"publish": ended("reset"), "observe": ended("reset"), "count": ended("reset")},
	"closes in mid-body":      {"publish": ended("body_truncated"), "observe": ended("body_truncated"), "count": ended("body_truncated")},
	"closes in mid-chunk":     {"publish": ended("body_truncated"), "observe": ended("body_truncated"), "count": ended("body_truncated")},
	"chunk size zz":           {"publish": ended("chunk_malformed"), "observe": ended("chunk_malformed"), "count": ended("chunk_malformed")},
	"a shorter content":       {"count": ended("body_truncated")},
	"an event without end":    {"publish": ended("event_too_long"), "observe": ended("event_too_long"), "count": ended("event_too_long")},
	"a header after the head": {"count": ended("chunk_malformed")},
	"one of ten ends":         {"publish": crossed("body_truncated 2"), "observe": crossed("body_truncated 2"), "count": crossed("body_truncated 2")},

	"503":                {"publish": unopened("status_503"), "observe": unopened("status_503"), "count": unopened("status_503")},
	"204":                {"publish": unopened("status_204"), "count": unopened("status_204")},
	"HTML":               {"publish": unopened("content_type"), "observe": unopened("content_type"), "count": unopened("content_type")},
	"gzip":               {"count": unopened("content_encoding")},
	"a redirect loop":    {"publish": unopened("redirect_loop"), "count": unopened("redirect_loop")},
	"no HTTP":            {"count": unopened("status_line")},
	"a folded header":    {"count": unopened("header_folded")},
	"closes at once":     {"publish": unopened("no_response"), "count": unopened("no_response")},
	"never a head":       {"publish": {1, `^FAILED: no stream opened`, "head"}, "count": {1, `^FAILED: no stream opened`, "head"}},
	"five slots":         {"publish": crossed("connections.never_open == 0"), "observe": crossed("connections.never_open == 0"), "count": crossed("connections.never_open == 0")},
	"every second a 503": {"publish": crossed("connections.failed == 0"), "observe": crossed("connections.failed == 0"), "count": crossed("connections.failed == 0")},

	"drops every fifth": {"publish": crossed("deliveries.lost == 0"), "observe": crossed("deliveries.lost == 0")},
	"delivers none":     {"publish": crossed("deliveries.lost == 0"), "observe": {98, `^INCONCLUSIVE: nothing_measured`, "deliveries.expected"}, "count": crossed("events.received")},
	"corrupts":          {"publish": crossed("deliveries.corrupt == 0")},
	"base64":            {"publish": crossed("unreadable")},
	"upper case":        {"publish": crossed("unreadable")},
	"freezes":           {"publish": crossed("deliveries.stalled == 0")},
	"comments alone":    {"count": passed, "publish": crossed("deliveries.lost == 0")},
	"a clock ahead":     {"observe": {98, `^INCONCLUSIVE: `, "below zero"}},
	"a clock behind":    {"observe": {99, `^FAILED: `, "observed.latency.p50 < 10s"}},
	"no time in events": {"observe": {98, `^INCONCLUSIVE: nothing_measured`, "nothing_measured"}},

	"an answer of HTML":        {"poll": unopened("content_type")},
	"an answer that is broken": {"poll": unopened("json_malformed")},
	"an answer without cursor": {"poll": unopened("cursor_missing")},
	"a cursor that goes back":  {"poll": crossed("cursor_went_back")},
	"too many requests":        {"poll": unopened("status_429")},
	"good answers":             {"poll": passed},

	"good messages":      {"socket": passed},
	"no WebSocket":       {"socket": unopened("status_404")},
	"a wrong accept":     {"socket": unopened("ws_accept")},
	"a masked frame":     {"socket": ended("ws_frame")},
	"a reserved bit":     {"socket": ended("ws_frame")},
	"a close frame":      {"socket": ended("ws_close_1011")},
	"no close frame":     {"socket": ended("ws_no_close")},
	"text that is none":  {"socket": ended("ws_utf8")},
	"a message too long": {"socket": ended("ws_too_long")},

	"the hook says 500":      {"publish": {1, `^FAILED: the publish hook failed 5 times in a row from the start`, "500"}},
	"the hook delivers none": {"publish": crossed("deliveries.lost == 0")},
	"the hook hangs":         {"publish": {1, `^FAILED: the publish hook`, "hook_timeout"}},
	"the hook is slow":       {"publish": {98, `^INCONCLUSIVE: load_not_offered`, "publish.concurrent"}},
	"one call in ten fails":  {"publish": {1, `^FAILED: the publish hook failed \d+ of \d+ calls`, "hook_status_500"}},
}

var passed = cell{0, `^PASSED: `, ""}

func crossed(token string) cell { return cell{99, `^FAILED: \d+ of \d+ thresholds crossed`, token} }
func ended(token string) cell {
	return cell{99, `^FAILED: all 20 streams ended at one moment, .* into phase \w+ \(` + token + ` 20\)`, "connections.closed_by_server == 0"}
}

func unopened(token string) cell {
	return cell{1, `^FAILED: no stream opened: \d+ attempts ended with ` + token, token}
}

// Whatever a server does wrong, the run says so: by its exit code, in the first line of its verdict, and with the token.
func TestMatrixOfMisbehaviour(t *testing.T) {
	long(t)
	for name, cells := range matrix {
		for mode, want := range cells {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				s := serveMisbehaving(t, ways[name], mode != "publish" && mode != "poll" && mode != "socket")
				code, text := runMisbehaving(t, s, mode)
				verdict := regexp.MustCompile(`(?m)^(PASSED|FAILED|INCONCLUSIVE|INTERRUPTED): .*$`).FindString(text)
				// On a machine as busy as one that runs tests the generator may doubt itself, but what went wrong is told all the same.
				if code == 98 && want.code != 98 && strings.Contains(text, "generator: generator-limited") && strings.Contains(text, want.token) {
					t.Logf("the generator was the limit on this machine: %s", verdict)
					return
				}
				if code != want.code || !regexp.MustCompile(want.verdict).MatchString(verdict) || !strings.Contains(text, want.token) {
					t.Errorf("exit code %d, want %d; %q, want %s and %q\n%s", code, want.code, verdict, want.verdict, want.token, text)
				}
				if strings.Contains(text, "start the server") && code != 1 {
					t.Errorf("somebody is blamed who is there:\n%s", text)
				}
			})
		}
	}
}

// runMisbehaving runs twenty streams for a few seconds and returns the exit code, and all that was said.
func runMisbehaving(t *testing.T, s *misbehaving, mode string) (code int, text string) {
	t.Helper()
	dir := t.TempDir()
	address := s.listener.Addr().String()
	target := ""
	if mode != "poll" && mode != "socket" {
		target = "target: {url: 'http://%[1]s/events', event_limit: 100KiB}\n"
	}
	scenario := fmt.Sprintf(target+"load: {connections: 20, open_within: 2s, phases: [{ramp: at_once}, {hold: 3s}]}\ndrain: 1s\n"+modes[mode], address)
	if mode == "observe" {
		scenario += "thresholds: [observed.latency.p50 < 10s]\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "m.yaml"), []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("ssebench")
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "run", "-q", "--out", dir, filepath.Join(dir, "m.yaml"))
	cmd.Stdout, cmd.Stderr = &said, &said
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), said.String()
}
