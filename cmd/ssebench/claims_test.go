package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ssebench/results"
)

// claimsTables is the file to which make claims writes; empty in make test, where all claims are measured at once.
var claimsTables = os.Getenv("SSEBENCH_CLAIMS")

// claim is what introductions to Server-Sent Events say, and a scenario that measures it.
type claim struct {
	says, scenario string
	want           string // its verdict, where no load of the machine can change it
	// judge gives what was measured, and whether the claim holds. The documents are by variant; "" where there are none.
	judge func(d map[string]*results.Document) (measured, verdict string)
}

const (
	holds     = "holds"
	holdsNot  = "does not hold"
	overTLS   = "holds over TLS alone"
	claimsDir = "results/published/claims"
)

var claims = []claim{
	{"Over HTTP/1.1 a browser has six connections to a host", "six-connections", holds, func(d map[string]*results.Document) (string, string) {
		return fmt.Sprintf("%.0f of 8 streams were open, %.0f waited to the end", *d[""].Metrics["connections.peak"].Max, value(d[""], "connections.starved")), thresholdsHold(d[""])
	}},
	{"Over HTTP/2 the limit is 100 streams", "hundred-streams", holdsNot, func(d map[string]*results.Document) (string, string) {
		peak := *d[""].Metrics["connections.peak"].Max
		return fmt.Sprintf("%.0f of 300 streams were open: the limit is the server's, and Chromium's of 256", peak), verdictIf(peak == 100)
	}},
	{"A client comes back after 3 s where the server says nothing", "three-seconds", "", func(d map[string]*results.Document) (string, string) {
		return "Chromium's profile was back after " + shownPercentile(d[""], "reconnect.downtime", "p50") + " (p50); Firefox waits 5 s", thresholdsHold(d[""])
	}},
	{"`retry:` sets that time", "retry", "", func(d map[string]*results.Document) (string, string) {
		return "`retry: 700`: back after " + shownPercentile(d[""], "reconnect.downtime", "p50") + " (p50)", thresholdsHold(d[""])
	}},
	{"Nothing is seen without a flush after each event", "flush", "", func(d map[string]*results.Document) (string, string) {
		flushed, gathered := p50(d["flushed"]), p50(d["gathered"])
		return fmt.Sprintf("an event is %s late with a flush, %s where 4 KiB are gathered; %.0f deliveries never left the buffer", flushed.shown, gathered.shown,
			value(d["gathered"], "deliveries.lost")), verdictIf(gathered.value > 50*flushed.value && value(d["flushed"], "deliveries.lost") == 0)
	}},
	{"An event that nobody listens to is downloaded all the same", "unlistened", holds, func(d map[string]*results.Document) (string, string) {
		return fmt.Sprintf("%.0f of %.0f bytes of data were of a type without a listener, and all were received", value(d[""], "payload.unused"),
			value(d[""], "payload.received")), thresholdsHold(d[""])
	}},
	{"Most polls bring nothing", "polling-waste", holds, func(d map[string]*results.Document) (string, string) {
		return fmt.Sprintf("news every 5 s, polls every second: %.0f of %.0f requests were empty", value(d[""], "requests.empty"), value(d[""], "requests.count")),
			thresholdsHold(d[""])
	}},
	{"Long polling pays a request for each event", "long-poll", holds, func(d map[string]*results.Document) (string, string) {
		sse, long := results.CostOf(d["sse"]), results.CostOf(d["long-poll"])
		return fmt.Sprintf("%.1f requests/s for %.1f events/s; a delivery costs %.0f B against SSE's %.0f B, and is %s late (p50) against %s", long.Busy.Requests, long.Busy.Events,
				eachDelivery(&long), eachDelivery(&sse), p50(d["long-poll"]).shown, p50(d["sse"]).shown),
			verdictIf(eachDelivery(&long) > 2*eachDelivery(&sse) && long.Busy.Requests >= long.Busy.Events*0.9)
	}},
	{"SSE is lighter than WebSocket", "websocket", holdsNot, func(d map[string]*results.Document) (string, string) {
		sse, socket := results.CostOf(d["sse"]), results.CostOf(d["websocket"])
		return fmt.Sprintf("a delivery of 100 B costs %.0f B, with its id, against WebSocket's %.0f B, without; a heartbeat %.0f B against %.0f B (ping and pong)", eachDelivery(&sse), eachDelivery(&socket),
			sse.Idle.Bytes, socket.Idle.Bytes), verdictIf(eachDelivery(&sse) < eachDelivery(&socket))
	}},
	{"Keep-alive saves most of what a poll costs", "keep-alive", overTLS, func(d map[string]*results.Document) (string, string) {
		empty := func(name string) float64 {
			c := results.CostOf(d[name])
			return c.Idle.Bytes / c.Idle.Requests
		}
		kept, one, keptTLS, oneTLS := empty("kept"), empty("one each"), empty("kept over TLS"), empty("one each over TLS")
		verdict := verdictIf(kept < one/2 && keptTLS < oneTLS/2)
		if kept > one/2 && keptTLS < oneTLS/2 {
			verdict = overTLS
		}
		return fmt.Sprintf("an empty poll costs %.0f B over a kept connection and %.0f B over its own; %.0f and %.0f B over TLS", kept, one, keptTLS, oneTLS), verdict
	}},
}

