package sse_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"ssebench/loadgen/sse"
)

// sink counts what arrives; it is the cheapest handler that cannot be optimized away.
type sink struct {
	events, comments, retries, bytes int
}

func (s *sink) Event(ev *sse.Event) { s.events++; s.bytes += len(ev.Data) }
func (s *sink) Comment(text []byte) { s.comments++; s.bytes += len(text) }
func (s *sink) Retry(int64)         { s.retries++ }

// streams are the shapes that the figures are given for. Each is one event, or one comment.
var streams = []struct {
	name, event string
}{
	{"100B", "id: 1234567\nevent: price\ndata: " + strings.Repeat("x", 67) + "\n\n"},
	{"100B-data-only", "data: " + strings.Repeat("x", 92) + "\n\n"},
	{"100B-CRLF", "id: 1234567\r\nevent: price\r\ndata: " + strings.Repeat("x", 63) + "\r\n\r\n"},
	{"100B-CR", "id: 1234567\revent: price\rdata: " + strings.Repeat("x", 67) + "\r\r"},
	{"100B-4-lines", "id: 1234567\n" + strings.Repeat("data: 123456789012345\n", 4) + "\n"},
	{"10KB", "id: 1234567\nevent: price\ndata: " + strings.Repeat("x", 10<<10-34) + "\n\n"},
	{"10KB-lines", strings.Repeat("data: "+strings.Repeat("x", 73)+"\n", 128) + "\n"},
	{"comment", ": keep-alive\n\n"},
}

func BenchmarkFeed(b *testing.B) {
	for _, s := range streams {
		for _, chunk := range []int{64 << 10, 4 << 10, 0} {
			name := fmt.Sprintf("%s/%dKiB", s.name, chunk>>10)
			if chunk == 0 {
				chunk, name = len(s.event), s.name+"/event"
			}
			b.Run(name, func(b *testing.B) {
				stream := bytes.Repeat([]byte(s.event), max(1, 256<<10/len(s.event)))
				n := len(stream) / len(s.event)
				var p sse.Parser
				var h sink
				b.ReportAllocs()
				b.SetBytes(int64(len(s.event)))
				for done := 0; done < b.N; done += n {
					for rest := stream; len(rest) > 0; {
						piece := rest[:min(chunk, len(rest))]
						if err := p.Feed(piece, &h); err != nil {
							b.Fatal(err)
						}
						rest = rest[len(piece):]
					}
				}
				if h.events+h.comments == 0 {
					b.Fatal("nothing arrived")
				}
			})
		}
	}
}
