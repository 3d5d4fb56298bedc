package reference

import "strconv"

// event is one published event: encoded once, framed once as an HTTP/1.1
// chunk, and shared by all subscribers and by the replay ring. Nobody changes
// it after encode.
type event struct {
	seq   uint64 // the server's own order over all topics
	buf   []byte // room, hex length, CRLF, the event stream's bytes, CRLF
	head  int    // where the chunk starts in buf
	idEnd int    // in the stream's bytes: end of the id line, which comes first
	data  int    // in the stream's bytes: start of the first data line
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

// id returns the id on the wire.
func (ev *event) id() []byte { return ev.stream()[len("id: ") : ev.idEnd-1] }