// Each claim is measured, and the figures are such that a verdict can be given; what the verdict is stands in the table that make claims writes.
func TestClaims(t *testing.T) {
	if claimsTables == "" {
		t.Parallel()
	}
	rows := make([]string, len(claims))
	var all sync.WaitGroup
	for i, c := range claims {
		measure := func() { rows[i] = c.row(t) }
		if claimsTables != "" {
			measure() // one after the other
		} else {
			all.Go(measure)
		}
	}
	all.Wait()
	for _, row := range rows {
		t.Log(row)
	}
	if claimsTables == "" {
		return
	}
	table := "<!-- written by make claims -->\n| what is said | measured | verdict | command |\n|---|---|---|---|\n" + strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(claimsTables, []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
}

// row measures the claim.
func (c claim) row(t *testing.T) string {
	dir, file := t.TempDir(), claimsDir+"/"+c.scenario+".yaml"
	cmd := command(t, "ssebench", "run", "-q", file, "--out", dir)
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	paths, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	documents := map[string]*results.Document{}
	for _, path := range paths {
		d, err := results.Load(path)
		if err != nil {
			t.Error(err)
			return ""
		}
		if documents[d.Run.Variant] = d; d.Run.Failure != "" {
			t.Errorf("%s: %s", file, d.Run.Failure)
			return ""
		}
	}
	if len(documents) == 0 {
		t.Errorf("%s: %v: %s", file, err, out)
		return ""
	}
	measured, verdict := c.judge(documents)
	if c.want != "" && verdict != c.want {
		t.Errorf("%s: %s: %s, want %s", file, measured, verdict, c.want)
	}
	return fmt.Sprintf("| %s | %s | %s | `ssebench run %s` |", c.says, measured, verdict, file)
}

func verdictIf(ok bool) string {
	if ok {
		return holds
	}
	return holdsNot
}

func thresholdsHold(d *results.Document) string {
	for _, t := range d.Thresholds {
		if !t.Pass {
			return holdsNot + ": " + t.Expression
		}
	}
	return verdictIf(len(d.Thresholds) > 0)
}

// shownValue is a figure as it is written; what is lost is later than everything.
type shownValue struct {
	value float64
	shown string
}

func p50(d *results.Document) shownValue {
	p := d.Metrics["fanout.latency"].Histogram.Percentile("p50")
	if p == nil {
		return shownValue{math.Inf(1), "lost"}
	}
	return shownValue{*p, results.Format(*p, results.UnitNanoseconds)}
}

func shownPercentile(d *results.Document, metric, field string) string {
	if h := d.Metrics[metric].Histogram; h != nil && h.Percentile(field) != nil {
		return results.Format(*h.Percentile(field), results.UnitNanoseconds)
	}
	return "-"
}

func eachDelivery(c *results.Cost) float64 {
	bytes, _ := c.DeliveryBytes()
	return bytes
}
