package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ssebench/loadgen"
)

// peerProcess is set in the environment of a test binary that is to be a server: each process has its own limit on open files.
const peerProcess = "SSEBENCH_TEST_PEER"

// servePeer holds streams open until its standard input ends. A line there is an event for all of them.
func servePeer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	accepted := make(chan net.Conn, 1024)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				b := make([]byte, 1024)
				for n := 0; !bytes.HasSuffix(b[:n], []byte("\r\n\r\n")); {
					m, err := c.Read(b[n:])
					if n += m; err != nil {
						return
					}
				}
				io.WriteString(c, okHead+"Transfer-Encoding: chunked\r\n\r\n")
				accepted <- c
			}()
		}
	}()
	lines := make(chan string)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- in.Text()
		}
		close(lines)
	}()
	var open []net.Conn
	for {
		select {
		case c := <-accepted:
			open = append(open, c)
		case line, ok := <-lines:
			if !ok {
				return
			}
			event := []byte("data: " + line + "\n\n")
			event = fmt.Appendf(nil, "%x\r\n%s\r\n", len(event), event)
			for _, c := range open {
				c.Write(event)
			}
		}
	}
}

// startPeer starts the server and gives its URL and its standard input.
func startPeer(tb testing.TB) (url string, events io.Writer) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), peerProcess+"=1")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return "http://" + address[:len(address)-1] + "/", in
}

// counter is a handler for thousands of streams.
type counter struct{ opened, bytes, ended atomic.Int64 }

func (c *counter) Opened(loadgen.Opening) error { c.opened.Add(1); return nil }

func (c *counter) Bytes(b []byte, _ time.Time) error { c.bytes.Add(int64(len(b))); return nil }

func (c *counter) Ended(loadgen.Ending) time.Time { c.ended.Add(1); return time.Time{} }

// await polls a counter that something else moves.
func await(tb testing.TB, c *atomic.Int64, want int64) {
	tb.Helper()
	for start := time.Now(); c.Load() < want; time.Sleep(time.Millisecond) {
		if time.Since(start) > time.Minute {
			tb.Fatalf("%d of %d", c.Load(), want)
		}
	}
}

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
	var cpu time.Duration
	n := 0.0
	for b.Loop() {
		n++
		u, in := startPeer(b)
		host := strings.Trim(u, "htp:/")
		var h counter
		all := make([]io.Closer, streams)
		empty, rss := inUse(), residentSet(b)
		start := time.Now()
		for i := range all {
			all[i] = open(host, &h)
		}
		await(b, &h.opened, streams)
		connects += time.Since(start)
		idle += inUse() - empty
		before := cpuTime(b)
		start = time.Now()
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
	b.ReportMetric(streams*rounds*n/events.Seconds(), "events/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/1000/n/streams/rounds, "µs-CPU/event")
	b.ReportMetric(idle/1024/n/streams, "KiB/stream-idle")
	b.ReportMetric(after/1024/n/streams, "KiB/stream-after")
	b.ReportMetric(resident/1024/n/streams, "KiB-resident/stream")
}
