package transport

import (
	"fmt"
	"os"
	"testing"
	"time"

	"ssebench/loadgen"
)

// Twenty rounds of 5,000 streams, ended in each way, leave no descriptor behind; that no goroutine is left is TestMain's affair.
func TestRoundsLeaveNoDescriptorBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	const rounds, streams = 20, 5000
	before := openDescriptors(t)
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			u, _ := startPeer(t)
			tr, err := New(Config{})
			if err != nil {
				t.Fatal(err)
			}
			var h counter
			request := get(t, u)
			lanes := tr.Lanes()
			all := make([]loadgen.Stream, streams)
			for i := range all {
				all[i] = tr.Open(lanes[i%len(lanes)], request, time.Time{}, &h)
			}
			await(t, &h.opened, streams)
			for i, s := range all[:streams/2] {
				s.Cut(loadgen.Cut(i % 3))
			}
			if err := tr.Close(); err != nil {
				t.Fatal(err)
			}
			if n := h.ended.Load(); n != streams {
				t.Errorf("%d of %d ended", n, streams)
			}
		})
	}
	if after := openDescriptors(t); after > before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
