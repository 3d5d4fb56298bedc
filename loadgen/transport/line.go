package transport

import (
	"slices"
	"sync"
)

// lines are those of the tabs that wait for a place on the HTTP/2 connection of their browser, by destination. Whoever is first is woken
// when something may have changed. Its lock is held for nothing else: net/http tells of changes with locks of its own held.
type lines struct {
	mu sync.Mutex
	of map[string][]turn
}

// turn is a place in a line. A value comes when it is worth looking again; nil: none is needed.
type turn chan struct{}

// join gives the last place.
func (l *lines) join(key string) turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := make(turn, 1)
	if l.of == nil {
		l.of = make(map[string][]turn)
	}
	l.of[key] = append(l.of[key], w)
	return w
}

func (l *lines) first(key string, w turn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[key][0] == w
}

// leave gives a place up, and wakes who is first then.
func (l *lines) leave(key string, w turn) {
	l.mu.Lock()
	line := l.of[key]
	i := slices.Index(line, w)
	if l.of[key] = slices.Delete(line, i, i+1); len(line) == 1 {
		delete(l.of, key)
	}
	l.mu.Unlock()
	l.poke(key)
}

// poke wakes who is first.
func (l *lines) poke(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line := l.of[key]; len(line) > 0 {
		select {
		case line[0] <- struct{}{}:
		default: // woken already
		}
	}
}
