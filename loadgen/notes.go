package loadgen

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"ssebench/results"
)

// notes gathers what went wrong, by token: how often, and the first message. They become warnings. Safe for use by any goroutine; never
// on the path of a received event that is as it should be.
type notes struct {
	redact func(string) string // takes out what a message must not show; set before use

	mu    sync.Mutex
	items map[string]*note
}

type note struct {
	message string
	count   int64
}

func (n *notes) add(token, message string, count int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.items == nil {
		n.items = make(map[string]*note)
	}
	if n.items[token] == nil {
		n.items[token] = &note{message: Clip(n.redact(message))}
	}
	n.items[token].count += count
}

// most gives the commonest note.
func (n *notes) most() (token string, top note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for t, i := range n.items {
		if i.count > top.count || i.count == top.count && t < token {
			token, top = t, *i
		}
	}
	return token, top
}

// warnings gives all notes, by token.
func (n *notes) warnings() (w []results.Warning) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for token, i := range n.items {
		message := i.message
		if i.count > 1 {
			message = fmt.Sprintf("%d times, first: %s", i.count, i.message)
		}
		w = append(w, results.Warning{Token: token, Message: message})
	}
	slices.SortFunc(w, func(a, b results.Warning) int { return strings.Compare(a.Token, b.Token) })
	return w
}
