package transport

import "testing"

// The account of who has a connection and who waits knows no sockets.
func TestBrowserAccount(t *testing.T) {
	var b browser[int]
	ask := func(s int, origin string, want int) {
		t.Helper()
		if from, ok := b.ask(s, origin); from != want || ok != (want != 0) {
			t.Errorf("stream %d got (%d, %t), want %d", s, from, ok, want)
		}
	}
	next := func(s, from int) {
		t.Helper()
		if gotS, gotFrom, ok := b.next(); gotS != s || gotFrom != from || ok != (s != 0) {
			t.Errorf("next is %d with the connection of %d, want %d and %d", gotS, gotFrom, s, from)
		}
	}
	for s := 1; s <= BrowserConnections; s++ {
		ask(s, "a", s)
	}
	ask(7, "a", 0)
	ask(8, "a", 0)
	ask(9, "b", 9) // another origin has connections of its own
	next(0, 0)
	b.rest(2)
	ask(2, "a", 0) // behind those who wait, and without its connection
	next(7, 2)
	next(0, 0)
	b.drop(5)
	next(8, 8)
	b.rest(3)
	next(2, 3)
	b.rest(7)
	ask(7, "a", 7) // nobody waits: it keeps its own
	b.rest(7)
	ask(10, "a", 7)
	ask(4, "b", 4) // a redirect elsewhere gives the place up
	ask(11, "a", 11)
	ask(12, "a", 0)
	ask(13, "b", 13)
	b.leave(12)
	b.drop(1)
	next(0, 0)
	if len(b.queue) != 0 {
		t.Errorf("in the queue: %v", b.queue)
	}
}
