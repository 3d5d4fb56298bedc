package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// window is what was used between two moments under load.
type window struct {
	Nanos        int64
	Events       int64 // received
	User, System int64 // CPU of the client, ns
	ServerCPU    int64 // user and system, ns
	Allocations  int64
	RSS          int64 // bytes, the most that a look within the window saw
	RSSAfterBig  int64 // the same after the big events
}

// CPU is the client's, in nanoseconds for each received event.
func (w *window) CPU() float64 { return float64(w.User+w.System) / float64(w.Events) }

// reading is what was used up to a moment.
type reading struct {
	at           time.Time
	events       int64
	user, system int64
	server       int64
	allocations  int64
	rss          int64
}

// meter makes a window of readings that somebody takes about once a second, always from one goroutine.
type meter struct {
	config *clientConfig
	begun  atomic.Int64 // when publishing began, Unix nanoseconds; zero: not yet
	on     atomic.Bool  // within the window: lags count

	from, to *reading
	profile  *os.File
	window   window
}

// begin says that the first event is published now; later calls change nothing.
func (m *meter) begin() { m.begun.CompareAndSwap(0, time.Now().UnixNano()) }

// look takes a reading; events is how many were received so far.
func (m *meter) look(events int64) error {
	r, err := m.read(events)
	if err != nil {
		return err
	}
	begun := m.begun.Load()
	if begun == 0 {
		return nil
	}
	age := r.at.Sub(time.Unix(0, begun))
	held := m.config.Warm + m.config.Hold
	switch {
	case age < m.config.Warm:
	case age <= held:
		if m.from == nil {
			m.from = r
			m.on.Store(true)
			if err := m.startProfile(); err != nil {
				return err
			}
		}
		m.to = r
		m.window.RSS = max(m.window.RSS, r.rss)
	default:
		m.on.Store(false)
		m.stopProfile()
		if m.config.Big > 0 && age > held+m.config.Settle {
			m.window.RSSAfterBig = max(m.window.RSSAfterBig, r.rss)
		}
	}
	return nil
}

// result gives the window.
func (m *meter) result() (window, error) {
	m.stopProfile()
	w := m.window
	if m.from == nil || m.to == m.from || m.to.events == m.from.events {
		return w, fmt.Errorf("%s: nothing was received within the window: a longer -hold", m.config.Kind)
	}
	w.Nanos = m.to.at.Sub(m.from.at).Nanoseconds()
	w.Events = m.to.events - m.from.events
	w.User, w.System = m.to.user-m.from.user, m.to.system-m.from.system
	w.ServerCPU = m.to.server - m.from.server
	w.Allocations = m.to.allocations - m.from.allocations
	return w, nil
}

func (m *meter) read(events int64) (*reading, error) {
	r := &reading{at: time.Now(), events: events}
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return nil, err
	}
	r.user, r.system = used.Utime.Nano(), used.Stime.Nano()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	r.allocations = int64(memory.Mallocs)
	var err error
	if r.server, err = processCPU(m.config.Server.PID); err != nil {
		return nil, err
	}
	r.rss, err = residentSet()
	return r, err
}

func (m *meter) startProfile() (err error) {
	if m.config.Profile == "" {
		return nil
	}
	if m.profile, err = os.Create(m.config.Profile); err != nil {
		return err
	}
	return pprof.StartCPUProfile(m.profile)
}

func (m *meter) stopProfile() {
	if m.profile != nil {
		pprof.StopCPUProfile()
		m.profile.Close()
		m.profile = nil
	}
}

// processCPU is the time that a process ran, in nanoseconds and to 10 ms (proc(5), /proc/PID/stat, fields 14 and 15 in ticks of
// a hundredth of a second).
func processCPU(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	line := string(b)
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	var user, system int64
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is too short: %q", pid, line)
	}
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return (user + system) * int64(10*time.Millisecond), nil
}

// residentSet is our own, in bytes.
func residentSet() (int64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0, err
	}
	return resident * int64(os.Getpagesize()), nil
}
