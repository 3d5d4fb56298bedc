package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine is what figures depend on beside the code.
type machine struct {
	Started    string // RFC 3339
	CPU        string
	CPUs       int
	Kernel     string
	Go         string
	LoadBefore string // load average over a minute, five and fifteen
	LoadAfter  string
	Peers      map[string]string // module versions
}

func machineNow() *machine {
	m := &machine{Started: time.Now().UTC().Format(time.RFC3339), CPUs: runtime.NumCPU(), Go: runtime.Version(), LoadBefore: loadAverage(), Peers: make(map[string]string)}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		m.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			switch d.Path {
			case "github.com/tmaxmax/go-sse", "github.com/r3labs/sse/v2", "golang.org/x/net":
				m.Peers[d.Path] = d.Version
			}
		}
	}
	return m
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
