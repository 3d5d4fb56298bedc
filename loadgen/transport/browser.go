package transport

import "slices"

// The limits of a browser for one origin.
const (
	BrowserConnections = 6   // over HTTP/1.1: Chromium, Firefox and Safari
	browserStreams     = 256 // on its one HTTP/2 connection, as far as the server's SETTINGS allow: Chromium
)

// browser is who has the connections of a browser over HTTP/1.1, and who waits for one. It knows no sockets: S is a stream of an engine,
// which has one connection at most. Whoever owns the streams calls it.
type browser[S comparable] struct {
	seats []seat[S]
	queue []asker[S] // first come first served, among those of the same origin
}

// seat is a connection, or one that is being dialed.
type seat[S comparable] struct {
	by     S // that uses it, or used it last
	origin string
	idle   bool // nobody uses it
}

// asker waits for a connection.
type asker[S comparable] struct {
	by     S
	origin string
}

// ask finds a connection to the origin for s: an idle one, whose last user is the answer, s itself too, or one that s may dial, for which the
// answer is s. If there is none to be had, or others wait for one, s waits behind them, and what it has itself is idle.
func (b *browser[S]) ask(s S, origin string) (from S, ok bool) {
	if own := b.seatOf(s); own != nil {
		if own.origin != origin {
			b.drop(s)
		} else {
			own.idle = true
		}
	}
	if !slices.ContainsFunc(b.queue, func(a asker[S]) bool { return a.origin == origin }) {
		if from, ok = b.take(s, origin); ok {
			return from, true
		}
	}
	b.queue = append(b.queue, asker[S]{s, origin})
	return from, false
}

// next takes the first out of the queue for whom there is a connection, which is told as ask tells it.
func (b *browser[S]) next() (s, from S, ok bool) {
	none := "" // the origin that has none
	for i, a := range b.queue {
		if a.origin == none {
			continue
		}
		if from, ok = b.take(a.by, a.origin); ok {
			b.unqueue(i)
			return a.by, from, true
		}
		none = a.origin
	}
	return s, from, false
}

// take seats s.
func (b *browser[S]) take(s S, origin string) (from S, ok bool) {
	if own := b.seatOf(s); own != nil && own.origin == origin && own.idle {
		own.idle = false
		return s, true
	}
	n := 0
	for i := range b.seats {
		k := &b.seats[i]
		if k.origin != origin {
			continue
		}
		if k.idle {
			from, k.by, k.idle = k.by, s, false
			return from, true
		}
		n++
	}
	if n == BrowserConnections {
		return from, false
	}
	b.seats = append(b.seats, seat[S]{by: s, origin: origin})
	return s, true
}

func (b *browser[S]) seatOf(s S) *seat[S] {
	for i := range b.seats {
		if b.seats[i].by == s {
			return &b.seats[i]
		}
	}
	return nil
}

// rest says that the stream's request is over, and its connection left.
func (b *browser[S]) rest(s S) {
	if k := b.seatOf(s); k != nil {
		k.idle = true
	}
}

// drop says that the stream has no connection any more.
func (b *browser[S]) drop(s S) {
	b.seats = slices.DeleteFunc(b.seats, func(k seat[S]) bool { return k.by == s })
}

// leave takes the stream out of the queue.
func (b *browser[S]) leave(s S) {
	if i := slices.IndexFunc(b.queue, func(a asker[S]) bool { return a.by == s }); i >= 0 {
		b.unqueue(i)
	}
}

// unqueue takes one out. Mostly it is the first.
func (b *browser[S]) unqueue(i int) {
	if i > 0 {
		b.queue = slices.Delete(b.queue, i, i+1)
		return
	}
	b.queue[0] = asker[S]{}
	if b.queue = b.queue[1:]; len(b.queue) == 0 {
		b.queue = nil
	}
}
