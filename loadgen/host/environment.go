package host

import (
	"runtime"
	"syscall"

	"ssebench/results"
)

// Environment tells what a run's figures depend on. What the system does not tell is left out.
func Environment(version string) results.Environment {
	e := results.Environment{
		Version:   version,
		GoVersion: runtime.Version(),
		OS:        runtime.GOOS + "/" + runtime.GOARCH,
		Cores:     runtime.NumCPU(), // that this process may use
	}
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		e.OpenFiles = clampInt64(l.Cur)
	}
	describe(&e)
	return e
}
