package transport

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// fewStreams is how many streams share a connection in the benchmarks.
const fewStreams = 250

// counting is a sink that counts bytes.
type counting struct{ bytes int }

func (c *counting) head(int, string, http.Header, time.Time) error { return nil }

func (c *counting) body(b []byte, _ time.Time) error { c.bytes += len(b); return nil }

func (c *counting) finished(error) {}

// dataFrames gives the answers to all streams, and some 256 KiB of DATA frames of 130 bytes on them.
func dataFrames() (heads, data []byte, frames int) {
	s := newServer2()
	for i := range fewStreams {
		s.ok(uint32(2*i + 1))
	}
	heads = s.taken()
	event := bytes.Repeat([]byte("x"), 130)
	for ; s.wire.Len() < 256<<10; frames++ {
		s.WriteData(uint32(2*(frames*97%fewStreams)+1), false, event)
	}
	return heads, s.taken(), frames
}

// BenchmarkConn2Data is what a DATA frame of 130 bytes costs beside its sink.
func BenchmarkConn2Data(b *testing.B) {
	heads, data, frames := dataFrames()
	c, _ := begun(0, 0)
	sink := new(counting)
	for range fewStreams {
		c.open(&outgoing{method: "GET", scheme: "http", authority: "a", path: "/"}, sink)
	}
	c.serve(heads)
	var out []byte
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += frames {
		if err := c.feed(data, someTime); err != nil {
			b.Fatal(err)
		}
		out = c.take(out[:0])
	}
	if sink.bytes < 130*b.N {
		b.Fatalf("%d bytes", sink.bytes)
	}
}

// BenchmarkConn2DataBesideNetHTTP is the same for the client of net/http, which is that of x/net, with a goroutine that reads for each stream.
func BenchmarkConn2DataBesideNetHTTP(b *testing.B) {
	heads, data, frames := dataFrames()
	client, server := net.Pipe()
	s := newServer2()
	go func() { // reads requests and window updates until the client is gone
		in := http2.NewFramer(nil, server)
		io.ReadFull(server, make([]byte, len(http2.ClientPreface)))
		for {
			if _, err := in.ReadFrame(); err != nil {
				return
			}
		}
	}()
	served := make(chan struct{})
	start := make(chan struct{})
	go func() {
		defer close(served)
		s.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: fewStreams})
		server.Write(s.taken())
		<-start
		server.Write(heads)
		<-start
		for n := 0; n < b.N; n += frames {
			server.Write(data)
		}
		for i := range fewStreams {
			s.WriteData(uint32(2*i+1), true, nil)
		}
		server.Write(s.taken())
	}()
	protocol := &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil },
		Protocols:   new(http.Protocols),
	}
	protocol.Protocols.SetUnencryptedHTTP2(true)
	cc, err := protocol.NewClientConn(b.Context(), "http", "a:80")
	if err != nil {
		b.Fatal(err)
	}
	for cc.Available() != fewStreams {
		time.Sleep(time.Millisecond)
	}
	answers := make(chan *http.Response, fewStreams)
	for range fewStreams {
		go func() {
			r, _ := http.NewRequest("GET", "http://a/", nil)
			answer, err := cc.RoundTrip(r)
			if err != nil {
				b.Error(err)
			}
			answers <- answer
		}()
	}
	for cc.InFlight() < fewStreams {
		time.Sleep(time.Millisecond)
	}
	start <- struct{}{}
	read := make(chan int64, fewStreams)
	bodies := make([]io.Reader, fewStreams)
	for i := range bodies {
		if answer := <-answers; answer != nil {
			bodies[i] = answer.Body
		} else {
			b.FailNow()
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	start <- struct{}{}
	for _, body := range bodies {
		go func() {
			n, _ := io.Copy(io.Discard, struct{ io.Reader }{body})
			read <- n
		}()
	}
	total := int64(0)
	for range bodies {
		total += <-read
	}
	b.StopTimer()
	<-served
	if total < int64(130*b.N) {
		b.Fatalf("%d bytes", total)
	}
	cc.Close()
	server.Close()
}

// A connection with one stream is small, since by default every subscriber has one of his own.
func TestConn2Memory(t *testing.T) {
	for name, k := range map[string]struct{ connections, streams, limit int }{
		"a stream each": {2000, 1, 1024},
		"many streams":  {20, 1000, 128},
	} {
		t.Run(name, func(t *testing.T) {
			kept := make([]*conn2, k.connections)
			codec := newCodec2(64 << 10)
			sink := new(counting)
			before := heap()
			for i := range kept {
				s := newServer2()
				c := newConn2(codec)
				s.WriteSettings()
				feed := func() {
					if err := c.feed(s.taken(), someTime); err != nil {
						t.Fatal(err)
					}
				}
				feed()
				for n := range k.streams {
					id := c.open(&outgoing{method: "GET", scheme: "http", authority: "a", path: "/"}, sink)
					s.head(id, false, ":status", "200", "content-type", "text/event-stream", "cache-control", "no-cache", "date", time.Unix(int64(n), 0).String())
					c.take(nil)
				}
				s.WriteData(1, false, make([]byte, 10000))
				feed()
				kept[i] = c
			}
			each := (heap() - before) / (k.connections * k.streams)
			if t.Logf("%d bytes", each); each > k.limit {
				t.Errorf("%d bytes a stream, want at most %d", each, k.limit)
			}
			runtime.KeepAlive(kept)
		})
	}
}

// heap is the memory in use, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
