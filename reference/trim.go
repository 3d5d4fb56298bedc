package reference

import (
	"runtime/debug"
	"time"
)

// trimAfter is how many streams must have opened, and trimPause how long none
// may open, before memory goes back to the system: opening a stream takes
// twelve times the memory that it needs from then on.
const (
	trimAfter = 500
	trimPause = time.Second
)

// trim gives memory back once a burst of new streams is over.
func (s *Server) trim() {
	tick := time.NewTicker(trimPause)
	defer tick.Stop()
	var seen, trimmed uint64
	for {
		select {
		case <-tick.C:
		case <-s.ended:
			return
		}
		opened := s.streams.Load()
		if opened == seen && opened-trimmed >= trimAfter {
			debug.FreeOSMemory()
			trimmed = opened
		}
		seen = opened
	}
}
