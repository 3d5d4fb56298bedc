package host

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"time"
)

// Watch notices what spoils measurements behind our back. The recorder's goroutine calls it once a second.
type Watch struct {
	path   string                        // empty: the kernel's
	clocks func() (system, steady int64) // nil: the system's

	full   int64 // of the whole network namespace since its start
	known  bool
	offset int64 // of the system clock to the monotonic one, in ns
	called bool
}

// clockStep is the change of the system clock against the monotonic one that counts as a step. Both are slewed alike, so only a step
// tells them apart.
const clockStep = time.Millisecond

// Disturbances are what happened since the last call: times that a TCP receive buffer in our network namespace filled up, so that its
// window closed or data was dropped (only Linux tells), and whether the system clock was set. The first call gives none.
func (w *Watch) Disturbances() (buffersFull, clockSteps int64) {
	path := w.path
	if path == "" {
		path = "/proc/net/netstat"
	}
	if full, ok := readBuffersFull(path); ok {
		if w.known {
			buffersFull = max(full-w.full, 0)
		}
		w.full, w.known = full, true
	}
	clocks := readClocks
	if w.clocks != nil {
		clocks = w.clocks
	}
	system, steady := clocks()
	offset := system - steady
	if w.called && time.Duration(offset-w.offset).Abs() > clockStep {
		clockSteps = 1
	}
	w.offset, w.called = offset, true
	return buffersFull, clockSteps
}

// started is where our monotonic time begins.
var started = time.Now()

// readClocks gives the system clock and the monotonic one, read together, in ns.
func readClocks() (system, steady int64) {
	now := time.Now()
	return now.UnixNano(), int64(now.Sub(started))
}

// readBuffersFull adds up the counters of TcpExt that a full receive buffer moves. The file has a line of names before each line of
// values.
func readBuffersFull(path string) (sum int64, ok bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	var names [][]byte
	for line := range bytes.Lines(b) {
		fields := bytes.Fields(line)
		if len(fields) == 0 || string(fields[0]) != "TcpExt:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for _, name := range []string{"TCPToZeroWindowAdv", "TCPRcvQDrop"} {
			at := slices.IndexFunc(names, func(n []byte) bool { return string(n) == name })
			if at < 0 || at >= len(fields) {
				continue // an older kernel
			}
			n, err := strconv.ParseInt(string(fields[at]), 10, 64)
			if err != nil {
				return 0, false
			}
			sum, ok = sum+n, true
		}
		return sum, ok
	}
	return 0, false
}
