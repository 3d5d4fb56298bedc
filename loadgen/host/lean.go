package host

import (
	"os"
	"runtime/debug"
)

// StayLean keeps the collector from letting the heap grow to twice what is in use: hardly anything is allocated while events flow, so
// collecting early costs next to nothing. GOGC in the environment has precedence.
func StayLean() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(10)
	}
}
