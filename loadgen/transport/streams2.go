package transport

import (
	"net/http"
	"time"
)

// stream2 is a stream of an HTTP/2 connection. There are tens of thousands of them, each with nothing but this.
type stream2 struct {
	sink     sink2
	rest     []byte // of the request's body; not sent yet
	left     int64  // bytes of the announced body still to come
	id       uint32
	used     int32 // bytes of the receive window that we have not given back
	window   int32 // bytes that the server lets us send; it may fall below zero (RFC 9113 section 6.9.2)
	interim  uint8 // 1xx responses
	answered bool  // the final response's header came
	bare     bool  // the response has no body, whatever length it announces
	silent   bool
}

// unknownLength is stream2.left where no Content-Length says more.
const unknownLength = -1

// streamTable finds streams by id: a hash table with linear probing. Ids are handed out in sequence, so the id itself is a good hash,
// and a connection with one stream has a table of two slots.
type streamTable struct {
	slots []*stream2 // a power of two of them, never all in use
	count int
}

func (t *streamTable) mask() uint32 { return uint32(len(t.slots) - 1) }

// home is the slot that a stream has if it is free.
func (t *streamTable) home(id uint32) uint32 { return id >> 1 & t.mask() }

func (t *streamTable) find(id uint32) *stream2 {
	if t.count == 0 {
		return nil
	}
	for i := t.home(id); ; i = (i + 1) & t.mask() {
		if s := t.slots[i]; s == nil || s.id == id {
			return s
		}
	}
}

func (t *streamTable) add(s *stream2) {
	if t.count++; t.count*4 > len(t.slots)*3 {
		old := t.slots
		t.slots = make([]*stream2, max(2, 2*len(old)))
		for _, s := range old {
			if s != nil {
				t.put(s)
			}
		}
	}
	t.put(s)
}

func (t *streamTable) put(s *stream2) {
	i := t.home(s.id)
	for t.slots[i] != nil {
		i = (i + 1) & t.mask()
	}
	t.slots[i] = s
}

// remove takes out a stream, which must be there, and moves up those that had to stand behind it.
func (t *streamTable) remove(s *stream2) {
	hole := t.home(s.id)
	for t.slots[hole] != s {
		hole = (hole + 1) & t.mask()
	}
	t.count--
	for i := (hole + 1) & t.mask(); t.slots[i] != nil; i = (i + 1) & t.mask() {
		if at := t.slots[i]; (i-t.home(at.id))&t.mask() >= (i-hole)&t.mask() {
			t.slots[hole] = at
			hole = i
		}
	}
	t.slots[hole] = nil
}

// each calls do with every stream that was there at the beginning and still is when its turn comes.
func (t *streamTable) each(do func(s *stream2)) {
	ids := make([]uint32, 0, t.count)
	for _, s := range t.slots {
		if s != nil {
			ids = append(ids, s.id)
		}
	}
	for _, id := range ids {
		if s := t.find(id); s != nil {
			do(s)
		}
	}
}

// deaf is the sink of a silent stream.
type deaf struct{}

func (deaf) head(int, string, http.Header, time.Time) error { return nil }

func (deaf) body([]byte, time.Time) error { return nil }

func (deaf) finished(error) {}
