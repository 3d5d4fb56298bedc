//go:build !race

// The race detector makes pools forget at random, so allocations are counted without it.

package loadgen

import (
	"strings"
	"testing"

	"ssebench/loadgen/sse"
)

// On the path of an event that is as usual nothing is accounted for, and nothing allocated.
func TestSmallBuffersAreFree(t *testing.T) {
	f := openField(t, 1)
	f.run.buffers = &Buffers{Limit: 1}
	s := f.run.subscriptions[0]
	event, at := []byte("data: "+strings.Repeat("x", 3000)+"\n\n"), f.run.timeline.at(3)
	if n := testing.AllocsPerRun(1000, func() {
		for _, piece := range [][]byte{event[:10], event[10:2000], event[2000:]} {
			if err := s.client.Bytes(piece, at); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var p sse.Parser
	if p.Buffered() != 0 {
		t.Error("an idle parser holds something")
	}
}
