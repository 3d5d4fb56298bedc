package reference

import (
	"strconv"
	"sync"
	"sync/atomic"
)

// event is one published event: encoded once, framed once as an HTTP/1.1
// chunk, and shared by all subscribers and by the replay ring. Nobody changes
// it after encode. Whoever keeps it holds a reference; with the last one its
// memory goes back to the pool.
type event struct {
	seq   uint64 // the server's own order over all topics
	buf   []byte // room, hex length, CRLF, the event stream's bytes, CRLF
	head  int    // where the chunk starts in buf
	idEnd int    // in the stream's bytes: end of the id line, which comes first
	data  int    // in the stream's bytes: start of the first data line
	refs  atomic.Int32
	home  *eventPool

	frames *[formCount][]byte // of the forms that somebody wants; nil: none
}

// chunkRoom is what the longest head of a chunk takes: eight hex digits, CRLF.
const chunkRoom = 10

// encode fills ev from e. Its id is e.ID, or seq in decimal where that is "".
func (ev *event) encode(seq uint64, e *Event) error {
	var room [chunkRoom]byte
	buf := append(ev.buf[:0], room[:]...)
	idLen := len(e.ID)
	if e.ID == "" {
		buf = append(buf, "id: "...)
		buf = strconv.AppendUint(buf, seq, 10)
		idLen = len(buf) - chunkRoom - len("id: ")
		buf = append(buf, '\n')
	}
	buf, err := AppendEvent(buf, e)
	ev.buf = buf
	if err != nil {
		return err
	}
	ev.seq = seq
	ev.idEnd = len("id: \n") + idLen
	ev.data = ev.idEnd
	if e.Type != "" {
		ev.data += len("event: \n") + len(e.Type)
	}
	ev.buf = append(buf, "\r\n"...)
	ev.head = putChunkHead(ev.buf, len(buf)-chunkRoom)
	return nil
}

// notice makes an event without id, outside of any topic, of bytes that are in
// event stream format already.
func notice(b []byte) *event {
	ev := &event{}
	var room [chunkRoom]byte
	ev.buf = append(append(append(ev.buf, room[:]...), b...), "\r\n"...)
	ev.head = putChunkHead(ev.buf, len(b))
	ev.refs.Store(1)
	return ev
}

// putChunkHead writes the head of a chunk of n bytes at the end of the room at
// the front of buf, and returns where it starts.
func putChunkHead(buf []byte, n int) int {
	buf[chunkRoom-2], buf[chunkRoom-1] = '\r', '\n'
	at := chunkRoom - 2
	for {
		at--
		buf[at] = "0123456789abcdef"[n&15]
		if n >>= 4; n == 0 {
			return at
		}
	}
}

// stream returns the event as event stream bytes.
func (ev *event) stream() []byte { return ev.buf[chunkRoom : len(ev.buf)-2] }

// chunk returns the event as a chunk of HTTP/1.1 (RFC 9112, 7.1).
func (ev *event) chunk() []byte { return ev.buf[ev.head:] }

// id returns the id on the wire.
func (ev *event) id() []byte { return ev.stream()[len("id: ") : ev.idEnd-1] }

func (ev *event) hold(n int) { ev.refs.Add(int32(n)) }

func (ev *event) release() {
	if ev.refs.Add(-1) == 0 && ev.home != nil {
		ev.home.put(ev)
	}
}

// eventPool keeps events for reuse, so that a steady stream of them allocates
// nothing. Unlike sync.Pool it forgets nothing at a collection.
type eventPool struct {
	mu   sync.Mutex
	free []*event
}

// poolEvents and poolBytes bound what the pool holds on to.
const (
	poolEvents = 256
	poolBytes  = 16 << 10
)

// get returns an event with one reference.
func (p *eventPool) get() *event {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ev *event
	if n := len(p.free); n > 0 {
		ev = p.free[n-1]
		p.free = p.free[:n-1]
	} else {
		ev = &event{home: p}
	}
	ev.refs.Store(1)
	return ev
}

func (p *eventPool) put(ev *event) {
	if cap(ev.buf) > poolBytes {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < poolEvents {
		p.free = append(p.free, ev)
	}
}
