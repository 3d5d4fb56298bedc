//go:build !race

// The race detector makes pools forget at random, so allocations are counted without it.

package sse_test

import (
	"fmt"
	"strings"
	"testing"

	"ssebench/loadgen/sse"
)

func TestFeedDoesNotAllocate(t *testing.T) {
	shapes := append(streams[:len(streams):len(streams)], struct{ name, event string }{
		"1MB-line", "id: 1\ndata: " + strings.Repeat("x", 1<<20) + "\n\n",
	}, struct{ name, event string }{
		"300KB-lines", "event: t\n" + strings.Repeat("data: 0123456789\n", 20_000) + "\n",
	}, struct{ name, event string }{
		"changing-ids", "id: 1\ndata: a\n\nid: 123456789012345\ndata: a\n\nid: 12\n\nid\ndata: a\n\nretry: 5\n",
	})
	for _, s := range shapes {
		for _, n := range []int{1, 2, 7, 100, 1000, 4096, 64 << 10} {
			if len(s.event)/n > 10_000 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", s.name, n), func(t *testing.T) {
				var p sse.Parser
				var h sink
				var pieces [][]byte
				for _, piece := range chunks(strings.Repeat(s.event, 1+n/len(s.event)), n) {
					pieces = append(pieces, []byte(piece))
				}
				feed := func() {
					for _, b := range pieces {
						if err := p.Feed(b, &h); err != nil {
							t.Fatal(err)
						}
					}
				}
				feed()
				if allocs := testing.AllocsPerRun(20, feed); allocs != 0 {
					t.Errorf("%v allocations", allocs)
				}
				if h.events+h.comments == 0 {
					t.Error("nothing arrived")
				}
			})
		}
	}
}
