package host

import (
	"os"
	"runtime/debug"
)

// What a run keeps alive, in bytes: by itself, and for each stream. And what the collector may let gather on top: by default as much
// again, so that each stream would cost twice what it takes.
const (
	liveBase      = 3 << 20
	livePerStream = 450
	garbage       = 1 << 20
)

// collectorPercent is GOGC for a run of so many streams: the same garbage, however many there are. A run allocates next to nothing
// for an event, so collections stay rare.
func collectorPercent(streams int) int {
	return min(max(100*garbage/(liveBase+livePerStream*streams), 10), 400)
}

// TuneCollector sets the collector for streams that are open, unless GOGC is in the environment, and gives back what their opening took
// for a moment. While they open, and above all while TLS shakes hands, the collector is better left alone.
func TuneCollector(streams int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent(streams))
	}
	debug.FreeOSMemory()
}
