// Package bench measures the parser against those of other Go clients, in the same run and interleaved, since only ratios
// of such runs mean anything on a shared machine. It is a module of its own, so that the peers stay out of the main one.
package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	tmaxmax "github.com/tmaxmax/go-sse"

	"ssebench/loadgen/sse"
)

// A parser reads the whole stream and returns how many events and bytes of data it saw.
type parser struct {
	name string
	read func(io.Reader) (events, data int, err error)
}

type counter struct{ events, data int }

func (c *counter) Event(ev *sse.Event) { c.events++; c.data += len(ev.Data) }
func (c *counter) Comment([]byte)      {}
func (c *counter) Retry(int64)         {}

var parsers = []parser{
	{"ours", func(r io.Reader) (int, int, error) {
		var p sse.Parser
		var c counter
		for {
			n, err := r.Read(readBuffer)
			if err := p.Feed(readBuffer[:n], &c); err != nil {
				return c.events, c.data, err
			}
			if err == io.EOF {
				return c.events, c.data, nil
			}
		}
	}},
	{"go-sse", func(r io.Reader) (events, data int, err error) {
		for ev, err := range tmaxmax.Read(r, nil) {
			if err != nil {
				return events, data, err
			}
			events++
			data += len(ev.Data)
		}
		return events, data, nil
	}},
	// The only public way to r3labs's fields is its client, which hands each event from goroutine to goroutine.
	{"r3labs", func(r io.Reader) (events, data int, err error) {
		client := r3labs.NewClient("http://in.memory/")
		client.Connection = &http.Client{Transport: inMemory{r}}
		err = client.SubscribeRawWithContext(context.Background(), func(ev *r3labs.Event) {
			events++
			data += len(ev.Data)
		})
		return events, data, err
	}},
	// Its first half alone, which finds the blank lines and looks at no field: less than a parser does.
	{"r3labs-split", func(r io.Reader) (events, data int, err error) {
		reader := r3labs.NewEventStreamReader(r, 1<<16)
		for {
			block, err := reader.ReadEvent()
			if err == io.EOF {
				return events, data, nil
			}
			if err != nil {
				return events, data, err
			}
			events++
			data += len(block)
		}
	}},
}

// readBuffer is what an event loop would share between its connections.
var readBuffer = make([]byte, 32<<10)

type inMemory struct{ r io.Reader }

func (t inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(t.r), Request: r,
	}, nil
}

// BenchmarkRatio parses the same streams with every parser in turn. An op is one event of ours; for the peers it reports
// how many times as long they took: the median over the rounds of this run.
func BenchmarkRatio(b *testing.B) {
	for _, size := range []int{100, 10 << 10} {
		head := "id: 1234567\nevent: price\ndata: "
		event := head + strings.Repeat("x", size-len(head)-2) + "\n\n"
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			const perRound = 512 << 10
			n := perRound / size
			stream := bytes.Repeat([]byte(event), n)
			took := make([][]float64, len(parsers))
			for done := 0; done < b.N; done += n {
				for i, p := range parsers {
					start := time.Now()
					events, data, err := p.read(bytes.NewReader(stream))
					took[i] = append(took[i], float64(time.Since(start))/float64(n))
					if err != nil || events != n || data < n*(size-len(head)-2) {
						b.Fatalf("%s: %d events, %d bytes of data, %v", p.name, events, data, err)
					}
				}
			}
			ours := median(took[0])
			b.ReportMetric(0, "ns/op") // of all parsers together: no use
			for i, p := range parsers {
				b.ReportMetric(median(took[i]), p.name+"-ns/event")
				if i > 0 {
					ratios := make([]float64, len(took[i]))
					for round := range ratios {
						ratios[round] = took[i][round] / took[0][round]
					}
					b.ReportMetric(median(ratios), "x-"+p.name)
				}
			}
			b.ReportMetric(float64(size)/ours*1000, "MB/s")
		})
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
