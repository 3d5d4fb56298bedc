package host

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// Pressure measures how much of the time runnable work of the whole machine waited for a CPU (PSI). The recorder's goroutine
// calls it once a second.
type Pressure struct {
	path  string // empty: the kernel's
	total int64  // µs
	at    time.Time
}

// Share is the share of time since the last call, from 0 to 1. It says false on the first call, and where the system does not
// tell (PSI is switched off, or it is not Linux).
func (p *Pressure) Share() (share float64, ok bool) {
	path := p.path
	if path == "" {
		path = "/proc/pressure/cpu"
	}
	total, ok := readPressure(path)
	if !ok {
		p.at = time.Time{}
		return 0, false
	}
	now := time.Now()
	before, at := p.total, p.at
	p.total, p.at = total, now
	if at.IsZero() || !now.After(at) {
		return 0, false
	}
	// The kernel folds its per-CPU times in at intervals of its own: a share can come out a little over 1.
	return min(1, max(0, float64(total-before)/float64(now.Sub(at).Microseconds()))), true
}

// readPressure gives the total of the line "some avg10=… avg60=… avg300=… total=µs".
func readPressure(path string) (total int64, ok bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(b) {
		if !bytes.HasPrefix(line, []byte("some ")) {
			continue
		}
		_, digits, found := bytes.Cut(line, []byte("total="))
		if !found {
			return 0, false
		}
		total, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 10, 64)
		return total, err == nil
	}
	return 0, false
}
