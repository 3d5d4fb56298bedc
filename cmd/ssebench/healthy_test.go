package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A healthy server passes, whatever carries its events, with heartbeats and without, and whatever its subscribers do by plan.
func TestHealthyServersPass(t *testing.T) {
	long(t)
	plain := map[string]string{
		"sse": "", "sse over h2c": "protocol: h2c", "sse over TLS": "protocol: http1.1, tls: {insecure: true}", "sse over HTTP/2": "protocol: http2, tls: {insecure: true}",
		"websocket": "transport: websocket", "poll": "transport: poll, poll: {interval: 500ms}", "long-poll": "transport: long-poll, poll: {timeout: 1s}",
	}
	loads := map[string]string{
		"hold":    "phases: [{ramp: at_once}, {hold: 2s}]",
		"churn":   "phases: [{ramp: 50/s}, {churn: {rate: 10/s, for: 2s}}]",
		"browser": "reconnect: chromium, phases: [{ramp: at_once}, {hold: 2s}]",
	}
	for name, target := range plain {
		for _, heartbeat := range []string{"", "heartbeat: 300ms"} {
			for load, phases := range loads {
				if load != "hold" && heartbeat == "" || heartbeat != "" && strings.Contains(name, "poll") {
					continue // each is tried once; a poll has no heartbeat
				}
				t.Run(strings.Join([]string{name, heartbeat, load}, ", "), func(t *testing.T) {
					t.Parallel()
					fields := strings.Trim(target+", "+heartbeat, ", ")
					text := fmt.Sprintf("reference: true\ntarget: {%s}\nload: {connections: 20, %s}\npublish: {rate: 10/s}\n", fields, phases)
					file := filepath.Join(t.TempDir(), "h.yaml")
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					program, err := exec.LookPath("ssebench")
					if err != nil {
						t.Fatal(err)
					}
					var said bytes.Buffer
					cmd := exec.Command(program, "run", "-q", "--out", filepath.Dir(file), file)
					cmd.Stdout, cmd.Stderr = &said, &said
					_ = cmd.Run()
					if code := cmd.ProcessState.ExitCode(); code == 98 && strings.Contains(said.String(), "generator: generator-limited") {
						t.Log("the generator was the limit on this machine")
					} else if code != 0 || !strings.Contains(said.String(), "PASSED: every threshold held") {
						t.Errorf("exit code %d\n%s", code, said.String())
					}
				})
			}
		}
	}
}
