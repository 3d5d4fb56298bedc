package transport

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
)

// inUse is the memory that the Go runtime holds in use, in bytes.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse + m.OtherSys)
}

// BenchmarkStreams opens 10,000 cleartext streams at once, lets them idle, and sends each of them 20 events; the plain way beside
// ours.
func BenchmarkStreams(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		tr, err := New(Config{})
		if err != nil {
			b.Fatal(err)
		}
		defer tr.Close()
		r := get(b, "http://127.0.0.1/", "Accept", "text/event-stream")
		n := 0
		measureStreams(b, func(host string, h loadgen.StreamHandler) io.Closer {
			q := *r
			u := *r.URL
			u.Host = host
			q.URL = &u
			n++
			return cutting{tr.Open(tr.Lanes()[n%len(tr.Lanes())], &q, time.Now(), h)}
		})
	})
	b.Run("plain", func(b *testing.B) {
		measureStreams(b, func(host string, h loadgen.StreamHandler) io.Closer { return baseline{host}.open(b, h) })
	})
}

type cutting struct{ loadgen.Stream }

func (c cutting) Close() error { c.Cut(loadgen.CutFIN); return nil }

func measureStreams(b *testing.B, open func(host string, h loadgen.StreamHandler) io.Closer) {
	const streams, rounds, event = 10_000, 20, "data: 0123456789012345678901234567890123456789\n\n"
	var connects, events time.Duration
	var idle, after, resident float64
	var opening, cpu time.Duration
	n := 0.0
	for b.Loop() {
		n++
		u, in := startPeer(b)
		host := strings.Trim(u, "htp:/")
		var h counter
		all := make([]io.Closer, streams)
		empty, rss := inUse(), residentSet(b)
		start, before := time.Now(), cpuTime(b)
		for i := range all {
			all[i] = open(host, &h)
		}
		await(b, &h.opened, streams)
		connects += time.Since(start)
		opening += cpuTime(b) - before
		idle += inUse() - empty
		start, before = time.Now(), cpuTime(b)
		for i := range rounds {
			fmt.Fprintln(in, event[len("data: "):len(event)-2])
			await(b, &h.bytes, int64(i+1)*streams*int64(len(event)))
		}
		events += time.Since(start)
		cpu += cpuTime(b) - before
		after += inUse() - empty
		resident += residentSet(b) - rss
		if n := h.ended.Load(); n > 0 {
			b.Errorf("%d streams ended", n)
		}
		for _, c := range all {
			c.Close()
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(streams*n/connects.Seconds(), "connects/s")
	b.ReportMetric(float64(opening.Nanoseconds())/1000/n/streams, "µs-CPU/connect")
	b.ReportMetric(streams*rounds*n/events.Seconds(), "events/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/1000/n/streams/rounds, "µs-CPU/event")
	b.ReportMetric(idle/1024/n/streams, "KiB/stream-idle")
	b.ReportMetric(after/1024/n/streams, "KiB/stream-after")
	b.ReportMetric(resident/1024/n/streams, "KiB-resident/stream")
}
