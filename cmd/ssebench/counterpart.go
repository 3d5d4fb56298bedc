package main

import (
	"strconv"
	"strings"
	"time"

	"ssebench/scenarios"
)

// counterpart gives the settings that have the bundled server asked as a target is: over the same transport and protocol, with TLS where the target has it, and as often. Its path is its own, and
// where its answers have events and cursor is too.
func counterpart(t *scenarios.Target, flag string) []scenarios.Setting {
	var settings []scenarios.Setting
	set := func(path, value string) {
		settings = append(settings, scenarios.Setting{Path: "target." + path, Value: value, Flag: flag})
	}
	if t.Transport != "" {
		set("transport", t.Transport)
	}
	if t.Protocol != "" {
		set("protocol", t.Protocol)
	}
	if t.TLS != nil || strings.HasPrefix(t.URL, "https:") {
		set("tls.insecure", "true") // its certificate signed itself
	}
	if w := t.WebSocket; w != nil && w.Compression {
		set("websocket.compression", "true")
	}
	p := t.Poll
	if p == nil {
		return settings
	}
	if p.Interval > 0 {
		set("poll.interval", time.Duration(p.Interval).String())
	}
	if p.Conditional {
		set("poll.conditional", "true")
	}
	if p.Reuse != nil {
		set("poll.reuse", strconv.FormatBool(*p.Reuse))
	}
	if p.Timeout > 0 {
		set("poll.timeout", time.Duration(p.Timeout).String())
	}
	return settings
}
