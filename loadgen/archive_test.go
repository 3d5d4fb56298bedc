package loadgen

import (
	"strconv"
	"sync"
)

// archive is what a server in memory that replays keeps: the frames of its one topic.
type archive struct {
	mu     sync.Mutex
	frames []string // of the sequences from 1 on
}

// serve lets the server replay what came after the last event ID, and forget none of it.
func (a *archive) serve(m *memory) {
	m.publish = func(ev *Event) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		for len(a.frames) < int(ev.Seq) {
			a.frames = append(a.frames, "")
		}
		a.frames[ev.Seq-1] = frame(ev)
		return nil
	}
	m.replay = func(s *memoryStream, lastEventID string) []string {
		if lastEventID == "" {
			return nil
		}
		return a.after(lastEventID)
	}
}

// after gives the frames behind a last event ID.
func (a *archive) after(lastEventID string) []string {
	seq, err := strconv.Atoi(lastEventID)
	if err != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.frames[min(seq, len(a.frames)):]...)
}
